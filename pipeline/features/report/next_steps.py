"""What to try next, from what the stored tables say. Each rule is one function; the first come
first, for they are worth most."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from pipeline.config import Experiment
from pipeline.console.installation import COMMAND
from pipeline.experiment.baseline import baseline_name, needs_training
from pipeline.experiment.cells import all_cells
from pipeline.features.report.constant import place_beside_constant
from pipeline.features.report.context import ReportContext
from pipeline.features.report.curves import member_histories
from pipeline.features.report.parts import Hint
from pipeline.leaderboard.ledger import read_ledger
from pipeline.metrics.calibration import calibration_error
from pipeline.storage import read_json

RISE = 1.10  # held-out loss at the end over its least: above it the member overfits,
GIVEN_BACK = 0.2  # where so much of what the loss had fallen is lost again
UNSURE = 0.05  # calibration error from which on temperatures are worth fitting
NO_FACE = 0.03  # share of images without a found face that is worth a look
SIZES = (64, 96, 128, 160, 192, 224, 256, 288, 320, 384, 448, 512, 640, 768, 1024)
LARGER = 1.25  # times the image's side, at least
# a trained experiment's own recipe can't be changed
IN_A_COPY = "in a copy of the config under a new name, train with"
GAP = 0.1  # between two tasks' scores of one metric


@dataclass(frozen=True)
class Epochs:
    """How the cells of a member ended: the best epoch of each, and how much its loss rose after."""

    member: str
    num_epochs: int
    share_best_last: float  # of the cells, those whose best held-out score came last
    rise: float  # mean of the last held-out loss over the least
    given_back: float  # mean share of the loss's fall from the first epoch that is lost again


def find_next_steps(context: ReportContext) -> list[Hint]:
    """Steps as a reason and a command (or a setting), the most valuable first."""
    return [
        *_fold_steps(context),
        *_constant_steps(context),
        *_baseline_steps(context),
        *_training_steps(context),
        *_task_steps(context),
        *_face_steps(context),
        *_calibration_steps(context),
        *_stage_steps(context),
    ]


def _fold_steps(context: ReportContext) -> Iterator[Hint]:
    path = context.runs.certificate
    leak = read_json(path)["people_in_two_folds"] if path.exists() else 0
    if leak:
        yield Hint(
            f"{leak} {context.grouping.unit} are in two folds, so every score here is too high. "
            "Make folds again:",
            f"{COMMAND} split {context.as_typed} folds.by=person",
        )


def _constant_steps(context: ReportContext) -> Iterator[Hint]:
    """Where one answer for all images may be as good, something is wrong: say so first."""
    rows = context.scores
    rows = rows[(rows["source"] == "all members") & (rows["fold"] == "all")]
    for judged in context.answers:
        row = rows[rows["task"] == judged.target.task].iloc[0]
        if np.isfinite(row["gain"]) and not row["gain_low"] > 0:
            yield Hint(
                f"{judged.title} is {place_beside_constant(row.to_dict())}. Check that it can "
                "learn at all (labels, learning rate, a tiny subset):",
                f"{COMMAND} tune {context.as_typed}",
            )


def _baseline_steps(context: ReportContext) -> Iterator[Hint]:
    """The baseline where it has not run; where training adds nothing to it, what to do."""
    name, found = context.name, context.baseline
    if not found.gains:
        if needs_training(context.settings) and not found.reason:
            yield Hint(
                "What training must beat is not known. A ridge on a frozen network says it in "
                "minutes:",
                f"{COMMAND} baseline {context.as_typed}",
            )
        return
    for judged in context.answers:
        gain = found.gains.get(judged.target.task)
        if gain is not None and not gain.difference.low > 0:
            yield Hint(
                f"{judged.title}: training is not better than the baseline beyond its interval. "
                "Look where they disagree, and try the ridge as one more member (head: ridge):",
                f"{COMMAND} compare {baseline_name(name)} {name}{context.settings.folders_typed}",
            )


def _training_steps(context: ReportContext) -> Iterator[Hint]:
    found = [read_epochs(context, member) for member in context.settings.members]
    ended = [epochs for epochs in found if epochs is not None]
    young = [epochs for epochs in ended if epochs.share_best_last > 0.5]
    if young:
        yield Hint(
            "The held-out score was best in the last epoch of most cells: "
            f"{', '.join(each.member for each in young)}. More epochs may help; {IN_A_COPY}",
            " ".join(f"members.{each.member}.epochs={2 * each.num_epochs}" for each in young),
        )
    # a loss that fell from 0.2 to 0.02 and ends at 0.025 has risen by a quarter, and is no matter
    overfitted = [
        each
        for each in ended
        if each not in young and each.rise > RISE and each.given_back > GIVEN_BACK
    ]
    for epochs in overfitted:
        yield Hint(
            f"{epochs.member} overfits: its held-out loss ends {100 * (epochs.rise - 1):.0f} % "
            "above its least. Try stronger augmentation, fewer epochs, or more dropout; "
            f"{IN_A_COPY}",
            f"members.{epochs.member}.dropout=0.3",
        )


def read_epochs(context: ReportContext, member: str) -> Epochs | None:
    """How a member's finished cells ended; None without any."""
    histories = member_histories(context, member)
    done = [cell for cell in all_cells(context.settings) if context.runs.done(cell).exists()]
    facts = {cell: read_json(context.runs.done(cell)) for cell in done if cell.member == member}
    if not facts:
        return None
    is_last, rises, given_back = [], [], []
    for cell in facts:
        history = histories.get(cell, [])
        scores = [row["score"] for row in history if isinstance(row.get("score"), float)]
        if (
            len(scores) > 1
        ):  # the epoch that is kept may be the last by its setting, whatever it scores
            is_last.append(int(np.argmax(scores)) == len(history) - 1)
        found = [row.get("held_out_loss") for row in history]
        losses = [loss for loss in found if isinstance(loss, float) and np.isfinite(loss)]
        if losses and min(losses) > 0:
            rises.append(losses[-1] / min(losses))
            lost = losses[-1] - min(losses)
            given_back.append(min(lost / max(losses[0] - min(losses), 1e-12), 1.0))
    return Epochs(
        member,
        num_epochs=max(fact["num_epochs"] for fact in facts.values()),
        share_best_last=fmean(is_last) if is_last else 0.0,
        rise=fmean(rises) if rises else 1.0,
        given_back=fmean(given_back) if given_back else 0.0,
    )


