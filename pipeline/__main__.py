"""The front door: reads the command line, checks it, and calls the stages. No other logic."""

import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from pipeline.config import load_experiment
from pipeline.console import paint
from pipeline.console.installation import COMMAND
from pipeline.console.once import forget_said
from pipeline.console.version import VERSION
from pipeline.console.wrapping import (
    hang,
    terminal_width,
    wrap_command,
    wrap_line,
    wrap_on_terminal,
)
from pipeline.experiment.settings_guard import check_settings, say_left_out
from pipeline.experiment.work import Work
from pipeline.stages import STAGES, plan_stages
from pipeline.stages.help import OUTSIDE, USAGE, describe_help
from pipeline.stages.registry import is_done, is_part
from pipeline.stages.status import describe_status, say_next
from pipeline.storage import (
    PROJECT,
    Runs,
    StoppedError,
    check_writable,
    display_path,
    explain_os_error,
    hold_lock,
    install_signal_handlers,
)


def main(words: list[str]) -> int:
    """Runs one command line and gives its exit code: 0 done, 2 for what the user can mend, 130 and
    143 when a signal stopped it."""
    install_signal_handlers()
    for stream in (sys.stdout, sys.stderr):  # a terminal that has no ± shows a ?, and work goes on
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.stdout = wrap_on_terminal(sys.stdout)
    try:
        return run_command(words)
    except ValueError as error:
        if os.environ.get("PIPELINE_TRACEBACK"):
            raise
        return _fail(str(error))
    except BrokenPipeError:  # the reader of the output went away: nobody is left to be told
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        if os.environ.get("PIPELINE_TRACEBACK"):
            raise
        return _fail(explain_os_error(error))
    except MemoryError:
        if os.environ.get("PIPELINE_TRACEBACK"):
            raise
        return _fail("the machine's memory is full; workers=0 or a smaller batch_size needs less")
    except StoppedError as stop:
        said = "; ".join(["stopped", *getattr(stop, "__notes__", [])])
        if sys.stderr.isatty():
            said = wrap_line(said, width=terminal_width())
        again = [COMMAND, *words]
        print(f"\n{said}", file=sys.stderr)
        print(
            wrap_command("the same command goes on from there:", again, stream=sys.stderr),
            file=sys.stderr,
        )
        return 128 + stop.number


def _fail(sentences: str) -> int:
    """Says what the user can mend, a line a problem, and gives the exit code for it."""
    start = paint("error:", "red", stream=sys.stderr)
    for line in sentences.splitlines():
        said = f"error: {line}"
        if sys.stderr.isatty():
            said = wrap_line(said, width=terminal_width())
        print(said.replace("error:", start, 1), file=sys.stderr)
    return 2


def run_command(words: list[str]) -> int:
    """Runs one command line, as a notebook asks for it too, and gives 0.

    Raises ValueError, a sentence a line, for whatever the user can mend.
    """
    forget_said()
    if words[:1] in (["--version"], ["-V"]):
        print(f"face competition pipeline {VERSION}")
        return 0
    asked_help = _read_help(words)
    if asked_help is not None:
        print(describe_help(asked_help))
        return 0
    asked = _read_words(words)
    stages, config = asked.stages, asked.config
    for said in _say_repeated(asked.overrides):
        print(said)
    settings = load_experiment(config, asked.overrides, configs=PROJECT / "configs")
    work = Work(
        settings=settings,
        runs=Runs(settings),
        command=[COMMAND, *words],
        words=tuple(asked.words),
        options=asked.options,
        names_config="-c" in words or "--config" in words,
    )
    if not stages:
        print(USAGE + f"\nStages for {config}:\n" + "\n".join(_state_lines(work)))
        return 0
    plan = plan_stages(stages, words=asked.words, options=asked.options)
    only_look = all(STAGES[name].repeats for name in plan)
    compare_themselves = all(STAGES[name].own_settings for name in stages)
    if not only_look and not compare_themselves:
        check_settings(work.settings, work.runs)
        say_left_out(work.settings, work.runs)
    if any(_writes(work, name) for name in plan):  # what only looks works on a read-only disk too
        check_writable(work.runs.folder, key="runs")
    if "ensemble" in plan and _writes(work, "ensemble"):
        check_writable(work.runs.submissions, key="submissions")
    for name in plan:
        if not is_done(work, name) and hasattr(STAGES[name].module, "check"):
            STAGES[name].module.check(work)
    try:
        did = _run_plan(work, plan, asked=stages)
    except StoppedError as stop:
        stop.add_note(describe_status(work, plan))
        raise
    if not did:
        print(_say_nothing_to_do(work, plan))
    for name, path in (("ensemble", work.runs.submission), ("stack", work.runs.stacked)):
        # what an asked stage makes; needed first and done already, it is no news
        if name in did or name in stages or any(name in STAGES[one].then for one in stages):
            print(f"submission: {display_path(path)}")
    if STAGES[stages[-1]].says_next:
        return 0
    following = say_next(work, stages[-1])
    if following:
        print(wrap_command("next:", shlex.split(following), stream=sys.stdout))
    print(f"{(time.monotonic() - work.began) / 60:.1f} minutes")
    return 0


