"""A sample with a row for each answer of an image, as contests of facial keypoints have."""

from dataclasses import replace

from pipeline.features.new_contest.table_columns import known_values
from pipeline.features.new_contest.table_roles import Roles


def leave_out_feature_rows(roles: Roles) -> tuple[Roles, list[str]]:
    """The roles without such a sample, and a sentence with the remedy; else the roles as they are.

    One column of such a sample holds the names of label columns of the train table.
    """
    if roles.sample is None or roles.train is None:
        return roles, []
    labels = set(roles.train.frame.columns)
    for column in roles.sample.frame.columns:
        values = set(known_values(roles.sample.frame[column]))
        if len(values) > 1 and values <= labels:
            said = (
                f"{roles.sample.name} asks for a row for each answer ({column}: "
                f"{', '.join(sorted(values)[:3])}); a row for each image is written, and "
                "pandas.read_csv(FILE).melt(...) turns it into rows"
            )
            return replace(roles, sample=None), [said]
    return roles, []
