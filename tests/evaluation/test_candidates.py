"""What the words of compare and report name, and who is held out by several splits."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation.candidates import find_candidate, held_out_images
from pipeline.experiment.work import Work
from pipeline.storage import Cell, read_table, write_table
from tests.hand_made import (
    FOLD,
    FOLDS,
    SEX,
    SEX_TASK,
    copy_as,
    make_work,
    places,
    probs,
    product,
    store,
)

Call = Callable[..., tuple[int, str, str]]


def test_an_experiment_comes_before_a_member_of_the_config(tmp_path: Path) -> None:
    work = product(tmp_path)
    assert find_candidate(work.settings, work.runs, "s").name == "hand/s"
    copy_as(work, "s")  # now there is an experiment of that name
    found = find_candidate(work.settings, work.runs, "s")
    assert (found.name, found.kind, found.settings.name) == ("s", "ensemble", "s")
    assert find_candidate(work.settings, work.runs, "hand/s").kind == "member"


def test_after_c_a_word_that_could_be_both_is_refused(tmp_path: Path) -> None:
    work = product(tmp_path)
    copy_as(work, "s")
    with pytest.raises(ValueError, match="'s' is an experiment and a part of hand: hand/s names"):
        find_candidate(work.settings, work.runs, "s", names_config=True)
    assert find_candidate(work.settings, work.runs, "o", names_config=True).name == "hand/o", (
        "it is nothing else"
    )
    assert find_candidate(work.settings, work.runs, "hand/s", names_config=True).kind == "member"


def second_split(folder: Path) -> Work:
    """An experiment whose second split alone is trained; in the first split folds are others."""
    work = make_work(
        folder,
        tasks={"sex": SEX_TASK},
        answer={"tasks": ["sex"]},
        tables={
            "a": probs("sex", ["m", "f"], SEX, share=0.9),
            "b": probs("sex", ["m", "f"], SEX, share=0.6),
        },
        folds={"num": FOLDS, "repeats": 2, "train": [FOLDS, FOLDS + 1]},
    )
    folds = read_table(work.runs.folds)
    write_table(work.runs.folds, folds.assign(fold=(FOLD + 1) % FOLDS, fold_1=FOLD))
    for member in "ab":
        for place in (0, 1):
            old, new = Cell(member, place, 777), Cell(member, FOLDS + place, 777)
            table = read_table(work.runs.oof(old)).assign(fold=FOLDS + place)
            write_table(work.runs.oof(new), table)
            shutil.copy(work.runs.done(old), work.runs.done(new))
        path = work.runs.predictions(member, "oof")
        table = read_table(path)
        table = table[table["fold"].isin([0, 1])]
        write_table(path, table.assign(fold=table["fold"] + FOLDS))
    return store(work)


def test_the_images_of_a_second_split_are_found(tmp_path: Path, call: Call) -> None:
    work = second_split(tmp_path)
    held = held_out_images(find_candidate(work.settings, work.runs, "hand"))
    assert set(held["image_id"]) == {f"i{n}" for n in np.flatnonzero(FOLD < 2)}
    assert set(held["fold"]) == {0, 1}
    code, _, err = call("compare", "hand/a", "hand/b", *places(tmp_path))
    assert code == 0, err
    scores = pd.read_csv(tmp_path / "runs/compare/hand.a--hand.b/scores.csv")
    assert set(scores["fold"]) == {"0", "1", "mean", "sd", "all"}
    assert scores.loc[scores["fold"] == "all", "num_images"].tolist() == [int((FOLD < 2).sum())] * 2
