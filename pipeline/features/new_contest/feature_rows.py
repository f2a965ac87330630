"""A sample with a row for each answer of an image, as contests of facial keypoints have."""

from dataclasses import dataclass, replace

from pipeline.features.new_contest.table_columns import known_values
from pipeline.features.new_contest.table_roles import Roles, TableFacts


@dataclass(frozen=True)
class FeatureRows:
    """The file, its column of the images' ids, and the answers that it asks for."""

    name: str
    id: str
    answers: tuple[str, ...]


def find_feature_rows(roles: Roles) -> FeatureRows | None:
    """The sample whose rows are answers: one column holds names of columns of the train table."""
    if roles.train is None:
        return None
    labels = list(map(str, roles.train.frame.columns))
    for facts in (*([roles.sample] if roles.sample else []), *roles.samples):
        for column in facts.frame.columns:
            values = set(known_values(facts.frame[column]))
            if len(values) > 1 and values <= set(labels):
                answers = tuple(label for label in labels if label in values)
                return FeatureRows(facts.name, _id_column(facts, column), answers)
    return None


def without_sample(roles: Roles) -> Roles:
    """The roles as they are for everything but the answer file."""
    return replace(roles, sample=None, samples=())


def _id_column(facts: TableFacts, feature: str) -> str:
    """The column of the images: it meets them, or it repeats as they do."""
    if facts.path is not None:
        return facts.path
    others = [str(column) for column in facts.frame.columns if column != feature]
    repeated = [column for column in others if facts.frame[column].duplicated().any()]
    return (repeated or others)[0]
