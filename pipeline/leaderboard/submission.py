"""Decided answers to the contest's own file, with its OOF twin, its record and its ledger line.

Shared by the stages that answer: ensemble and stack.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.ensembling.answer_file import Column
from pipeline.evaluation.decisions import say_score, score_on_test
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.fingerprints import ensemble_key, stack_key
from pipeline.experiment.grouping import read_grouping, say_caveat
from pipeline.labels.answer_groups import is_grouped
from pipeline.labels.tasks import is_labelled
from pipeline.leaderboard.answer_format import AnswerFormat
from pipeline.leaderboard.answer_table import write_answer_table
from pipeline.leaderboard.ledger import data_digests, read_ledger, record_submission
from pipeline.leaderboard.oof_file import (
    DecidedAnswer,
    oof_path,
    oof_probs_path,
    read_seen,
    score_oof,
    write_oof,
)
from pipeline.leaderboard.row_form import RowForm
from pipeline.leaderboard.sample_file import SampleFile, read_sample
from pipeline.leaderboard.submission_record import keep_changed
from pipeline.leaderboard.wanted_formats import answer_formats
from pipeline.metrics.paired import show_number
from pipeline.storage import (
    Runs,
    display_path,
    is_fresh,
    provenance,
    read_json,
    stamp,
    write_json,
)
from pipeline.storage.digests import file_sha256


def check_answering(settings: Experiment, runs: Runs) -> None:
    """Raises ValueError when the contest's sample file asks for another file than would be written.

    Its columns and the kind of its values are compared, before anything is trained.
    """
    read_ledger(runs)  # what can't be recorded is said before it is made
    if not runs.root.is_dir():
        return  # index says so
    formats = answer_formats(settings, read_sample(settings, runs))
    binary = [one for one in formats if one.space.kind in ("binary", "multilabel")]
    has_threshold = settings.ensemble.threshold != 0.5 and bool(binary)
    if has_threshold and all(one.value == "probability" or one.top for one in binary):
        raise ValueError(
            "ensemble.threshold: the submission holds no decided answers, so no threshold changes "
            "it; submission.value=index or label writes them"
        )


def write_submission(
    settings: Experiment,
    runs: Runs,
    path: Path,
    answers: Sequence[DecidedAnswer],
    *,
    evaluation: EvaluationSet,
    test: pd.DataFrame,
    recipe: Mapping[str, Any],
    command: list[str],
) -> list[str]:
    """Writes the submission and all that lies beside it; sentences, the first with its score.

    Beside it lie the OOF answers in its format, its record and its line in the ledger; its mark is
    written last. The score is computed from the OOF file as it is read back.
    """
    changed = keep_changed(runs, path, recipe)
    id_column = settings.competition.submission.id
    sample = read_sample(settings, runs)
    formats = [
        settle_rounding(one, truth=evaluation.of_space(one.space).truth)
        for one in answer_formats(settings, sample)
    ]
    images = test if len(test) else evaluation.images
    columns = []
    for one, answer in zip(formats, answers, strict=True):
        columns += one.write(answer.joint, answer.decided)
    num_answers = write_answers(
        path, columns, image_ids=images["image_id"], sample=sample, id_column=id_column
    )
    rows = None if sample is None else sample.rows
    separator = "," if sample is None else sample.separator
    write_oof(
        path, answers, formats, evaluation, id_column=id_column, rows=rows, separator=separator
    )
    scores, recorded = score_oof(path, formats, evaluation, id_column=id_column, rows=rows)
    caveat = read_grouping(runs).caveat
    test_scores = _score_test(settings, path, formats, test, rows=rows)

    parts = []
    for one, answer, score in zip(formats, answers, scores, strict=True):
        part = {**answer.record, "value": one.value, "columns": list(one.columns), "oof": score}
        if not _same_value(score, answer.record["oof"]):
            part["unwritten"] = answer.record["oof"]
        if one.space.name in test_scores:
            part["test"] = test_scores[one.space.name]
        parts.append(part)
    record = {
        "submission": path.name,
        "sha256": file_sha256(path),
        "answers": num_answers,
        "of": "test images" if len(test) else "train images, out of fold",
        "prior_answers": test.loc[test["row"] < 0, "image_id"].tolist(),
        "oof": recorded,
        "caveat": caveat,
        "oof_file": oof_path(path).name,
        "decision": parts[0]["decision"],
        "parts": parts,
        **recipe,
        "settings": settings.model_dump(mode="json"),  # all that reproduce needs
        "fixes": runs.fixes_digest,
        "data": data_digests(runs),
        "provenance": provenance(command, device=_device(runs, settings.device)),
    }
    write_json(path.with_suffix(".json"), record)
    ledger_sentences = record_submission(settings, runs, path, record, command=command)
    stamp(path, recipe)
    return [
        *_say_scores(formats, parts, recorded),
        *changed,
        *([say_caveat(caveat)] if caveat else []),
        *_say_files(path, num_answers),
        *ledger_sentences,
    ]


def say_blends(settings: Experiment, runs: Runs) -> list[str]:
    """Sentences: which blend `all members` is, and what is recorded of the one handed in."""
    views = ", ".join(settings.tta)
    sentences = [
        f"all members: the {settings.ensemble.method} of {', '.join(settings.answering)} on the "
        "images as they are, before any decision"
    ]
    made = (
        ("ensemble", runs.submission, ensemble_key(settings)),
        ("stack", runs.stacked, stack_key(settings, runs)),
    )
    for stage, path, key in made:
        if is_fresh(path, key):
            score = say_score("OOF", read_json(path.with_suffix(".json"))["oof"])
            sentences.append(f"{path.name} by {stage}, with views {views}: {score}, as recorded")
    if len(sentences) == 1:
        sentences.append(
            f"the submission is answered with views {views}; ensemble says and records its score"
        )
    return sentences


def write_answers(
    path: Path,
    columns: Sequence[Column],
    *,
    image_ids: Sequence[str],
    sample: SampleFile | None,
    id_column: str,
) -> int:
    """Writes the contest's own table in the order of its sample file, and gives its rows."""
    return write_answer_table(
        path,
        image_ids,
        columns,
        id_column=id_column,
        sample_ids=None if sample is None else sample.ids,
        sample_columns=None if sample is None else list(sample.frame.columns),
        rows=None if sample is None else sample.rows,
        copied=None if sample is None else sample.copied_columns,
        separator="," if sample is None else sample.separator,
    )


