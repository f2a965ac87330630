"""Which columns and values the file wants of an image with several labels, and of the likeliest
words of an image."""

from pipeline.config import Experiment
from pipeline.config.types import check_name, nearest
from pipeline.labels.kinds import METRIC_FAMILIES, split_own_metric
from pipeline.leaderboard.answer_format import AnswerFormat, list_words
from pipeline.leaderboard.sample_file import SampleColumn, SampleFile
from pipeline.metrics.answer_space import AnswerSpace

TOP_FAMILIES = ("map", "top")  # metrics of the so many likeliest


def num_top(settings: Experiment, space: AnswerSpace, sample: SampleFile | None) -> int:
    """How many words of the likeliest classes one column wants; 0 where it wants no such list."""
    asked = settings.competition.submission
    if asked.top is not None:
        return asked.top
    if asked.value not in (None, "label") or split_own_metric(space.metric_name) is not None:
        return 0
    family, _, number = space.metric_name.partition("@")
    if family not in METRIC_FAMILIES or family not in TOP_FAMILIES or space.kind == "binary":
        return 0
    if sample is None:
        return int(number) if asked.value == "label" else 0
    by_class = set(_named_columns(settings, space)) <= set(sample.answer_columns)
    return 0 if by_class or len(sample.answer_columns) != 1 else int(number)


def top_format(
    settings: Experiment, space: AnswerSpace, *, column: str, sample: SampleFile | None, number: int
) -> AnswerFormat:
    """The so many likeliest classes of an image, as words in one column."""
    separator = settings.competition.submission.separator
    one = AnswerFormat(space, (column,), "label", top=number, separator=separator)
    check_words(one, sample)
    return one


def several_labels_format(
    settings: Experiment, space: AnswerSpace, *, column: str, sample: SampleFile | None
) -> AnswerFormat:
    """Probabilities or 0 and 1 in a column a label, or the words of the labels in `column`.

    Raises ValueError, with both sides shown, where the sample file holds neither.
    """
    options = settings.competition.submission
    named = _label_columns(settings, space, sample)
    wants_probs = space.metric.looks_at != "decision"
    in_words = options.value == "label" or (
        options.value is None and named is None and sample is not None
    )
    if options.value is None and sample is None:
        in_words = (
            not wants_probs and settings.competition.tasks[space.tasks[0].name].columns is None
        )
    if in_words:
        if wants_probs:
            raise ValueError(
                f"submission.value: {space.metric_name} judges probabilities, and words of labels "
                "hold none; value: probability writes a column a label, and map@K the K likeliest"
            )
        one = AnswerFormat(space, (column,), "label", separator=options.separator)
        check_words(one, sample)
        return one
    if named is None:
        assert sample is not None
        raise ValueError(
            f"submission: {sample.name} has the columns {', '.join(sample.answer_columns)}, but a "
            f"column for each of {list_words(space.classes)} is needed; say which is which: "
            f"submission.columns={{{space.classes[0]}: COLUMN, …}}; value: label writes words"
        )
    if options.value == "index" and wants_probs:
        raise ValueError(
            f"submission.value: {space.metric_name} judges probabilities, and index writes 0 and "
            "1; leave value: out, or write value: probability"
        )
    found = [] if sample is None else [sample.column(name) for name in named]
    value = options.value or _fill_value(found, wants_probs=wants_probs)
    assert value in ("index", "probability"), value
    for one_column in found:
        _check_column(one_column, value, sample)
    return AnswerFormat(space, named, value)


def check_words(one: AnswerFormat, sample: SampleFile | None) -> None:
    """Raises ValueError where the sample's words are none of the task's."""
    if sample is None:
        return
    known = {*one.space.classes, one.space.tasks[0].nothing}
    for text in sample.column(one.columns[0]).values:
        for word in one.split(text):
            if word not in known:
                raise ValueError(
                    f"submission: {sample.name} holds {word!r} in {one.columns[0]}, which is none "
                    f"of {list_words(one.space.classes)}{nearest(word, known)} "
                    "submission.separator is what stands between the words"
                )


def _named_columns(settings: Experiment, space: AnswerSpace) -> tuple[str, ...]:
    options = settings.competition.submission
    return tuple(options.columns.get(word, word) for word in space.classes)


def _label_columns(
    settings: Experiment, space: AnswerSpace, sample: SampleFile | None
) -> tuple[str, ...] | None:
    """The columns of the labels in their order; None where the sample lacks one of them."""
    named = _named_columns(settings, space)
    tasks = dict.fromkeys(settings.competition.answer.tasks)
    for word in settings.competition.submission.columns:
        check_name(word, tasks | dict.fromkeys(space.classes), what="submission.columns: label")
    if sample is None:
        return named
    return sample.spelt_columns(named)


def _fill_value(found: list[SampleColumn], *, wants_probs: bool) -> str:
    """Probabilities where the metric judges them, or the sample holds other numbers than 0, 1."""
    if wants_probs:
        return "probability"
    values = {value for column in found for value in column.values}
    return "index" if values <= {"0", "1", "0.0", "1.0"} else "probability"


def _check_column(found: SampleColumn, value: str, sample: SampleFile | None) -> None:
    if found.values and not found.within(0.0, 1.0):
        assert sample is not None
        written = "0 and 1" if value == "index" else "probabilities from 0 to 1"
        raise ValueError(
            f"submission: {sample.name} holds {found.describe()} in {found.name}, but {written} "
            "would be written"
        )
