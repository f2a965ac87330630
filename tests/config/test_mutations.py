"""Every shipped config, changed at random: it loads, or says in sentences why not.

Never a traceback, never a change that is swallowed."""

import copy
import os
from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.config import load_experiment
from pipeline.config.yaml12 import read_yaml_file
from pipeline.storage import PROJECT

CONFIGS = PROJECT / "configs"
SHIPPED = sorted(path.stem for path in CONFIGS.glob("*.yaml"))
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**6),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([*SHIPPED, "age", "mask", "none", "all", "imagenet", "1e-4", "", "../x", "<"]),
    st.text(max_size=6),
    st.lists(st.integers(-2, 3), max_size=3),
    st.dictionaries(st.sampled_from(["age", "loss", "p", "x"]), st.integers(0, 2), max_size=2),
)
EXAMPLES = int(os.environ.get("CONFIG_MUTATIONS", "250"))


@cache
def shipped(kind: str, name: str) -> dict:
    folder = CONFIGS if kind == "experiment" else CONFIGS / "competitions"
    return read_yaml_file(folder / f"{name}.yaml")[0]


def spots(value: object, key: tuple = ()) -> list[tuple]:
    """The paths of all values, of lists and of what they hold too."""
    found = [key] if key else []
    if isinstance(value, dict):
        return found + [spot for k, v in value.items() for spot in spots(v, (*key, k))]
    if isinstance(value, list):
        return found + [spot for i, v in enumerate(value) for spot in spots(v, (*key, i))]
    return found


def mutate(raw: dict, data: st.DataObject) -> str:
    """One change in place; what was done, in words."""
    *above, last = data.draw(st.sampled_from(spots(raw)))
    place = raw
    for part in above:
        place = place[part]
    what = data.draw(st.sampled_from(["value", "remove", "misspell", "add", "number"]))
    if what == "remove" and isinstance(place, dict):
        del place[last]
    elif what == "misspell" and isinstance(place, dict):
        place[f"{last}{data.draw(st.sampled_from('sx_'))}"] = place.pop(last)
    elif what == "add" and isinstance(place, dict):
        word = data.draw(st.sampled_from(["lrr", "weight", "x", "members", "0"]))
        place[word] = data.draw(VALUES)
    elif what == "number" and isinstance(place[last], int | float):
        place[last] = place[last] * data.draw(st.sampled_from([-1, 0, 1000, 0.5, 1e-9]))
    else:
        place[last] = data.draw(VALUES)
    return f"{what} {'.'.join(map(str, [*above, last]))}"


def check_loads_or_says(folder: Path, experiment: str, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["experiment", "competition"]))
    raw = copy.deepcopy(shipped("experiment", experiment))
    contest = copy.deepcopy(shipped("competition", raw["competition"]))
    name = raw["competition"]
    done = [mutate({"experiment": raw, "competition": contest}[kind], data) for _ in range(2)]
    (folder / "competitions").mkdir(exist_ok=True)
    (folder / "competitions" / f"{name}.yaml").write_text(yaml.safe_dump(contest))
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(raw))
    try:
        loaded = load_experiment(str(path), [], configs=folder)
    except ValueError as error:
        lines = str(error).splitlines()
        assert lines, done
        for line in lines:
            assert len(line) > 15, (done, line)
            assert "pydantic" not in line and "Traceback" not in line, (done, line)
        return
    assert spelled(raw.get("defaults", {})) <= spelled(loaded.model_dump(mode="json")), done
    assert loaded.name == "mine"


def spelled(value: object) -> set[str]:
    """Every key that stands anywhere in the settings."""
    if isinstance(value, dict):
        return {str(key) for key in value} | {k for v in value.values() for k in spelled(v)}
    if isinstance(value, list | tuple):
        return {key for item in value for key in spelled(item)}
    return set()


QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=QUIET)
@given(experiment=st.sampled_from(SHIPPED), data=st.data())
def test_a_changed_config_loads_or_says_why_not(
    experiment: str, data: st.DataObject, tmp_path: Path
) -> None:
    check_loads_or_says(tmp_path, experiment, data)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None, suppress_health_check=QUIET)
@given(experiment=st.sampled_from(SHIPPED), data=st.data())
def test_two_thousand_changed_configs_load_or_say_why_not(
    experiment: str, data: st.DataObject, tmp_path: Path
) -> None:
    check_loads_or_says(tmp_path, experiment, data)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60), raw=st.binary(max_size=40))
def test_any_text_is_a_config_or_a_sentence(
    text: str, raw: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    for content in (text.encode("utf-8", "surrogatepass"), raw, b"competition: sample\n" + raw):
        path.write_bytes(content)
        with pytest.raises(ValueError) as caught:
            load_experiment(str(path), [], configs=CONFIGS)
        assert "any.yaml" in str(caught.value)


@settings(max_examples=200, deadline=None)
@given(
    key=st.sampled_from(["members.age.lr", "folds.num", "crop", "tta", "members", "x", ""]),
    value=st.text(max_size=12),
)
def test_any_words_on_the_command_line_load_or_are_a_sentence(key: str, value: str) -> None:
    try:
        load_experiment("sample", [f"{key}={value}"], configs=CONFIGS)
    except ValueError as error:
        assert str(error).strip()
