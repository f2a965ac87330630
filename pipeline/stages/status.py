"""How far an experiment has come, in words."""

import shlex
from collections import Counter
from collections.abc import Sequence

from pipeline.console.installation import COMMAND
from pipeline.experiment.cells import all_cells
from pipeline.experiment.work import Work
from pipeline.stages import STAGES
from pipeline.stages.registry import is_done, is_part
from pipeline.storage import display_path


def describe_status(work: Work, plan: Sequence[str]) -> str:
    """What is kept: the stages that are done, and of the training its cells and the epochs of those
    begun."""
    done = [name for name in plan if is_part(work, name) and is_done(work, name)]
    kept = list(done)
    if "train" in plan and "train" not in done and work.runs.experiment.exists():
        cells = all_cells(work.settings)
        finished = [cell for cell in cells if work.runs.done(cell).exists()]
        if finished:
            kept.append(f"{len(finished)} of {len(cells)} cells")
        for cell in cells:
            history = work.runs.history(cell)
            if cell not in finished and work.runs.checkpoint(cell).exists() and history.exists():
                epochs = len(history.read_text(encoding="utf-8").splitlines())
                kept.append(f"{cell.name} up to epoch {epochs}")
    return f"what is finished is kept: {', '.join(kept)}" if kept else "nothing is finished yet"


def say_next(work: Work, stage: str) -> str:
    """The command that mostly follows a stage, with this command's config and settings; empty
    where none does, or where what it would make is made already."""
    following = [
        name
        for name in STAGES[stage].leads_to.split()
        if not is_done(work, name) and name not in work.command
    ]
    if not following:
        return ""
    if stage == "auto":
        return f"{COMMAND} {shlex.join(following)} {say_kept(work)}"
    typed = work.command[1:]
    kept = [
        word
        for before, word in zip(["", *typed], typed, strict=False)
        # a config may be called as a stage, or as an experiment that the stage was given
        if before in ("-c", "--config") or (word not in STAGES and word not in work.words)
    ]
    options = {f"{key}={value}" for key, value in work.options.items()}
    return shlex.join([COMMAND, *following, *(word for word in kept if word not in options)])


def say_kept(work: Work) -> str:
    """What stands behind a stage to mean what auto kept, which is not what its config says."""
    return work.settings.asked_by(display_path(work.runs.auto_config)).as_typed


def say_untrained(work: Work, stage: str) -> None:
    """Says which cells are trained before a stage can look at them, and what else could be typed;
    nothing where all are, where train was asked for, or where another such stage has said it."""
    asked = [word for word in work.command if word in STAGES and STAGES[word].repeats]
    cells = all_cells(work.settings)
    missing = [cell for cell in cells if not work.runs.done(cell).exists()]
    if not missing or "train" in work.command or asked[:1] not in ([], [stage]):
        return
    name = work.settings.name
    counts = Counter(cell.member for cell in missing)
    members = ", ".join(f"{member} {number}" for member, number in counts.items())
    scores = work.runs.of_experiment("").glob("*/scores.csv")  # evaluate follows the last cell
    trained = sorted(path.parent.name for path in scores if path.parent.name != name)
    other = f"; -c with one that is trained takes no time: {', '.join(trained)}" if trained else ""
    print(
        f"{stage}: {len(missing)} of {len(cells)} cells of {name} are not trained ({members}) and "
        f"are trained first; {COMMAND} plan train {work.settings.as_typed} says how long that "
        f"takes{other}",
        flush=True,
    )


def check_is_no_stage(work: Work, word: str, *, last: str) -> None:
    """Raises ValueError where a stage was named behind one that takes names of experiments."""
    if word in STAGES and not (work.runs.of_experiment(word) / "config.yaml").exists():
        raise ValueError(
            f"{last}: {word} is a stage, and {last} takes names of experiments, so it comes last: "
            f"{COMMAND} {word} {last} {work.settings.as_typed}"
        )
