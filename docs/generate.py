"""Writes the pages that the program knows best: `python docs/generate.py [--check]`.

docs/settings.md from the settings' docstrings, docs/metrics.md from the metrics' registry,
schema.json in configs/ and configs/competitions/ for editors, requirements*.txt from
pyproject.toml. `--check` writes nothing and exits with 1 where one is stale.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from docs.editor_schemas import Schema, competition_schema, experiment_schema  # noqa: E402
from pipeline.config.reference import Setting, list_settings  # noqa: E402
from pipeline.console.requirements import read_pyproject, tried_versions  # noqa: E402
from pipeline.metrics.metrics import listed_metrics  # noqa: E402

SETTINGS_HEAD = """# Settings

Every key that a config can have, generated from the program. `key=value` on the command line works
for each: `members.age.lr=1e-4`. NAME and TASK are names of your own. `./run.sh help settings KEY`
prints the same.
"""
REQUIREMENTS_HEAD = "# Made by docs/generate.py from pyproject.toml: change it there.\n"
METRICS_HEAD = """# Metrics

Generated from the program. `metric: NAME` of a task or of the answer in the competition file. The
number after an @ is yours to choose. A metric of your own: `metric: my_metric.py:score`.

| metric | what | kinds of task | better | looks at |
|---|---|---|---|---|
"""


def pages() -> dict[Path, str]:
    """The generated files and what they must hold."""
    requirements = {
        PROJECT / f"requirements-{extra}.txt": _requirements(extra)
        for extra in read_pyproject()["project"]["optional-dependencies"]
    }
    return {
        PROJECT / "docs/settings.md": SETTINGS_HEAD + "".join(_settings_lines()),
        PROJECT / "docs/metrics.md": METRICS_HEAD + "".join(_metric_lines()),
        PROJECT / "configs/schema.json": _as_json(experiment_schema()),
        PROJECT / "configs/competitions/schema.json": _as_json(competition_schema()),
        PROJECT / "requirements.txt": _requirements(None),
        **requirements,
    }


def _as_json(value: Schema) -> str:
    return json.dumps(value, indent=1, sort_keys=True) + "\n"


def _requirements(extra: str | None) -> str:
    """A requirements file: the versions that were tried, of the program itself or of an extra."""
    tried = tried_versions(extra)
    lines = [REQUIREMENTS_HEAD, *(f"{name}=={version}\n" for name, version in tried.items())]
    return "".join(lines)


def _settings_lines() -> Iterator[str]:
    """A table for each part of the settings, in the order of their definition."""
    parts: dict[str, list[Setting]] = {}
    for setting in list_settings():
        parts.setdefault(setting.key.rpartition(".")[0], []).append(setting)
    for part, settings in parts.items():
        yield f"\n## {f'`{part}`' if part else 'At the top'}\n\n"
        yield "| key | value | default | what |\n|---|---|---|---|\n"
        for setting in settings:
            name = setting.key.rpartition(".")[2]
            default = "(needed)" if setting.default is None else f"`{setting.default or 'empty'}`"
            yield _row(f"`{name}`", setting.kind, default, setting.text)


def _metric_lines() -> Iterator[str]:
    for metric in listed_metrics():
        better = "higher" if metric.higher_is_better else "lower"
        kinds = ", ".join(metric.kinds)
        yield _row(f"`{metric.name}`", metric.says, kinds, better, metric.looks_at)


def _row(*cells: str) -> str:
    escaped = [cell.replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(escaped)} |\n"


def main(words: list[str]) -> int:
    """Writes what is stale, or with --check names it; the exit code."""
    stale = []
    for path, text in pages().items():
        found = path.read_text(encoding="utf-8") if path.exists() else ""
        if found == text:
            continue
        stale.append(str(path.relative_to(PROJECT)))
        if "--check" not in words:
            path.write_text(text, encoding="utf-8")
    if stale and "--check" in words:
        print(f"stale: {', '.join(stale)}; run python docs/generate.py", file=sys.stderr)
        return 1
    print(f"written: {', '.join(stale) or 'nothing, all is up to date'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
