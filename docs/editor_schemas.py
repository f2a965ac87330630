"""JSON schemas of the YAML files, for editors: what a file holds differs a little from what the
program works with, because a file leaves things to its name, to `defaults` and to another file."""

import copy
from typing import Any

from pipeline.config import Competition, Experiment

Schema = dict[str, Any]


def experiment_schema() -> Schema:
    """The schema of configs/NAME.yaml."""
    schema = copy.deepcopy(Experiment.model_json_schema())
    parts, keys = schema["$defs"], schema["properties"]
    _without_name(schema)
    _without_name(parts["Competition"])  # an experiment's file may hold its competition
    contest = {"description": "The name of a competition's file, or the competition itself."}
    keys["competition"] = contest | {"anyOf": [{"type": "string"}, keys["competition"]]}
    member = parts["Member"]
    del member["required"]  # `defaults` may say it for all members
    keys["members"]["patternProperties"] = {
        pattern: {"anyOf": [one, {"type": "null"}]}  # an empty one takes all from `defaults`
        for pattern, one in keys["members"]["patternProperties"].items()
    }
    keys["defaults"] = {"$ref": "#/$defs/Member", "description": "Holds for every member."}
    return schema


def competition_schema() -> Schema:
    """The schema of configs/competitions/NAME.yaml."""
    schema = copy.deepcopy(Competition.model_json_schema())
    _without_name(schema)
    return schema


def _without_name(schema: Schema) -> None:
    """Leaves out `name`: the file's own name is it."""
    del schema["properties"]["name"]
    schema["required"].remove("name")
