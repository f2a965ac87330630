"""Which columns and which kind of value the contest's file wants, from settings and sample file.

What the settings leave open is filled in from the sample file where that is unambiguous; what
differs between the two is an error that shows both sides.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.config import Experiment
from pipeline.config.types import check_name, nearest
from pipeline.experiment.blend import answer_spaces
from pipeline.labels.kinds import COLUMN_A_CLASS
from pipeline.leaderboard.answer_format import AnswerFormat, list_words, to_floats
from pipeline.leaderboard.answer_options import check_options, with_options
from pipeline.leaderboard.label_formats import num_top, several_labels_format, top_format
from pipeline.leaderboard.sample_file import SampleColumn, SampleFile
from pipeline.metrics.answer_space import AnswerSpace

ANSWER_COLUMN = "answer"  # where neither the settings nor a sample file name the column
SERVED = {  # the kinds of value that an answer of a kind can be written as
    "multiclass": ("index", "label", "probability"),
    "binary": ("index", "label", "probability"),
    "multilabel": ("index", "label", "probability"),
    "regression": ("number",),
}


def answer_formats(settings: Experiment, sample: SampleFile | None) -> list[AnswerFormat]:
    """The format of every answer of the contest, in the order of `answer.tasks`.

    Raises ValueError, with both sides shown, where the sample file and the settings disagree.
    """
    spaces = answer_spaces(settings)
    several = len(spaces) > 1
    options = settings.competition.submission
    formats = []
    for space in spaces:
        one = _format_of(settings, space, sample, several=several)
        formats.append(with_options(one, options))
    check_options(formats, options)
    _check_columns(settings, formats, sample)
    return formats


def _format_of(
    settings: Experiment, space: AnswerSpace, sample: SampleFile | None, *, several: bool
) -> AnswerFormat:
    """One answer's format."""
    options = settings.competition.submission
    asked = options.value if options.value in SERVED[space.kind] else None
    number = num_top(settings, space, sample)
    if number or space.kind == "multilabel":
        column = options.columns.get(space.name) if several else options.column
        column = column or (space.name if several else _only_column(sample))
        if number:
            return top_format(settings, space, column=column, sample=sample, number=number)
        return several_labels_format(settings, space, column=column, sample=sample)
    class_columns = _class_columns(settings, space, sample, several=several)
    by_class = asked == "probability" or class_columns is not None or _wants_probabilities(space)
    if space.kind == "multiclass" and by_class:
        return _class_probabilities(space, asked, class_columns, sample, several=several)
    if several:
        name = options.columns.get(space.name, space.name)
    else:
        name = options.column or _only_column(sample)
    found = SampleColumn(name, ()) if sample is None else sample.column(name)
    value = asked or _fill_value(space, found, sample)
    if found.values and sample is not None:
        _check_values(space, value, found, sample)
    whole = value == "number" and options.value is None and found.is_whole
    return AnswerFormat(space, (name,), value, whole, style=found.style)


def _only_column(sample: SampleFile | None) -> str:
    """The answer's column where the settings name none: the sample's only one."""
    if sample is not None and not sample.is_test_table and len(sample.answer_columns) == 1:
        return sample.answer_columns[0]
    return ANSWER_COLUMN


def _class_columns(
    settings: Experiment, space: AnswerSpace, sample: SampleFile | None, *, several: bool
) -> tuple[str, ...] | None:
    """The columns of a probability per class, by class number; None where there are no such."""
    options = settings.competition.submission
    if space.kind != "multiclass" or several:
        return None
    named = tuple(options.columns.get(word, word) for word in space.classes)
    if options.columns:
        for word in options.columns:
            check_name(word, dict.fromkeys(space.classes), what="submission.columns: class")
        return named
    if sample is None:
        by_class = options.value == "probability" or _wants_probabilities(space)
        return named if by_class else None
    return sample.spelt_columns(named)


def _class_probabilities(
    space: AnswerSpace,
    asked: str | None,
    columns: tuple[str, ...] | None,
    sample: SampleFile | None,
    *,
    several: bool,
) -> AnswerFormat:
    """A probability a class. Raises ValueError where the sample file cannot hold that."""
    if asked in ("index", "label") and _wants_probabilities(space):
        raise ValueError(
            f"submission.value: {space.metric_name} judges probabilities and {asked} writes none; "
            "leave value: out, or write value: probability"
        )
    if several:
        raise ValueError(
            f"submission.value: a probability a class needs a column a class, but {space.name} is "
            "one of several answers; leave value: out and it is written as a class"
        )
    if columns is None:
        assert sample is not None
        raise ValueError(
            f"submission: {sample.name} has the columns {', '.join(sample.answer_columns)}; a "
            f"probability a class needs one for each of {list_words(space.classes)}; say which is "
            f"which: submission.columns={{{space.classes[0]}: COLUMN, …}}"
        )
    if asked in ("index", "label") and sample is not None:
        raise ValueError(
            f"submission.value: {asked} writes one column, but {sample.name} has "
            f"a column for each class: {', '.join(columns)}; value: probability fills them"
        )
    if sample is not None:
        for name in columns:
            found = sample.column(name)
            if found.values:
                _check_values(space, "probability", found, sample)
    return AnswerFormat(space, columns, "probability")


