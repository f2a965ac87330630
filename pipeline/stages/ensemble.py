"""ensemble: the named members' predictions become the contest's answer file and its record."""

from pipeline.evaluation.answer_rows import judge_answers
from pipeline.evaluation.decisions import decide_space
from pipeline.experiment.blend import answer_spaces, blend_spaces
from pipeline.experiment.cells import used_members
from pipeline.experiment.fingerprints import ensemble_key
from pipeline.experiment.images_table import read_test
from pipeline.experiment.predictions import read_predictions
from pipeline.experiment.settings_guard import record_asked
from pipeline.experiment.tasks import check_metrics
from pipeline.experiment.work import Work
from pipeline.leaderboard.oof_file import DecidedAnswer
from pipeline.leaderboard.submission import check_answering, write_submission


def check(work: Work) -> None:
    """Raises ValueError when the contest's sample file asks for another file than is written."""
    check_metrics(work.settings)
    check_answering(work.settings, work.runs)


def run(work: Work) -> None:
    """Blends the members, decides, and writes the submission with all that lies beside it."""
    settings = work.settings
    members = used_members(settings)
    test = read_test(work.runs)
    tables = {name: read_predictions(work.runs, name, "oof") for name in members}
    judged = judge_answers(settings, work.runs, tables)
    evaluation = judged.evaluation
    oof = blend_spaces(
        judged.tables, image_ids=evaluation.images["image_id"], part="oof", settings=settings
    )
    answered = oof  # without test images the OOF answers are what is handed in
    if len(test):
        tables = {name: read_predictions(work.runs, name, "test") for name in members}
        tables, test = judged.of_new(tables, test)
        answered = blend_spaces(tables, image_ids=test["image_id"], part="test", settings=settings)

    answers, notes = [], judged.notes
    for space in answer_spaces(settings):
        decision = decide_space(
            evaluation, space, oof[space.name], wanted=work.settings.ensemble.threshold
        )
        decided = decision.oof_answers
        if len(test):
            decided = space.decide(answered[space.name], threshold=decision.threshold)
        answers.append(
            DecidedAnswer(
                space=space,
                joint=answered[space.name],
                decided=decided,
                oof_joint=oof[space.name],
                oof_decided=decision.oof_answers,
                record={"answer": space.name, **decision.record, **judged.record(space)},
            )
        )
        notes += decision.notes

    record_asked(settings, work.runs)
    first, *others = write_submission(
        work.settings,
        work.runs,
        work.runs.submission,
        answers,
        evaluation=evaluation,
        test=test,
        recipe=ensemble_key(settings),
        command=work.command,
    )
    views = ", ".join(settings.tta)
    print(f"ensemble: {settings.ensemble.method} of {', '.join(members)}, views {views}: {first}")
    print("\n".join(f"ensemble: {line}" for line in [*notes, *others]))
