"""From a file name and `key=value` words to one checked Experiment, or to sentences to act on."""

import hashlib
import json
import os
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from pipeline.config.reading import Key, read_yaml, read_yaml_file
from pipeline.config.settings import Experiment

_SHORT = {"root": "competition.root"}  # what is typed so often that it has a short form


class _Source:
    """Where each value came from: a file's line or the command line."""

    def __init__(self) -> None:
        self.places: dict[Key, str] = {}

    def add(self, lines: dict[Key, int], *, name: str, above: Key = ()) -> None:
        for key, line in lines.items():
            self.places[(*above, *key)] = f"{name} line {line}"

    def find(self, key: Key) -> str:
        """The place of the longest part of the key that came from somewhere."""
        for length in range(len(key), -1, -1):
            if key[:length] in self.places:
                return self.places[key[:length]]
        return "settings"


def load_experiment(name: str, overrides: list[str], *, configs: Path) -> Experiment:
    """The experiment of a config's name or path, with `key=value` laid over it.

    Raises ValueError whose message holds one sentence a line, one for each problem.
    """
    path = _find_file(name, configs, kind="config")
    source = _Source()
    raw, lines = read_yaml_file(path)
    source.add(lines, name=_shown(path))
    raw = _mapping(raw, path)
    word = raw.get("competition")
    if not isinstance(word, str):
        names = ", ".join(_names(configs / "competitions"))
        raise ValueError(f"{_shown(path)}: competition: found {word!r}, needed one of: {names}")
    competition_path = _find_file(word, configs / "competitions", kind="competition")
    competition, lines = read_yaml_file(competition_path)
    source.add(lines, name=_shown(competition_path), above=("competition",))
    raw["competition"] = {**_mapping(competition, competition_path), "name": competition_path.stem}
    raw["name"] = path.stem
    for override in overrides:
        _apply(raw, override, source)
    _spread_defaults(raw, source)
    return _validate(raw, source)


def _validate(raw: dict, source: _Source) -> Experiment:
    try:
        return Experiment.model_validate_json(json.dumps(raw), strict=True)
    except ValidationError as error:
        sentences = dict.fromkeys(_sentence(problem, source) for problem in error.errors())
        raise ValueError("\n".join(sentences)) from None


def load_settings(path: Path) -> Experiment:
    """The experiment of a run's stored settings. Raises ValueError, one sentence a problem."""
    raw, lines = read_yaml_file(path)
    source = _Source()
    source.add(lines, name=_shown(path))
    return _validate(_mapping(raw, path), source)


def recipe_hash(recipe: Any) -> str:
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


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.yaml"))


def _find_file(name: str, folder: Path, *, kind: str) -> Path:
    path = Path(name) if name.endswith((".yaml", ".yml")) else folder / f"{name}.yaml"
    if path.is_file():
        return path
    known = _names(folder)
    raise ValueError(f"no {kind} {name!r}{_nearest(name, known)} There are: {', '.join(known)}")


def _mapping(raw: Any, path: Path) -> dict:
    if not isinstance(raw, dict):
        raise ValueError(f"{_shown(path)}: must hold `key: value` lines, found {raw!r}")
    return raw


def _nearest(word: str, known: list[str]) -> str:
    close = get_close_matches(str(word), known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ";"


def _apply(raw: dict, override: str, source: _Source) -> None:
    """Lays one `a.b.c=value` over the raw settings; the value is read as YAML."""
    key, equals, text = override.partition("=")
    key = _SHORT.get(key, key)
    if not equals or not all(key.split(".")):
        raise ValueError(f"command line: {override!r} is neither a stage nor key=value")
    value, _ = read_yaml(text, name=f"command line {override!r}")
    parts = key.split(".")
    place = raw
    for depth, part in enumerate(parts[:-1]):
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            above = ".".join(parts[: depth + 1])
            raise ValueError(f"command line: {key}: {above} is a value, it has no keys below it")
    if key in ("competition", "name"):
        raise ValueError(f"command line: {key} is set by the file; name another with -c")
    place[parts[-1]] = value
    source.places[tuple(parts)] = "command line"


def _spread_defaults(raw: dict, source: _Source) -> None:
    """Lays `defaults:` under every member; the member's own keys win, nested keys one by one."""
    if "defaults" not in raw:
        return
    defaults, members = raw.pop("defaults"), raw.get("members")
    if not isinstance(defaults, dict) or not isinstance(members, dict):
        place = source.find(("defaults",))
        raise ValueError(
            f"{place}: defaults: must be `key: value` lines, with `members:` beside it"
        )
    for name, member in members.items():
        members[name] = _under(defaults, {} if member is None else member)
        for key, place in list(source.places.items()):
            if key[:1] == ("defaults",) and len(key) > 1:
                source.places.setdefault(("members", name, *key[1:]), place)


def _under(defaults: Any, own: Any) -> Any:
    if not isinstance(defaults, dict) or not isinstance(own, dict):
        return own
    merged = dict(defaults)
    for key, value in own.items():
        merged[key] = _under(defaults[key], value) if key in defaults else value
    return merged


def _sentence(problem: dict, source: _Source) -> str:
    key = tuple(part for part in problem["loc"] if not _is_choice(part))
    place, spot = source.find(key), ".".join(map(str, key))
    lead = f"{place}: {spot}" if spot else place
    found = problem.get("input")
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "extra_forbidden":
        known = _fields_at(key[:-1])
        hint = _nearest(str(key[-1]), known)
        return f"{lead}: unknown key (found {found!r}){hint} allowed here: {', '.join(known)}"
    if kind == "missing":
        return f"{lead}: is missing"
    if kind == "value_error":
        lines = str(context["error"]).split("\n")
        return "\n".join(f"{_place_of(line, lead, source)}: {line}" for line in lines)
    if kind == "literal_error":
        allowed = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        hint = _nearest(str(found), allowed)
        return f"{lead}: found {found!r}{hint} allowed: {', '.join(allowed)}"
    message = problem["msg"][0].lower() + problem["msg"][1:]
    return f"{lead}: found {found!r}; {message}"


def _place_of(line: str, lead: str, source: _Source) -> str:
    """For a cross-field problem `a.b.c: ...` the line where that key stands."""
    key = tuple(line.split(": ", maxsplit=1)[0].split("."))
    while key and key not in source.places:
        key = key[:-1]
    return source.places[key] if key else lead


def _is_choice(part: Any) -> bool:
    """Whether pydantic put this word in for a branch of a union, and no user wrote it."""
    return isinstance(part, str) and ("[" in part or part in ("str", "int", "float"))


def _fields_at(key: Key) -> list[str]:
    """The keys that are known at a place in the settings."""
    model: Any = Experiment
    for part in key:
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(str(part))
            model = field.annotation if field else None
        elif get_origin(model) is dict:
            model = get_args(model)[1]
        if get_origin(model) in (Union, UnionType):
            model = next(arg for arg in get_args(model) if arg is not type(None))
    if isinstance(model, type) and issubclass(model, BaseModel):
        return list(model.model_fields)
    return []
