"""A soup of seeds: averaged on each fold, chosen on the others, answering as every member does."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.config import load_experiment
from pipeline.storage import PROJECT, Runs
from tests.conftest import tiny

Call = Callable[..., tuple[int, str, str]]
SOUP = ("folds.num=2", "members.age.seeds=[1, 2]", "members.age_soup={soup: age}")


def test_a_soup_is_chosen_on_other_folds_and_answers(
    contest: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.experiment.images_table import read_labelled
    from pipeline.models.checkpoint import load_state
    from pipeline.training.soup_cell import _Averages

    words = [*tiny("sample", root=contest, folder=tmp_path), *SOUP, "members.age.same_start=true"]
    code, out, error = call("train", "infer", *words)
    assert code == 0, error
    assert "age_soup, the averaged weights of age: it has" in out
    run = tmp_path / "runs/sample"
    parts, _ = load_state(run / "age_soup/fold0-seed1/weights.safetensors")
    states = [load_state(run / f"age/fold0-seed{s}/weights.safetensors")[0] for s in (1, 2)]
    ours = parts["network"]["heads.age.weight"]
    mean = sum(state["network"]["heads.age.weight"] for state in states) / 2
    single = [torch.equal(ours, state["network"]["heads.age.weight"]) for state in states]
    assert torch.allclose(ours, mean) or any(single)  # one seed alone, where that scores better
    fitted = pd.read_parquet(run / "age_soup/fold0-seed1/oof.parquet")
    answered = pd.read_parquet(run / "age_soup/oof_views.parquet")
    answered = answered[(answered["view"] == "identity") & (answered["fold"] == 0)]
    both = fitted.merge(answered, on="image_id", suffixes=("", "_again"))
    assert len(both) == len(fitted) > 0
    np.testing.assert_allclose(both["age.<30"], both["age.<30_again"], atol=1e-5)
    assert json.loads((run / "age_soup/fold0-seed1/done.json").read_text())["num_epochs"] == 1

    settings = load_experiment("sample", words[2:], configs=PROJECT / "configs")
    averages = _Averages(
        settings,
        Runs(settings),
        "age_soup",
        read_labelled(Runs(settings)),
        device=torch.device("cpu"),
        precision="float32",
    )
    asked = []
    monkeypatch.setattr(averages, "score", lambda fold, seeds: asked.append(fold) or 0.0)
    averages.choose(0)
    assert set(asked) == {1}

    # folds 2 and 3 are another split: they hold out the people of fold 0 too
    more = settings.folds.model_copy(update={"repeats": 2})
    averages.settings = settings.model_copy(update={"folds": more})
    asked.clear()
    averages.choose(0)
    assert set(asked) == {1}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (SOUP, "set members.age.same_start: true"),
        (("members.x={soup: age}", "members.age.same_start=true"), "age has one seed"),
        (
            (*SOUP, "members.age.same_start=true", "folds.repeats=2", "folds.train=[0, 2]"),
            "folds.train needs two of a split",
        ),
        (("members.x={soup: agee}",), "no member 'agee'; did you mean 'age'?"),
        (("members.x={soup: age, lr: 1}",), "soup takes everything else from age; leave out lr"),
    ],
)
def test_what_cannot_be_averaged_is_a_sentence(words: tuple[str, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("?", r"\?").replace(".", r"\.")):
        load_experiment("sample", list(words), configs=PROJECT / "configs")
