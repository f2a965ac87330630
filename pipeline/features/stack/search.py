"""One answer taken up the layers of stack: what is kept, in words, as rows and as a record."""

from dataclasses import asdict, dataclass

import numpy as np

from pipeline.ensembling.predictions import Ballots
from pipeline.evaluation.decisions import measure
from pipeline.evaluation.held_out import Questions
from pipeline.experiment.work import Work
from pipeline.features.stack.decision_layers import describe_decision
from pipeline.features.stack.layers import Layers
from pipeline.features.stack.load import view_names
from pipeline.features.stack.stack_record import plain_facts
from pipeline.features.stack.summary import (
    calibration_rows,
    say_calibration,
    say_gaming,
    say_rule,
    view_rows,
)
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.calibration import log_losses
from pipeline.metrics.layer_search import Judge, Step, climb
from pipeline.metrics.nested_cv import EVERYBODY, Chain, nested_answers
from pipeline.metrics.text_tables import describe_layers, describe_views, say_sharper


@dataclass(frozen=True)
class Climbed:
    """The kept layers of one answer: rows of the table, a record, sentences, OOF answers (N,)."""

    chain: Chain
    space: AnswerSpace
    threshold: float  # of a score where no decision is kept
    rows: list[dict]
    record: dict
    said: list[str]
    joint: np.ndarray  # (N, C) nested OOF probabilities, before any decision
    oof_answers: np.ndarray  # (N,) nested

    def answer(
        self, start: Ballots, *, plain: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For new ballots the joint (N, C), what the metric looks at, and the answers (N,); those
        of the plain mean (N, C) where no layer is kept."""
        undecided, state = start, start
        for trial in self.chain.trials:
            undecided = state
            state = trial.layer.apply(trial.fitted[EVERYBODY], state)
        if isinstance(state, np.ndarray):
            return undecided.joint(), state, state
        joint = state.joint() if self.chain.trials else plain
        given = {"threshold": self.threshold}
        return joint, self.space.scored(joint, **given), self.space.decide(joint, **given)


def climb_space(work: Work, asked: Questions, space: AnswerSpace, start: Ballots) -> Climbed:
    """An answer's layers, tried in order on its OOF ballots."""
    settings, held, question = work.settings, asked.held, asked.of_space(space)
    wanted = settings.ensemble.threshold
    threshold = 0.5 if wanted == "oof" else wanted

    def answer(state: Ballots | np.ndarray) -> np.ndarray:
        if isinstance(state, np.ndarray):
            return state
        return space.scored(state.joint(), threshold=threshold)

    def losses(state: Ballots) -> np.ndarray:
        return log_losses(state.joint(), question.truth[state.rows])

    layers = Layers(work, asked, space, start)
    slots = layers.by_slot()
    judge = Judge(question, answer, held=held, losses=losses, by_losses=("calibration",))
    first = Chain.start(start, folds=held.folds, person_ids=held.person_ids)
    rule = settings.stack.keep
    chain, steps = climb(first, slots, judge=judge, rule=rule)
    other, _ = climb(first, slots, judge=judge, rule="point" if rule == "interval" else "interval")
    plain, nested = judge.nested(first), judge.nested(chain)
    before, after = (measure(question, each, held=held) for each in (plain, nested))
    gain = judge.gain(plain, nested)
    undecided = Chain(first.folds, first.people, _undecided(chain, first))
    joint = nested_answers(undecided, lambda state: state.joint(), folds=held.folds)
    views = view_rows(work, layers, start, asked)
    last = chain.trials[-1] if chain.trials else None
    fitted = last.fitted[EVERYBODY] if last and last.layer.name.startswith("decision") else None
    decision, learnt = describe_decision(fitted, space, plain=threshold)
    calibrated = calibration_rows(first, undecided, layers, space)
    kept = [trial.layer.name for trial in chain.trials]
    record = {
        "answer": space.name,
        "decision": decision,
        "decision_learnt": learnt,
        "oof": after,
        "plain": before,
        "gain": asdict(gain),
        "kept": kept,
        "learnt": plain_facts(chain, start, view_names(settings)),
        "calibration_error": calibrated,
    }
    said = [
        "",
        f"{space.name}: {question.metric_name} of {after['num_images']} pictures of "
        f"{after['num_people']} people; nested: by layers fitted on other people only; plain: "
        "without the layer, with those kept above it",
        *describe_layers(before, steps, after, gain),
        *[say_sharper(step) for step in steps if step.sharper is not None],
        *say_rule(rule, kept, other, judge, plain=plain),
        *(["", *describe_views(views)] if views else []),
        *say_calibration(calibrated),
        *say_gaming(question, plain, nested),
    ]
    rows = [_row(space, step) for step in steps]
    return Climbed(
        chain,
        space,
        threshold,
        rows,
        record,
        said,
        joint,
        _decided(space, nested, joint, threshold),
    )


def _decided(
    space: AnswerSpace, nested: np.ndarray, joint: np.ndarray, threshold: float
) -> np.ndarray:
    """The nested answers (N,); of a metric that looks at the score, those at the threshold."""
    if space.metric.looks_at == "score":
        return space.decide(joint, threshold=threshold)
    return nested


def _undecided(chain: Chain, first: Chain) -> dict:
    """The rows of a chain before its decision."""
    trials = [t for t in chain.trials if not t.layer.name.startswith("decision")]
    return trials[-1].states if trials else first.states


def _row(space: AnswerSpace, step: Step) -> dict:
    row = {"answer": space.name, **asdict(step)}
    gain, sharper = row.pop("gain"), row.pop("sharper")
    row |= {"gain": gain["value"], "gain_low": gain["low"], "gain_high": gain["high"]}
    sharper = sharper or dict.fromkeys(("value", "low", "high"), float("nan"))
    return row | {f"log_loss_{key}": value for key, value in sharper.items()}
