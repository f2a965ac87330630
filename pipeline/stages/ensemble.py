"""ensemble: the named members' predictions become the contest's answer file and its record."""

from pipeline.evaluation.decisions import decide_space, say_score
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.blend import answer_spaces, blend_spaces
from pipeline.experiment.cells import used_members
from pipeline.experiment.fingerprints import ensemble_key
from pipeline.experiment.images_table import read_test
from pipeline.experiment.predictions import read_predictions
from pipeline.experiment.work import Work
from pipeline.leaderboard.submission import (
    answer_column,
    check_answering,
    score_labelled,
    write_submission,
)


def check(work: Work) -> None:
    """Raises ValueError when the contest's sample file lacks the columns that are to be written."""
    check_answering(work)


def run(work: Work) -> None:
    settings = work.settings
    spaces, test = answer_spaces(settings), read_test(work.runs)
    tables = {name: read_predictions(work.runs, name, "oof") for name in used_members(settings)}
    evaluation = EvaluationSet.of_tables(work, tables)
    part, ids = ("test", test["image_id"]) if len(test) else ("oof", evaluation.images["image_id"])
    given = {"part": "oof", "settings": settings}
    oof = blend_spaces(tables, image_ids=evaluation.images["image_id"], **given)
    joints = oof
    if part == "test":
        tables = {
            name: read_predictions(work.runs, name, "test") for name in used_members(settings)
        }
        joints = blend_spaces(tables, image_ids=ids, part="test", settings=settings)
    parts, columns, said = [], [], []
    for space in spaces:
        decision = decide_space(work, evaluation, space, oof[space.name])
        joint, record = joints[space.name], {"answer": space.name, **decision.record}
        said += decision.said
        decided = decision.oof_answers
        if part == "test":
            decided = space.decide(joint, threshold=decision.threshold)
            seen = space.scored(joint, threshold=decision.threshold)
            scored = score_labelled(work, space, seen, test=test)
            record |= scored
            said += [say_score("test", score) for score in scored.values()]
        parts.append(record)
        columns.append(answer_column(work, space, joint, decided))
    given = {"image_ids": ids, "parts": parts, "test": test, "recipe": ensemble_key(work.settings)}
    written = write_submission(work, work.runs.submission, columns, **given)
    print(
        f"ensemble: {settings.ensemble.method} of {', '.join(used_members(settings))}, views "
        f"{', '.join(settings.tta)}: {said[0]}"
    )
    print("\n".join(f"ensemble: {line}" for line in [*said[1:], *written]))
