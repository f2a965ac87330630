"""From a file name and `key=value` words to one checked Experiment, or to sentences to act on."""

import hashlib
import json
import math
import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from pipeline.config.column_patterns import write_out_columns
from pipeline.config.deep_merge import lay_under
from pipeline.config.errors import Source, say_problem
from pipeline.config.experiment import Experiment
from pipeline.config.member import Member
from pipeline.config.types import nearest
from pipeline.config.yaml12 import read_yaml, read_yaml_file
from pipeline.console.installation import IS_INSTALLED, PROJECT, SHIPPED
from pipeline.labels.kinds import split_own_metric

CONFIGS = PROJECT / "configs"  # the user's own
_SHORT = {"root": "competition.root"}  # what is typed so often that it has a short form


def load_experiment(name: str, overrides: list[str], *, configs: Path) -> Experiment:
    """The experiment of a config's name or path, with `key=value` laid over it.

    A name is looked for in `configs`, which is the user's folder, then among the shipped configs,
    then among the runs, which keep the settings that they were made with.
    Raises ValueError whose message holds one sentence a line, one for each problem.
    """
    path = _find_config(name, configs, overrides)
    source = Source()
    raw, lines = read_yaml_file(path)
    source.add(lines, name=_shown(path))
    raw = _mapping(raw, path)
    competition_path = path
    if not isinstance(raw.get("competition"), dict):  # a file may hold both
        competition_path = _find_competition(raw.get("competition"), path, configs)
        raw["competition"], lines = read_yaml_file(competition_path)
        source.add(lines, name=_shown(competition_path), above=("competition",))
    competition = _mapping(raw["competition"], competition_path)
    # a config that a stage wrote names both; it lies where the file's name would say something else
    raw["competition"] = {"name": competition_path.stem, **competition}
    raw.setdefault("name", path.stem)
    for override in overrides:
        _apply(raw, override, source)
    soups = _find_soups(raw, source)
    _spread_defaults(raw, source)
    write_out_columns(raw["competition"], project=PROJECT)
    if soups:
        _fill_soups(raw["members"], soups)
    _find_own_metrics(raw["competition"], [competition_path.parent, path.parent, PROJECT])
    return _validate(raw, source).asked_by(name, *overrides)


def _validate(raw: dict, source: Source) -> Experiment:
    try:
        return Experiment.model_validate_json(json.dumps(raw), strict=True)
    except ValidationError as error:
        sentences = dict.fromkeys(say_problem(problem, source) for problem in error.errors())
        raise ValueError("\n".join(sentences)) from None


def load_settings(path: Path) -> Experiment:
    """The experiment of a run's stored settings. Raises ValueError, one sentence a problem."""
    raw, lines = read_yaml_file(path)
    source = Source()
    source.add(lines, name=_shown(path))
    stored = _validate(_mapping(raw, path), source)
    return stored.asked_by(_word_of_run(path.absolute()))


def _word_of_run(stored: Path) -> str:
    """What names a run behind -c: its name where that leads to these stored settings, else their
    path."""
    name = stored.parent.name
    has_config = any((folder / f"{name}.yaml").is_file() for folder in _folders(CONFIGS, "config"))
    return _shown(stored) if has_config or _stored(name, []) != stored else name


def read_settings(raw: dict[str, Any], *, name: str) -> Experiment:
    """The experiment of settings that were stored in a file of this name, as model_dump gives them.
    Raises ValueError, one sentence a problem."""
    source = Source()
    source.places[()] = name
    return _validate(raw, source)