def _fill_value(space: AnswerSpace, found: SampleColumn, sample: SampleFile | None) -> str:
    """The kind of value where the settings say nothing: by the metric, and by the sample's values.

    Raises ValueError where the sample fits more than one.
    """
    if space.kind == "regression":
        return "number"
    if not found.values:
        return "probability" if _wants_probabilities(space) else "index"
    if _wants_probabilities(space) and _fits(space, "probability", found):
        return "probability"  # 0 and 1 would throw the order away
    if _fits(space, "label", found):
        return "index" if _are_indices(space) else "label"
    if _fits(space, "index", found):
        is_either = _are_numbers(space.classes) and not _are_indices(space)
        if len(found.values) == 1 and is_either:
            assert sample is not None
            raise ValueError(
                f"submission: {sample.name} holds {found.describe()} in {found.name}, which is no "
                f"class ({list_words(space.classes)}) but could be a class number; say which is "
                f"wanted: submission.value=label writes {list_words(space.classes)}, "
                f"submission.value=index writes 0 to {len(space.classes) - 1}"
            )
        return "index"
    if space.kind == "binary" and _fits(space, "probability", found):
        return "probability"
    # nothing fits: the check shows both sides
    if found.numbers is None:
        return "label"
    return "probability" if _wants_probabilities(space) else "index"


def _wants_probabilities(space: AnswerSpace) -> bool:
    """Whether the metric looks at probabilities, so that decided answers would lose what counts."""
    return space.kind != "regression" and space.metric.looks_at != "decision"


def _are_indices(space: AnswerSpace) -> bool:
    """Whether a class's name is its number, so that both are written the same."""
    return list(space.classes) == [str(number) for number in range(len(space.classes))]


def _are_numbers(words: Sequence[str]) -> bool:
    return bool(np.isfinite(to_floats(words)).all())


def _fits(space: AnswerSpace, value: str, found: SampleColumn) -> bool:
    """Whether the sample's values are of a kind."""
    if value == "label":
        if found.numbers is not None and _are_numbers(space.classes):  # 1.0 is the class 1
            return bool(np.isin(found.numbers, to_floats(space.classes)).all())
        return set(found.values) <= set(space.classes)
    if value == "index":
        if found.numbers is None or (found.numbers % 1 != 0).any():
            return False
        return found.within(0, len(space.classes) - 1)
    if value == "probability":
        return found.within(0.0, 1.0)
    return found.numbers is not None


def _check_values(space: AnswerSpace, value: str, found: SampleColumn, sample: SampleFile) -> None:
    """Raises ValueError, with both sides shown, where the sample's values are of another kind."""
    task = space.tasks[0]
    fits = _fits(space, value, found)
    if fits and value == "number" and len(found.values) > 1:  # one number alone is a placeholder
        fits = found.within(task.low, task.high)
    if fits:
        return
    if value == "label":
        written = f"the classes {list_words(space.classes)}"
    elif value == "index":
        written = f"class numbers from 0 to {len(space.classes) - 1}"
    elif value == "probability":
        written = "probabilities from 0 to 1"
    elif np.isinf([task.low, task.high]).any():
        written = "numbers"
    else:
        written = f"numbers from {task.low:g} to {task.high:g} (low and high of {task.name})"
    unknown = [word for word in found.values if word not in space.classes]
    hint = nearest(unknown[0], space.classes) if value == "label" and unknown else ";"
    remedies = [kind for kind in SERVED[space.kind] if kind != value and _fits(space, kind, found)]
    remedy = f"submission.value={remedies[0]} writes the same kind" if remedies else ""
    remedy = remedy or f"change the task's {'low or high' if value == 'number' else 'classes'}"
    raise ValueError(
        f"submission: {sample.name} holds {found.describe()} in {found.name}, but {written} would "
        f"be written{hint} {remedy}"
    )


def _check_columns(
    settings: Experiment, formats: Sequence[AnswerFormat], sample: SampleFile | None
) -> None:
    """Raises ValueError where the answers' columns are not those of the sample file."""
    names = [name for one in formats for name in one.columns]
    id_column = settings.competition.submission.id
    written = [id_column, *names]
    for place, name in enumerate(written):
        if name in written[:place]:
            raise ValueError(f"submission: the column {name!r} would be written twice")
    if sample is None:
        return
    present = sample.answer_columns
    if not present or (sample.is_test_table and not set(names) & set(present)):
        return  # only its ids are meant
    lacking = [name for name in names if name not in present]
    extra = [] if sample.is_test_table else [name for name in present if name not in names]
    if not lacking and not extra:
        return
    by_class = len(formats) == 1 and formats[0].space.kind in COLUMN_A_CLASS and len(present) > 1
    if lacking and by_class:
        what = (
            "if its columns are probabilities of the classes, say which is which: "
            f"competition.submission.columns={{{formats[0].space.classes[0]}: COLUMN, …}}; if one "
            "is the answer, competition.submission.column names it"
        )
    elif lacking:
        what = f"it has no column {lacking[0]!r}{nearest(lacking[0], extra)} say which is meant"
        key = "columns" if len(formats) > 1 or len(names) > 1 else "column"
        what += f" with competition.submission.{key}"
    else:
        shown = ",".join(extra)
        what = (
            f"nothing answers {extra[0]!r}: a task does, or, where it is no answer, "
            f"competition.submission.copied=[{shown}] writes it as it stands in {sample.name}"
        )
    raise ValueError(
        f"submission: {sample.name} has the columns {', '.join(sample.frame.columns)}, but "
        f"{', '.join(written)} would be written: {what}"
    )