def _run_plan(work: Work, plan: Sequence[str], *, asked: Sequence[str]) -> list[str]:
    """Runs what is not done and gives its names.

    A process that writes the same is waited for, and what it has done or decided is looked at
    again."""
    command = shlex.join(work.command)
    did: list[str] = []
    with ExitStack() as whole:
        own = {work.runs.lock(name) for name in plan if _writes(work, name)}
        if work.runs.lock("train") in own:
            whole.enter_context(hold_lock(work.runs.lock("train"), command=command))
            check_settings(work.settings, work.runs)
        for name in plan:
            with ExitStack() as while_it_runs:
                if _writes(work, name):
                    while_it_runs.enter_context(hold_lock(work.runs.lock(name), command=command))
                if is_done(work, name):
                    continue
                did.append(name)
                if name not in asked:
                    brought = any(name in STAGES[other].then for other in asked)
                    why = "follows" if brought else "needed first"
                    print(f"{name} ({why}): {STAGES[name].summary}")
                STAGES[name].module.run(work)
    return did


def _say_nothing_to_do(work: Work, plan: Sequence[str]) -> str:
    names = [name for name in plan if is_part(work, name)]
    if not names:
        return f"nothing to do: {work.settings.name} is no drawn contest"
    verb = "is" if len(names) == 1 else "are"
    return f"nothing to do: {', '.join(names)} {verb} done for {work.settings.name}"


def _writes(work: Work, stage: str) -> bool:
    """Whether a stage will write where others may write too."""
    return not STAGES[stage].repeats and not is_done(work, stage)


@dataclass
class _Asked:
    """A command line: stages, config name, settings, and what the last stage takes."""

    config: str = "sample"
    stages: list[str] = field(default_factory=list)
    overrides: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)


def _read_words(words: list[str]) -> _Asked:
    """The command line, taken apart. Raises ValueError for a word that nobody knows."""
    asked = _Asked()
    if "--plan" in words:  # anywhere: the same as the stage plan before all others
        words = ["plan", *(word for word in words if word not in ("--plan", "plan"))]
    named: str | None = None  # the config that -c names
    rest = iter(words)
    for word in rest:
        last = STAGES[asked.stages[-1]] if asked.stages else None
        key, is_setting, value = word.partition("=")
        if word in ("-c", "--config"):
            before, asked.config = named, next(rest, "")
            named = asked.config
            if before not in (None, named):
                raise ValueError(f"{word} takes one config; {before} and {named} are given")
            if not asked.config or "=" in asked.config:
                raise ValueError(f"{word} needs the name of a config, as in {word} masks")
        elif last is not None and is_setting and key in last.options:
            asked.options[key] = value
        elif is_setting and not os.path.exists(word):
            asked.overrides.append(word)
        elif last is not None and last.arguments:
            asked.words.append(word)
        elif word in STAGES:
            asked.stages.append(word)
        else:
            raise ValueError(
                f"no stage {word!r}{_nearest(word)}; there are {', '.join([*STAGES, *OUTSIDE])}"
            )
    return asked


def _say_repeated(overrides: Sequence[str]) -> Iterator[str]:
    """A sentence for each setting that is given more than once: the last value is the one taken."""
    values: dict[str, list[str]] = {}
    for word in overrides:
        key, _, value = word.partition("=")
        values.setdefault(key, []).append(value)
    for key, given in values.items():
        if len(set(given)) > 1:
            yield f"{key} is given {len(given)} times ({', '.join(given)}): {given[-1]} is taken"


def _nearest(word: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, [*STAGES, *OUTSIDE], n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def _read_help(words: Sequence[str]) -> list[str] | None:
    """What help is asked for: `help X`, `X --help` or `-h`; None where it is not."""
    if words[:1] == ["help"]:
        return list(words[1:])
    if "-h" in words or "--help" in words:
        return [word for word in words if word in STAGES][:1]
    return None


def _state_lines(work: Work) -> list[str]:
    """A line a stage that can be done: whether it is."""
    lines = []
    for name, stage in STAGES.items():
        if stage.repeats or not is_part(work, name):
            continue
        state = "done" if is_done(work, name) else "not done"
        start = f"  {name:<10}{state:<9}"
        first, *others = hang(start, stage.summary, indent=len(start), columns=terminal_width())
        if state == "done":
            first = first.replace("done", paint("done", "green", stream=sys.stdout), 1)
        lines += [first, *others]
    repeats = ", ".join(name for name, stage in STAGES.items() if stage.repeats)
    at_any_time = hang("At any time: ", repeats, indent=0, columns=terminal_width())
    return [*lines, "", *at_any_time, f"{COMMAND} help STAGE says what each does."]


def command() -> None:
    """The console script `face-pipeline` of an installed package."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    command()