def settle_rounding(one: AnswerFormat, *, truth: np.ndarray) -> AnswerFormat:
    """The format, with numbers rounded only where the labels (N,) are whole as the sample's are.

    A sample's zeros are often placeholders for numbers with decimals.
    """
    labels_are_whole = bool((np.mod(truth[is_labelled(truth)], 1) == 0).all())
    return replace(one, whole=one.whole and labels_are_whole)


def _score_test(
    settings: Experiment,
    path: Path,
    formats: Sequence[AnswerFormat],
    test: pd.DataFrame,
    *,
    rows: RowForm | None,
) -> dict[str, dict]:
    """By answer, the score of the submission on test images whose labels are said to be true."""
    if not len(test) or not settings.competition.truth:
        return {}  # a sample file's placeholders look like labels and are none
    if rows is not None and not rows.asks_everything:
        return {}  # what is not asked for is not in the file
    id_column = settings.competition.submission.id
    seen = read_seen(
        path, formats, id_column=id_column, image_ids=test["image_id"].tolist(), rows=rows
    )
    scores = {}
    for one, answer in zip(formats, seen, strict=True):
        score = score_on_test(
            one.space,
            answer,
            test=test,
            num_draws=settings.bootstrap,
            per=settings.competition.answered_per if is_grouped(test) else "",
        )
        if score is not None:
            scores[one.space.name] = score
    return scores


def _same_value(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether two scores are the same number, or both unknown."""
    return bool(np.isclose(first["value"], second["value"], rtol=0, atol=1e-12, equal_nan=True))


def _say_scores(
    formats: Sequence[AnswerFormat], parts: Sequence[Mapping[str, Any]], recorded: Mapping
) -> list[str]:
    """The recorded score first, then each answer's where there are several, then test scores."""
    several = len(parts) > 1
    sentences = []
    if "mean_of" in recorded:
        sentences.append(say_score(f"OOF mean of {recorded['mean_of']} answers:", recorded))
    for place, (one, part) in enumerate(zip(formats, parts, strict=True)):
        name = one.space.name if several else "OOF"
        sentences.append(say_score(name, part["oof"]))
        if several and "mean_of" not in recorded and place == 0:
            sentences[-1] += "; the metrics differ, so the ledger records this one"
        if "unwritten" in part:
            value = show_number(part["unwritten"]["value"])
            sentences.append(_say_loss(one, value))
        if one.value == "probability" and one.space.metric.looks_at == "decision":
            sentences.append(
                f"{one.space.metric_name} judges what the probabilities in the file decide; where "
                "the contest judges the probabilities, give the task its metric (log_loss, roc_auc)"
            )
        if "test" in part:
            sentences.append(say_score("test", part["test"]))
    return sentences


def _say_loss(one: AnswerFormat, value: str) -> str:
    """Why the recorded score is not that of the model's own outputs."""
    metric = one.space.metric_name
    if one.value not in ("index", "label") and one.change:
        return f"the file holds values that are {one.change}; before that {metric} is {value}"
    if one.value == "probability":
        return f"the file holds probabilities; of the decided answers {metric} is {value}"
    return (
        f"the file holds decided answers (submission.value: {one.value}); of the probabilities "
        f"{metric} is {value}"
    )


def _say_files(path: Path, num_answers: int) -> list[str]:
    beside = display_path(path.with_suffix(".json"))
    oof, probs = display_path(oof_path(path)), display_path(oof_probs_path(path))
    return [
        f"wrote {num_answers} answers to {display_path(path)} and their record to {beside}",
        f"wrote the OOF answers in the same format to {oof}, which is what the score is of, and "
        f"their truth and probabilities to {probs}",
    ]


def _device(runs: Runs, device: str) -> str:
    """What the members were trained on last, as their provenance says."""
    if not runs.provenance.exists():
        return device
    return read_json(runs.provenance)["runs"][-1]["device"]
