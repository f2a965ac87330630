"""The front door: reads the command line, checks it, and calls the stages. No other logic."""

import os
import signal
import sys
import time
from dataclasses import dataclass, field

from pipeline.config import load_experiment, load_settings
from pipeline.runs import PROJECT, Runs, read_json, shown
from pipeline.stages import STAGES, Work, plan_stages
from pipeline.stages.progress import is_done

USAGE = """./run.sh [STAGE ...] [-c CONFIG] [key=value ...]

  ./run.sh crop train infer                        the sample contest, from drawing to CSV
  ./run.sh crop train infer -c masks root=/data    your pictures, a recipe from configs/
  ./run.sh -c masks                                what is done and what is not
  ./run.sh train -c masks members.age.lr=1e-4      any setting can be given as key=value
  ./run.sh test                                    the tests

A stage makes what it needs first; asked again it does only what is not done.
"""

SAFE_TO_CHANGE = (
    "ensemble",
    "compare",
    "infer",
    "transfer",
    "tune",
    "device",
    "precision",
    "workers",
    "bootstrap",
    "runs",
    "submissions",
)


def main(words: list[str]) -> int:
    """Runs one command line and gives its exit code: 0 done, 2 for what the user can mend."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        return _run(words)
    except ValueError as error:
        if os.environ.get("PIPELINE_TRACEBACK"):
            raise
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return 2
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        print(f"error: {error.strerror or error}{place}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "\nstopped; what is finished is kept, the same command goes on from there",
            file=sys.stderr,
        )
        return 130
    except _StoppedError:
        print("\nstopped; the same command goes on from what is finished", file=sys.stderr)
        return 143


class _StoppedError(BaseException):
    """SIGTERM: a preempted machine says goodbye."""


def _stop(number: int, frame: object) -> None:
    raise _StoppedError


def _run(words: list[str]) -> int:
    if any(word in ("-h", "--help", "help") for word in words):
        print(USAGE + "\nStages:\n" + "\n".join(_stage_lines(None)))
        return 0
    asked = _read_words(words)
    stages, config = asked.stages, asked.config
    settings = load_experiment(config, asked.overrides, configs=PROJECT / "configs")
    work = Work(
        settings=settings,
        runs=Runs(settings),
        command=["./run.sh", *words],
        words=tuple(asked.words),
        options=asked.options,
    )
    if not stages:
        print(USAGE + f"\nStages for {config}:\n" + "\n".join(_stage_lines(work)))
        return 0
    _check_stored(work)
    plan = plan_stages(stages)
    for name in plan:
        if not is_done(work, name) and hasattr(STAGES[name].module, "check"):
            STAGES[name].module.check(work)
    started, did = time.monotonic(), 0
    for name in plan:
        if is_done(work, name):
            continue
        did += 1
        if name not in stages:
            brought = any(name in STAGES[asked].then for asked in stages)
            why = "follows" if brought else "needed first"
            print(f"{name} ({why}): {STAGES[name].says}")
        STAGES[name].module.run(work)
    if not did:
        print(f"nothing to do: {', '.join(plan)} are done for {config}")
    if "ensemble" in plan:
        print(f"submission: {shown(work.runs.submission)}")
    print(f"{(time.monotonic() - started) / 60:.1f} minutes")
    return 0


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
    rest = iter(words)
    for word in rest:
        last = STAGES[asked.stages[-1]] if asked.stages else None
        key, is_setting, value = word.partition("=")
        if word in ("-c", "--config"):
            asked.config = next(rest, "")
            if not asked.config or "=" in asked.config:
                raise ValueError(f"{word} needs the name of a config, as in {word} masks")
        elif last is not None and is_setting and key in last.options:
            asked.options[key] = value
        elif is_setting and not os.path.exists(word):
            asked.overrides.append(word)
        elif last is not None and last.takes:
            asked.words.append(word)
        elif word in STAGES:
            asked.stages.append(word)
        else:
            raise ValueError(
                f"no stage {word!r}{_nearest(word)}; there are {', '.join(STAGES)}, test"
            )
    return asked


def _nearest(word: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, [*STAGES, "test"], n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def _stage_lines(work: Work | None) -> list[str]:
    lines = []
    for name, stage in STAGES.items():
        state = ""
        if work is not None:
            state = "done     " if is_done(work, name) else "not done "
        start = f"{name:<10}{state}"
        if stage.repeats:
            start = f"{f'{name} {stage.takes}':<{len(start) - 1}} "
        needs = f" (needs {', '.join(stage.needs)})" if stage.needs else ""
        lines.append(f"  {start}{stage.says}{needs}")
    return lines


def _check_stored(work: Work) -> None:
    """Raises ValueError when the run's folder was made with other settings than those asked for."""
    if not work.runs.settings.exists():
        return
    stored = load_settings(work.runs.settings).model_dump(mode="json")
    asked = work.settings.model_dump(mode="json")
    was = Runs(load_settings(work.runs.settings)).root
    moved = was != work.runs.root
    if not moved:  # the same folder, typed in another way
        asked["competition"]["root"] = stored["competition"]["root"]
    differ = [
        line
        for key in asked
        if key not in SAFE_TO_CHANGE
        for line in _differences(stored.get(key), asked[key], key)
    ]
    if differ:
        folder = shown(work.runs.experiment)
        raise ValueError(
            "\n".join(f"{folder} was made with other settings: {line}" for line in differ)
            + f"\ncopy the config to a new name, or remove {folder} to start over"
            + (f"\nthe same data in a new place: ln -s {work.runs.root} {was}" if moved else "")
        )
    _check_fixes(work)


def _check_fixes(work: Work) -> None:
    """Raises ValueError when the run was trained before its file of fixes was edited."""
    if work.runs.fixes is None or not work.runs.provenance.exists():
        return
    for run in read_json(work.runs.provenance)["runs"]:
        if run.get("fixes") != work.runs.fixes_digest:
            folder, fixes = shown(work.runs.experiment), shown(work.runs.fixes)
            raise ValueError(
                f"{folder} was trained before {fixes} was changed, so its labels are others\n"
                f"copy the config to a new name, or remove {folder} to start over"
            )


def _differences(stored: object, asked: object, key: str) -> list[str]:
    """Where two settings differ, one line each; new members, folds, answer files are none."""
    if key in ("competition.submission", "folds.train"):
        return []
    if isinstance(stored, dict) and isinstance(asked, dict):
        names = [name for name in asked if not (key == "members" and name not in stored)]
        return [
            line
            for name in names
            for line in _differences(stored.get(name), asked[name], f"{key}.{name}")
        ]
    return [] if stored == asked else [f"{key} was {stored!r}, asked for is {asked!r}"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