def _task_steps(context: ReportContext) -> Iterator[Hint]:
    """The task that holds a combined answer back, where the tasks share a metric."""
    rows = context.scores[context.scores["fold"] == "all"]
    for space in context.evaluation.spaces:
        if not space.is_product:
            continue
        metric = space.tasks[0].metric
        values = {}
        for task in space.tasks:
            own = rows[(rows["task"] == task.name) & (rows["metric"] == metric)]
            if len(own):
                values[task.name] = float(own["value"].max())
        if len(values) < 2:
            continue
        worst = min(values, key=lambda name: values[name])
        best = max(values, key=lambda name: values[name])
        if values[best] - values[worst] > GAP:
            larger = larger_image(context.settings, worst)
            image = " or image" if larger else ""
            yield Hint(
                f"{worst} holds the answer back: {metric} {values[worst]:.3f}, against "
                f"{values[best]:.3f} of {best}. Spend the next hour on it: a larger "
                f"backbone{image}" + (f"; {IN_A_COPY}" if larger else "."),
                larger,
            )


def larger_image(settings: Experiment, task: str) -> str:
    """The words that let a trained member of the task see larger images, and cut its crops so; ""
    where none is trained, or none can be larger."""
    for name, member in settings.members.items():
        if task not in member.tasks or member.head is not None or member.soup is not None:
            continue
        size = next((size for size in SIZES if size >= LARGER * member.image_size), None)
        if size is None:
            continue
        words = f"members.{name}.image_size={size}"
        if member.crop.over(settings.crop).size < size:
            words += f" members.{name}.crop.size={size}"
        return words
    return ""


def _face_steps(context: ReportContext) -> Iterator[Hint]:
    how = context.evaluation.images["how"]
    share = float((how == "centre").mean())
    if share > NO_FACE:
        yield Hint(
            f"No face was found in {100 * share:.0f} % of the images; they are cut from the "
            "centre. Look at them:",
            f"{COMMAND} explore {context.as_typed}",
        )


def _calibration_steps(context: ReportContext) -> Iterator[Hint]:
    if context.runs.stack("stack.csv").exists():
        return
    judged = context.answers[0]
    reason = (
        "Weights, thresholds and calibration are not tried yet. They can gain without training:"
    )
    if judged.kind != "regression":
        error = calibration_error(judged.probs, judged.truth)
        if error > UNSURE:
            reason = (
                f"Probabilities are {error:.3f} off on average (ECE). The stack fits "
                "temperatures, weights and thresholds:"
            )
    yield Hint(reason, f"{COMMAND} stack {context.as_typed}")


def _stage_steps(context: ReportContext) -> Iterator[Hint]:
    """Stages that say whether the score can be believed, and have not run."""
    name, runs = context.name, context.runs
    if not runs.audited("summary.txt").exists():
        yield Hint(
            "Copies across folds and wrong labels are not looked for yet:",
            f"{COMMAND} audit {context.as_typed}",
        )
    ledger = read_ledger(runs)
    own = ledger[ledger["experiment"] == name]
    if len(own) and not (own["score"] != "").any():
        yield Hint(
            "No leaderboard score is recorded. After handing in, write it down:",
            f"{COMMAND} ledger {own['name'].iloc[-1]} score=0.78",
        )
