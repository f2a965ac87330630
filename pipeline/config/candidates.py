"""The members that `./run.sh auto` may try, as a file lists them."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from pipeline.config.deep_merge import lay_under
from pipeline.config.member import Head, Member
from pipeline.config.types import Positive, Settings, Word, nearest
from pipeline.config.yaml12 import read_yaml_file

_HOLDER = {"any": Head()}  # a candidate's recipe is checked before its tasks are known


class Candidate(Settings):
    """A member without its tasks, and what is expected of it."""

    gain: Positive
    """How much one try is expected to add to the ensemble, beside the other candidates; no unit."""
    family: Word
    """Where a try adds nothing, the candidates of the same family are expected to add half."""
    numbers: Literal["band", "distribution"] = "band"
    """How a number, or a class that is cut from one, is learnt."""
    machine: Literal["any", "cpu", "gpu"] = "any"
    """Where the candidate is worth trying."""
    quick_form_of: Word | None = None
    """A longer candidate that makes this one superfluous where there is time for it."""
    member: dict[str, Any] = Field(min_length=1)
    """The recipe: keys of a member, but its tasks."""

    def recipe(self, tasks: dict[str, Head]) -> Member:
        """The member with its heads. Raises ValidationError for a key that members do not have."""
        heads = {name: head.model_dump(mode="json") for name, head in tasks.items()}
        return Member.model_validate({**self.member, "tasks": heads})


def read_candidates(path: Path) -> dict[str, Candidate]:
    """The candidates of a file by name, in its order, `defaults:` laid under every member.

    Raises ValueError, a sentence a problem with the file's line.
    """
    if not path.is_file():
        raise ValueError(f"candidates: no file {path}")
    raw, lines = read_yaml_file(path)
    listed = raw.get("candidates") if isinstance(raw, dict) else None
    unknown = set(raw) - {"defaults", "candidates"} if isinstance(raw, dict) else set()
    if not isinstance(listed, dict) or not listed or unknown:
        raise ValueError(f"{path}: needs `candidates:` (and may have `defaults:`), nothing else")
    defaults = raw.get("defaults") or {}
    if not isinstance(defaults, dict):
        place = f"{path} line {lines.get(('defaults',), 1)}"
        raise ValueError(f"{place}: defaults: must hold keys of a member, found {defaults!r}")
    found, problems = {}, []
    for name, one in listed.items():
        place = f"{path} line {lines.get(('candidates', name), 1)}: candidates.{name}"
        if not isinstance(one, dict) or not isinstance(one.get("member"), dict):
            problems.append(f"{place}: must hold gain, family and member")
            continue
        member = lay_under(defaults, one["member"])
        if "tasks" in member:
            problems.append(f"{place}.member.tasks: leave it out; a candidate learns every task")
            continue
        try:
            TypeAdapter(Word).validate_python(name)
        except ValidationError:
            problems.append(f"{place}: {name!r} can't be the name of a member")
            continue
        try:
            candidate = Candidate.model_validate({**one, "member": member})
            recipe = candidate.recipe(_HOLDER)
        except ValidationError as error:
            problems += [_say(place, problem) for problem in error.errors()]
            continue
        if recipe.is_student:  # its teachers may be dropped before it is tried
            problems.append(
                f"{place}.member: soup, pseudo and distil need other members; leave out"
            )
            continue
        found[name] = candidate
    quick = {name: one.quick_form_of for name, one in found.items() if one.quick_form_of}
    for name, long in quick.items():
        if long not in listed or long in quick:
            place = f"{path} line {lines.get(('candidates', name), 1)}: candidates.{name}"
            known = [other for other in found if other not in quick]
            problems.append(
                f"{place}.quick_form_of: {long!r} is no candidate, or a quick form itself"
                f"{nearest(long, known)} there are: {', '.join(known)}"
            )
    if problems:
        raise ValueError("\n".join(problems))
    return found


def _say(place: str, problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    return f"{place}: {key + ': ' if key else ''}{problem['msg']}, found {problem['input']!r}"
