"""One answer taken up the layers of stack: what is kept, in words, as rows and as a record."""

from dataclasses import asdict, dataclass

import numpy as np

from pipeline.ensembling.predictions import Predictions
from pipeline.evaluation.decisions import measure
from pipeline.evaluation.evaluation_set import EvaluationSet
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
from pipeline.metrics.layer_search import NestedScorer, Step, search_layers
from pipeline.metrics.nested_cv import ALL_FOLDS, LayerPipeline, nested_answers
from pipeline.metrics.text_tables import describe_layers, describe_views, say_sharper


@dataclass(frozen=True)
class SearchResult:
    """The kept layers of one answer: rows of the table, a record, sentences, OOF answers (N,)."""

    chain: LayerPipeline
    space: AnswerSpace
    threshold: float  # of a score where no decision is kept
    rows: list[dict]
    record: dict
    said: list[str]
    joint: np.ndarray  # (N, C) nested OOF probabilities, before any decision
    oof_answers: np.ndarray  # (N,) nested

    def answer(
        self, start: Predictions, *, plain: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For new ballots the joint (N, C), what the metric looks at, and the answers (N,); those
        of the plain mean (N, C) where no layer is kept."""
        undecided, state = start, start
        for trial in self.chain.trials:
            undecided = state
            state = trial.layer.apply(trial.fitted[ALL_FOLDS], state)
        if isinstance(state, np.ndarray):
            return undecided.joint(), state, state
        joint = state.joint() if self.chain.trials else plain
        given = {"threshold": self.threshold}
        return joint, self.space.scored(joint, **given), self.space.decide(joint, **given)


def search_answer_layers(
    work: Work, evaluation: EvaluationSet, space: AnswerSpace, start: Predictions
) -> SearchResult:
    """An answer's layers, tried in order on its OOF ballots."""
    settings, split, target = work.settings, evaluation.split, evaluation.of_space(space)
    wanted = settings.ensemble.threshold
    threshold = 0.5 if wanted == "oof" else wanted

    def answer(state: Predictions | np.ndarray) -> np.ndarray:
        if isinstance(state, np.ndarray):
            return state
        return space.scored(state.joint(), threshold=threshold)

    def losses(state: Predictions) -> np.ndarray:
        return log_losses(state.joint(), target.truth[state.rows])

    layers = Layers(work, evaluation, space, start)
    slots = layers.by_slot()
    scorer = NestedScorer(target, answer, split=split, losses=losses, by_losses=("calibration",))
    first = LayerPipeline.start(start, folds=split.folds, person_ids=split.person_ids)
    rule = settings.stack.keep
    chain, steps = search_layers(first, slots, scorer=scorer, rule=rule)
    other, _ = search_layers(
        first, slots, scorer=scorer, rule="point" if rule == "interval" else "interval"
    )
    plain, nested = scorer.nested(first), scorer.nested(chain)
    before, after = (measure(target, each, split=split) for each in (plain, nested))
    gain = scorer.gain(plain, nested)
    undecided = LayerPipeline(first.folds, first.people, _undecided(chain, first))
    joint = nested_answers(undecided, lambda state: state.joint(), folds=split.folds)
    views = view_rows(work, layers, start, evaluation)
    last = chain.trials[-1] if chain.trials else None
    fitted = last.fitted[ALL_FOLDS] if last and last.layer.name.startswith("decision") else None
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
        f"{space.name}: {target.metric_name} of {after['num_images']} images of "
        f"{after['num_people']} people; nested: by layers fitted on other people only; plain: "
        "without the layer, with those kept above it",
        *describe_layers(before, steps, after, gain),
        *[say_sharper(step) for step in steps if step.sharper is not None],
        *say_rule(rule, kept, other, scorer, plain=plain),
        *(["", *describe_views(views)] if views else []),
        *say_calibration(calibrated),
        *say_gaming(target, plain, nested),
    ]
    rows = [_row(space, step) for step in steps]
    return SearchResult(
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
    if space.metric.looks_at != "decision":
        return space.decide(joint, threshold=threshold)
    return nested


def _undecided(chain: LayerPipeline, first: LayerPipeline) -> dict:
    """The rows of a chain before its decision."""
    trials = [t for t in chain.trials if not t.layer.name.startswith("decision")]
    return trials[-1].states if trials else first.states


def _row(space: AnswerSpace, step: Step) -> dict:
    row = {"answer": space.name, **asdict(step)}
    gain, sharper = row.pop("gain"), row.pop("sharper")
    row |= {"gain": gain["value"], "gain_low": gain["low"], "gain_high": gain["high"]}
    sharper = sharper or dict.fromkeys(("value", "low", "high"), float("nan"))
    return row | {f"log_loss_{key}": value for key, value in sharper.items()}
