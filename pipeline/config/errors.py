"""What is wrong with settings, in sentences: the place, what was found, what is allowed."""

from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from pipeline.config.experiment import Experiment
from pipeline.config.types import nearest
from pipeline.config.yaml12 import Key

# words of the first version -> the word that stands for them now
RENAMED_KEYS = {
    "infer.views": "tta, at the top: tta: [identity, flip]",
    "pictures_per_person": "images_per_person",
}
RENAMED_KINDS = {"classes": "multiclass", "score": "binary", "number": "regression"}


COMMAND_LINE = "command line"


class Source:
    """Where each value came from: a file's line or the command line."""

    def __init__(self) -> None:
        self.places: dict[Key, str] = {}
        self.new_members: dict[str, list[str]] = {}  # on the command line -> those of the file

    def add(self, lines: dict[Key, int], *, name: str, above: Key = ()) -> None:
        """Notes where keys stand: their `lines` in the file `name`, below the key `above`."""
        for key, line in lines.items():
            self.places[(*above, *key)] = f"{name} line {line}" if key else name
        self.places[above] = name  # of what is not in the file no line can be named

    def override(self, key: Key) -> None:
        """Notes a value of the command line: what stood below it is gone, and so are its lines."""
        for other in [other for other in self.places if other[: len(key)] == key]:
            del self.places[other]
        self.places[key] = COMMAND_LINE

    def note_default(self, key: Key, place: str) -> None:
        """Notes where a key's default stands, unless the key or the list that holds it is set."""
        lists = [key[:depth] for depth, part in enumerate(key) if isinstance(part, int)]
        if not any(self.places.get(one) == COMMAND_LINE for one in lists):
            self.places.setdefault(key, place)

    def find(self, key: Key) -> str:
        """The place of the longest part of the key that came from somewhere."""
        for length in range(len(key), -1, -1):
            if key[:length] in self.places:
                return self.places[key[:length]]
        return "settings"


def say_problem(problem: ErrorDetails, source: Source) -> str:
    """One of pydantic's problems as a sentence."""
    key = tuple(part for part in problem["loc"] if not _is_choice(part))
    place = source.find(key)
    spot = ".".join(map(str, key))
    lead = f"{place}: {spot}" if spot else place
    found = problem.get("input")
    kind = problem["type"]
    context = problem.get("ctx", {})
    if kind == "extra_forbidden":
        renamed = RENAMED_KEYS.get(spot) or RENAMED_KEYS.get(str(key[-1]))
        if renamed is not None:
            return f"{lead}: this key is now {renamed}"
        known = _fields_at(key[:-1])
        hint = nearest(str(key[-1]), known)
        return f"{lead}: unknown key (found {found!r}){hint} allowed here: {', '.join(known)}"
    if kind == "missing":
        if key[:1] == ("members",) and key[1:2] and key[1] in source.new_members:
            known = source.new_members[str(key[1])]
            return (
                f"command line: no member {key[1]!r}{nearest(key[1], known)} the members are "
                f"{', '.join(known)}, and a new one needs its tasks and backbone"
            )
        return f"{lead}: is missing"
    if kind == "dict_type":
        return f"{lead}: found {found!r}; write {key[-1]}: {{name: value}}"
    if kind == "model_type":
        return f"{lead}: found {found!r}; {_say_model(key, found)}"
    if kind == "value_error":
        lines = str(context["error"]).split("\n")
        return "\n".join(f"{_place_of(line, lead, source)}: {line}" for line in lines)
    if kind == "literal_error":
        allowed = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        if key[-1:] == ("kind",) and str(found) in RENAMED_KINDS:
            return f"{lead}: kind {found} is now called {RENAMED_KINDS[str(found)]}"
        hint = nearest(str(found), allowed)
        return f"{lead}: found {found!r}{hint} allowed: {', '.join(allowed)}"
    message = problem["msg"][0].lower() + problem["msg"][1:]
    return f"{lead}: found {found!r}; {message}"


def _say_model(key: Key, found: object) -> str:
    """What to write where a value stands in the place of several keys."""
    known = _fields_at(key)
    if "name" in known and isinstance(found, str):
        start = f"write {key[-1]}: {{name: {found}}}; beside name"
        return f"{start} there may be {', '.join(word for word in known if word != 'name')}"
    return f"write {key[-1]}: {{key: value}}, with the keys {', '.join(known)}"


def _place_of(line: str, lead: str, source: Source) -> str:
    """For a cross-field problem `a.b.c: ...` the line where that key stands."""
    key = tuple(line.split(": ", maxsplit=1)[0].split("."))
    while key and key not in source.places:
        key = key[:-1]
    return source.places[key] if key else lead


def _is_choice(part: Any) -> bool:
    """Whether pydantic put this word in for a branch of a union, and no user wrote it."""
    branches = ("str", "int", "float", "constrained-int")
    return isinstance(part, str) and ("[" in part or part in branches)


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
