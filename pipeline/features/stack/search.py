"""One answer taken up the layers of stack: what is kept, in words, as rows and as a record."""

from dataclasses import asdict, dataclass

import numpy as np

from pipeline.config import Experiment
from pipeline.ensembling.predictions import Predictions
from pipeline.evaluation.decisions import score_with_interval
from pipeline.evaluation.evaluation_set import EvaluationSet
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
from pipeline.labels.tasks import is_labelled
from pipeline.labels.units import count_words
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.calibration import row_log_losses
from pipeline.metrics.layer_search import LayerGain, NestedScorer, search_layers
from pipeline.metrics.nested_cv import ALL_FOLDS, FittedLayer, LayerPipeline, nested_answers
from pipeline.metrics.text_tables import describe_layers, describe_views, say_log_loss_gain


@dataclass(frozen=True)
class SearchResult:
    """The kept layers of one answer: rows of the table, a record, sentences, OOF answers (N,)."""

    pipeline: LayerPipeline
    space: AnswerSpace
    threshold: float  # of a score where no decision is kept
    rows: list[dict]
    record: dict
    messages: list[str]
    joint: np.ndarray  # (N, C) nested OOF probabilities, before any decision
    oof_answers: np.ndarray  # (N,) nested

    def answer(
        self, start: Predictions, *, plain: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For new predictions: the joint (N, C), what the metric looks at, and the answers (N,);
        of the plain mean (N, C) where no layer is kept."""
        undecided, state = start, start
        for kept in self.pipeline.layers:
            undecided = state
            state = kept.layer.apply(kept.fitted[ALL_FOLDS], state)
        if isinstance(state, np.ndarray):
            return undecided.joint(), state, state
        joint = state.joint() if self.pipeline.layers else plain
        decided = self.space.decide(joint, threshold=self.threshold)
        return joint, self.space.seen(joint, decided), decided


def search_answer_layers(
    settings: Experiment, evaluation: EvaluationSet, space: AnswerSpace, start: Predictions
) -> SearchResult:
    """An answer's layers, tried in order on its OOF predictions."""
    split = evaluation.split
    target = evaluation.of_space(space)
    wanted = settings.ensemble.threshold
    threshold = 0.5 if wanted == "oof" else wanted

    def answer(state: Predictions | np.ndarray) -> np.ndarray:
        if isinstance(state, np.ndarray):
            return state
        return space.scored(state.joint(), threshold=threshold)

    def losses(state: Predictions) -> np.ndarray:
        truth = target.truth[state.rows]
        known = is_labelled(truth)
        losses = np.full(len(truth), np.nan)
        losses[known] = row_log_losses(state.joint()[known], truth[known])
        return losses

    layers = Layers(settings.stack, evaluation, space, start)
    slots = layers.by_slot()
    scorer = NestedScorer(target, answer, split=split, losses=losses, by_losses=("calibration",))
    first = LayerPipeline.start(start, folds=split.folds, person_ids=split.person_ids)
    rule = settings.stack.keep
    kept, steps = search_layers(first, slots, scorer=scorer, rule=rule)
    other, _ = search_layers(
        first, slots, scorer=scorer, rule="point" if rule == "interval" else "interval"
    )
    plain, nested = scorer.nested(first), scorer.nested(kept)
    before, after = (score_with_interval(target, each, split=split) for each in (plain, nested))
    gain = scorer.gain(plain, nested)
    undecided = LayerPipeline(first.folds, first.people, _undecided(kept, first))
    joint = nested_answers(undecided, lambda state: state.joint(), folds=split.folds)
    views = view_rows(view_names(settings), layers, start, split=split)
    decision, learnt = describe_decision(_fitted_decision(kept), space, plain=threshold)
    calibrated = calibration_rows(first, undecided, layers, space)
    record = {
        "answer": space.name,
        "decision": decision,
        "decision_learnt": learnt,
        "oof": after,
        "plain": before,
        "gain": asdict(gain),
        "kept": kept.names,
        "learnt": plain_facts(kept, start, view_names(settings)),
        "calibration_error": calibrated,
    }
    messages = [
        "",
        f"{space.name}: {target.metric_name} of "
        f"{count_words(after['num_images'], after['num_people'], split.unit, per=split.per)}; "
        "nested: by layers "
        f"fitted on other {split.unit} only; plain: without the layer, with those kept above it",
        *describe_layers(before, steps, after, gain),
        *[say_log_loss_gain(step) for step in steps if step.log_loss_gain is not None],
        *say_rule(rule, kept.names, other, scorer, plain=plain),
        *(["", *describe_views(views)] if views else []),
        *say_calibration(calibrated),
        *say_gaming(target, plain, nested),
    ]
    rows = [_row(space, step) for step in steps]
    return SearchResult(
        pipeline=kept,
        space=space,
        threshold=threshold,
        rows=rows,
        record=record,
        messages=messages,
        joint=joint,
        oof_answers=_decided(space, nested, joint, threshold),
    )


def _decided(
    space: AnswerSpace, nested: np.ndarray, joint: np.ndarray, threshold: float
) -> np.ndarray:
    """The nested answers (N,); of a metric that looks at the score, those at the threshold."""
    if space.metric.looks_at != "decision":
        return space.decide(joint, threshold=threshold)
    return nested


def _undecided(kept: LayerPipeline, first: LayerPipeline) -> dict:
    """The rows of a pipeline before its decision."""
    before = [fitted for fitted in kept.layers if not _is_decision(fitted)]
    return before[-1].states if before else first.states


def _fitted_decision(kept: LayerPipeline) -> object | None:
    """What the decision layer learnt from everybody; None where none is kept. It comes last."""
    if not kept.layers or not _is_decision(kept.layers[-1]):
        return None
    return kept.layers[-1].fitted[ALL_FOLDS]


def _is_decision(fitted: FittedLayer) -> bool:
    return fitted.layer.name.startswith("decision")


def _row(space: AnswerSpace, step: LayerGain) -> dict:
    row = {"answer": space.name, **asdict(step)}
    gain, log_loss_gain = row.pop("gain"), row.pop("log_loss_gain")
    row |= {"gain": gain["value"], "gain_low": gain["low"], "gain_high": gain["high"]}
    if log_loss_gain is None:
        log_loss_gain = dict.fromkeys(("value", "low", "high"), float("nan"))
    return row | {f"log_loss_{key}": value for key, value in log_loss_gain.items()}
