"""distil: one student in place of an ensemble: what it loses, and what it saves.

The student is a member with `distil:`; train teaches it, evaluate scores it, predict, export and
demo take it by its name. Here it is put beside the ensemble, by compare.
"""

from pipeline.config import Experiment
from pipeline.console.installation import COMMAND
from pipeline.evaluation.comparison import compare_experiments
from pipeline.experiment.cells import answering_cells, used_members
from pipeline.experiment.work import Work
from pipeline.leaderboard.written_values import written_by
from pipeline.stages.status import say_untrained
from pipeline.storage import Runs, read_json


def check(work: Work) -> None:
    """Raises ValueError where nobody is taught, with what to write."""
    if not students(work.settings):
        used = used_members(work.settings)
        tasks = dict.fromkeys(t for name in used for t in work.settings.members[name].tasks)
        heads = ", ".join(f"{task}: {{}}" for task in tasks)
        raise ValueError(
            "distil: no member is a student; write one into members: of the config, as in\n"
            f"  student: {{tasks: {{{heads}}}, distil: {{by: [{', '.join(used)}]}}}}"
        )
    say_untrained(work, "distil")


def run(work: Work) -> None:
    """Compares each student with the ensemble, and says what it saves."""
    name = work.settings.name
    for student in students(work.settings):
        names = [name, f"{name}/{student}"]
        compare_experiments(work.settings, work.runs, names, writer_of=written_by)
        saved = [
            describe_cost(work.settings, work.runs, members)
            for members in (used_members(work.settings), [student])
        ]
        print(f"distil: {saved[1]} in place of {saved[0]}")
        refit = work.settings.members[student].refit
        alone = f"ensemble.members=[{student}] infer.use=refit" if refit else f"by={student}"
        print(f"distil: {COMMAND} predict IMAGE {alone} {work.settings.as_typed} answers with it")
    print(
        "distil: each fold's student was taught by cells that held out the same fold, so nobody it "
        "is scored on had a part in its targets"
    )


def students(settings: Experiment) -> list[str]:
    """The members that others teach on the training images."""
    return [name for name, member in settings.members.items() if member.distil is not None]


def describe_cost(settings: Experiment, runs: Runs, members: list[str]) -> str:
    """Networks and parameters that answer an image: `30 networks (105.2 M)`."""
    cells = [cell for name in members for cell in answering_cells(settings, name)]
    facts = [read_json(runs.done(cell)) for cell in cells if runs.done(cell).exists()]
    sizes = [fact["num_parameters"] for fact in facts if "num_parameters" in fact]
    known = f" ({sum(sizes) / 1e6:.1f} M parameters)" if len(sizes) == len(cells) else ""
    return f"{len(cells)} network{'s' * (len(cells) != 1)}{known}"
