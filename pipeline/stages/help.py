"""help: the commands in groups, and what is known of a stage, a setting, metrics and losses."""

import ast
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.config.reference import Setting, find_settings, list_settings
from pipeline.console.installation import COMMAND, IS_INSTALLED
from pipeline.console.wrapping import fold_command, hang, terminal_width
from pipeline.labels.kinds import KINDS, LOSS_KINDS
from pipeline.stages.registry import STAGES
from pipeline.stages.stage import GROUPS, Stage

# what run.sh starts itself, beside the stages; a wheel holds neither
OUTSIDE = {} if IS_INSTALLED else {"test": "the tests", "bench": "how fast this machine is"}
CLONE_ONLY = "".join(f"  {f'./run.sh {word}':<47}{what}\n" for word, what in OUTSIDE.items())
USAGE = f"""{COMMAND} [STAGE ...] [-c CONFIG] [key=value ...]

  {COMMAND} crop train infer                      the sample, from images to CSV
  {COMMAND} crop train infer -c masks root=/data  a recipe, with your images
  {COMMAND} new FOLDER                            a config for your own contest
  {COMMAND} -c masks                              what is done and what is not
  {COMMAND} train -c masks members.age.lr=1e-4    any setting is a key=value
{CLONE_ONLY}
A stage makes what it needs first; asked again it does only what is not done.
"""
MORE = f"""  {COMMAND} help STAGE           one stage: what it does, its words, its settings
  {COMMAND} help settings [KEY]  one setting, or all: type, default, meaning
  {COMMAND} help metrics         all metrics; help losses: all losses
  {COMMAND} --version"""
TOPICS = ("settings", "metrics", "losses")
WIDEST = 100  # columns of a line that is read with ease


def describe_help(words: Sequence[str]) -> str:
    """The help on these words; without any, the commands. Raises ValueError for an unknown word."""
    if not words:
        return "\n".join([USAGE, *_describe_groups(), "Help:", MORE])
    topic, *rest = words
    if topic == "settings":
        found = find_settings(rest[0]) if rest else list_settings()
        return "\n".join(_describe_settings(found, whole=bool(rest)))
    if rest:
        return "\n\n".join(describe_help([word]) for word in words)
    if topic in STAGES:
        return "\n".join(_describe_stage(STAGES[topic]))
    if topic in OUTSIDE:
        return f"./run.sh {topic}: {OUTSIDE[topic]}"
    if topic == "metrics":
        return "\n".join(_describe_metrics())
    if topic == "losses":
        return "\n".join(_describe_losses())
    raise ValueError(_say_unknown(topic))


def _say_unknown(topic: str) -> str:
    from difflib import get_close_matches

    known = [*STAGES, *OUTSIDE, *TOPICS]
    close = get_close_matches(topic, known, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"help: nothing is known of {topic!r}{hint}; there are {', '.join(known)}"


def _describe_groups() -> Iterator[str]:
    for group, title in GROUPS.items():
        yield f"{title}:"
        for stage in STAGES.values():
            if stage.group == group:
                yield from _hang(f"  {stage.name:<11}", stage.summary)
        yield ""


def _describe_stage(stage: Stage) -> Iterator[str]:
    words = f" {stage.arguments}" if stage.arguments else ""
    options = "".join(f" [{option}=…]" for option in stage.options)
    usage = f"{words} [-c CONFIG] [key=value ...]{options}".strip()
    yield from _hang(f"{COMMAND} {stage.name}", usage)
    yield ""
    yield _read_docstring(stage)
    yield ""
    if stage.needs:
        yield f"It needs {' and '.join(stage.needs)}; what is missing is made first."
    if stage.then:
        yield f"{' and '.join(stage.then).capitalize()} follows."
    if stage.repeats:
        yield "It runs each time it is asked for."
    settings = [one for key in stage.settings for one in find_settings(key)]
    if settings:
        yield from ["", "Its settings, each as key=value or in the config's file:", ""]
        yield from _describe_settings(settings, whole=False)
    if stage.example:
        line = f"Example:  {stage.example}"
        fits = len(line) <= terminal_width()
        folded = fold_command("Example: ", shlex.split(stage.example)).splitlines()
        yield from ["", *([line] if fits else folded)]


def _read_docstring(stage: Stage) -> str:
    """The module's own text, read without importing it: some import torch, which takes seconds."""
    path = Path(__file__).with_name(f"{stage.name}.py")
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or stage.summary
    paragraphs = text.replace("./run.sh", COMMAND).rstrip().split("\n\n")
    return "\n\n".join(_fill(paragraph) for paragraph in paragraphs)


def _fill(paragraph: str) -> str:
    """The paragraph filled; one with indented lines is a list or commands and stays."""
    if "\n " in paragraph or paragraph.startswith((" ", "- ")) or "\n- " in paragraph:
        return paragraph
    return "\n".join(hang("", paragraph, indent=0, columns=_columns()))


def _describe_settings(settings: Sequence[Setting], *, whole: bool) -> Iterator[str]:
    """A line or more a setting; a `whole` description says how to type it."""
    for one in settings:
        default = "must be given" if one.default is None else f"default {one.default or 'empty'}"
        yield from _hang(f"  {one.key}", f"{one.kind}; {default}", indent=6, glue="  ")
        if one.text:
            yield from _hang("     ", one.text.replace("./run.sh", COMMAND), indent=6)
    if whole and any(one.key.startswith("members.NAME.") for one in settings):
        yield "NAME is a member's name; defaults.KEY=value sets a key in every member."


def _describe_metrics() -> Iterator[str]:
    from pipeline.metrics.metrics import listed_metrics

    yield "Metrics, as in competition.tasks.TASK.metric or competition.answer.metric:"
    for kind in KINDS:
        yield from ["", f"of a task of kind {kind}:"]
        for metric in listed_metrics():
            if kind in metric.kinds:
                better = "higher" if metric.higher_is_better else "lower"
                of_labels = metric.of_labels if kind == "multilabel" else None
                says = metric.says if of_labels is None else of_labels.says
                text = f"{says} ({better} is better)"
                yield from _hang(f"  {metric.name:<24}", text, indent=26)
    yield from ["", *_hang("", "The number after an @ is yours to choose, as in cs@3.", glue="")]
    own = (
        "A metric of your own is a Python file beside the config, metric: my_metric.py:score. It "
        "says higher_is_better = True or False, and score(solution, submission, "
        "row_id_column_name) gives a number, as in Kaggle's metric notebooks. Both tables hold the "
        "contest's id and answer columns. Its intervals come from 200 draws."
    )
    yield from _hang("", own, glue="")


def _describe_losses() -> Iterator[str]:
    from pipeline.models.losses import LOSSES

    yield "Losses, as in members.NAME.tasks.TASK.loss; a mixture is {mse: 0.7, l1: 0.3}:"
    for kind in KINDS:
        yield from ["", f"for a task of kind {kind}:"]
        for name, kinds in LOSS_KINDS.items():
            if kind in kinds:
                text = (LOSSES[name].function.__doc__ or "").split("\n\n")[0]
                yield from _hang(f"  {name:<16}", " ".join(text.split()), indent=18)


def _hang(start: str, text: str, *, indent: int | None = None, glue: str = " ") -> list[str]:
    """`start` and the text behind it, later lines indented, within the terminal or 80 columns."""
    indent = len(start) + len(glue) if indent is None else indent
    return hang(f"{start}{glue}", text, indent=indent, columns=_columns())


def _columns() -> int:
    return min(terminal_width(), WIDEST)