def fingerprint_of(recipe: Any) -> str:
    """Eight hex digits that name a recipe: equal settings, equal name."""
    plain = recipe.model_dump(mode="json") if isinstance(recipe, BaseModel) else recipe
    text = json.dumps(plain, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def write_settings(settings: BaseModel) -> str:
    """The resolved settings as YAML text, in the order of their definition."""
    return yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def _shown(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _find_config(name: str, configs: Path, overrides: list[str]) -> Path:
    """The file of a config; the stored settings of a run where no config has its name."""
    try:
        return _find_file(name, configs, kind="config")
    except ValueError:
        stored = _stored(name, overrides)
        if Path(name).name != name or not stored.is_file():
            raise
        return stored


def _stored(name: str, overrides: list[str]) -> Path:
    """Where a run of this name keeps its settings, in the folder of runs= or the usual one."""
    typed = [word.removeprefix("runs=") for word in overrides if word.startswith("runs=")]
    runs = typed[-1] if typed else Experiment.model_fields["runs"].default
    return PROJECT / runs / name / "config.yaml"


def _find_file(name: str, configs: Path, *, kind: str) -> Path:
    """The file of a config or a competition by its path or name; the user's own come first.

    Raises ValueError that lists the names that are there.
    """
    if name.endswith((".yaml", ".yml")):
        places = [Path(name)]
    else:
        places = [folder / f"{name}.yaml" for folder in _folders(configs, kind)]
    for path in places:
        if path.is_file():
            return path
    if Path(name).is_dir():
        raise ValueError(f"{name} is a folder; a {kind} is a file in it, as in {name}/x.yaml")
    known = _names(configs, kind)
    raise ValueError(f"no {kind} {name!r}{nearest(name, known)} there are: {', '.join(known)}")


def _folders(configs: Path, kind: str) -> list[Path]:
    """Where files of a kind lie by name: in the user's folder, then among the shipped ones."""
    folders = [configs, *([SHIPPED / "configs"] if IS_INSTALLED else [])]
    return [folder / "competitions" if kind == "competition" else folder for folder in folders]


def _names(configs: Path, kind: str) -> list[str]:
    folders = _folders(configs, kind)
    return sorted({path.stem for folder in folders for path in folder.glob("*.yaml")})


def _find_competition(word: object, path: Path, configs: Path) -> Path:
    """The file of the competition that the experiment at `path` names: beside it, else in configs.

    Raises ValueError that names the experiment's file.
    """
    if not isinstance(word, str):
        names = ", ".join(_names(configs, "competition"))
        raise ValueError(f"{_shown(path)}: competition: found {word!r}, needed one of: {names}")
    beside = path.parent / f"{word}.yaml"
    if beside.is_file() and beside != path and path.parent not in _folders(configs, "config"):
        return beside
    try:
        return _find_file(word, configs, kind="competition")
    except ValueError as error:
        raise ValueError(f"{_shown(path)}: competition: {error}") from None


def _mapping(raw: Any, path: Path) -> dict:
    if not isinstance(raw, dict):
        raise ValueError(f"{_shown(path)}: must hold `key: value` lines, found {raw!r}")
    return raw


def _apply(raw: dict, override: str, source: Source) -> None:
    """Lays one `a.b.c=value` over the raw settings; the value is read as YAML."""
    key, equals, text = override.partition("=")
    key = _SHORT.get(key, key)
    if not equals or not all(key.split(".")):
        raise ValueError(f"command line: {override!r} is neither a stage nor key=value")
    value, _ = read_yaml(text, name=f"command line {override!r}")
    if key == "competition.root" and value in (None, ""):
        raise ValueError("command line: root= is empty; where are the images? root=/path/to/data")
    parts = key.split(".")
    members = raw.get("members") if parts[0] == "members" and len(parts) > 2 else None
    if isinstance(members, dict) and parts[1] not in members:
        source.new_members[parts[1]] = [n for n in members if n not in source.new_members]
    place = raw
    for depth, part in enumerate(parts[:-1]):
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            above = ".".join(parts[: depth + 1])
            raise ValueError(f"command line: {key}: {above} is a value, it has no keys below it")
    if key in ("competition", "name"):
        raise ValueError(f"command line: {key} is set by the file; name another with -c")
    place[parts[-1]] = value
    source.override(tuple(parts))


def _spread_defaults(raw: dict, source: Source) -> None:
    """Lays `defaults:` under every member; the member's own keys win, nested keys one by one."""
    if "defaults" not in raw:
        return
    defaults = raw.pop("defaults")
    members = raw.get("members")
    if not isinstance(defaults, dict) or not isinstance(members, dict):
        place = source.find(("defaults",))
        raise ValueError(
            f"{place}: defaults: must be `key: value` lines, with `members:` beside it"
        )
    for name, member in members.items():
        members[name] = lay_under(defaults, {} if member is None else member)
        for key, place in list(source.places.items()):
            if key[:1] == ("defaults",) and len(key) > 1:
                source.note_default(("members", name, *key[1:]), place)


def _find_soups(raw: dict, source: Source) -> dict[str, str]:
    """The members that average another one's seeds, with that one's name.

    Raises ValueError for other keys beside `soup`, and for a member that is not there.
    """
    members = raw.get("members")
    soups: dict[str, str] = {}
    if not isinstance(members, dict):
        return soups
    for name, member in members.items():
        of = member.get("soup") if isinstance(member, dict) else None
        if of is None:
            continue
        place = source.find(("members", name, "soup"))
        others = [key for key in member if key != "soup"]
        is_stored = member.keys() >= Member.model_fields.keys()  # a run's settings say everything
        if others and not is_stored:
            raise ValueError(
                f"{place}: members.{name}: soup takes everything else from {of}; leave out "
                f"{', '.join(others)}"
            )
        if of not in members or of == name:
            known = [other for other in members if other != name]
            hint = nearest(str(of), known)
            raise ValueError(
                f"{place}: members.{name}.soup: no member {of!r}{hint} there are {', '.join(known)}"
            )
        soups[name] = of
    return soups


def _fill_soups(members: dict, soups: dict[str, str]) -> None:
    """Gives each average the settings of the member whose seeds it averages, and one seed."""
    for name, of in soups.items():
        whole = members[of] if isinstance(members[of], dict) else {}
        seeds = whole.get("seeds")
        first = seeds[:1] if isinstance(seeds, list) and seeds else [777]
        members[name] = {**whole, "soup": of, "seeds": first}


def _find_own_metrics(contest: dict, folders: list[Path]) -> None:
    """Writes where a metric that is a file lies: beside the competition's file, the experiment's,
    or in the project's folder. One that is not found stays as it is: a run that somebody shared
    answers images without its author's metric."""
    tasks = contest.get("tasks")
    sections = list(tasks.values()) if isinstance(tasks, dict) else []
    for section in (*sections, contest.get("answer")):
        metric = section.get("metric") if isinstance(section, dict) else None
        own = split_own_metric(metric) if isinstance(metric, str) else None
        if own is None:
            continue
        file, function = own
        found = [folder / file for folder in folders if (folder / file).is_file()]
        if not found:
            continue
        path = found[0].resolve()
        if path.is_relative_to(PROJECT):
            path = path.relative_to(PROJECT)
        section["metric"] = f"{path.as_posix()}:{function}"


def say_setting(value: Any) -> str:
    """A setting's value as a config would hold it: `true`, `[{HorizontalFlip: {p: 0.5}}]`."""
    if isinstance(value, str):
        return value
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=math.inf
    )
    return text.strip().removesuffix("...").strip()  # YAML ends a document of one word by dots
