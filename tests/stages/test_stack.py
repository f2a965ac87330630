"""stack on tables made by hand, in all kinds of contests: what is kept, what is written."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from pipeline.experiment.blend import answer_spaces, blend_spaces
from pipeline.experiment.predictions import read_predictions
from pipeline.experiment.work import Work
from pipeline.features.stack.load import gather_predictions
from pipeline.stages import stack
from pipeline.stages.registry import is_done
from pipeline.storage import write_table
from tests.hand_made import (
    AGE,
    FOLD,
    NUM,
    OLD,
    OLD_TASK,
    SEX,
    SEX_TASK,
    YEARS_TASK,
    YES_TASK,
    make_work,
    probs,
)

RNG = np.random.default_rng(8)


def facts(work: Work) -> dict:
    return json.loads(work.runs.stacked.with_suffix(".json").read_text())


def steps(work: Work) -> pd.DataFrame:
    return pd.read_csv(work.runs.stack("stack.csv")).set_index(["answer", "name"])


def soft(task: str, words: list[str], truth: np.ndarray, *, sure: float) -> pd.DataFrame:
    """Predictions that know something of every image, more or less."""
    raw = np.exp(RNG.normal(size=(NUM, len(words))) + sure * np.eye(len(words))[truth])
    values = raw / raw.sum(axis=1, keepdims=True)
    return pd.DataFrame(values, columns=[f"{task}.{word}" for word in words])


def product_work(folder: Path, **more) -> Work:
    words = ["m/<40", "m/>=40", "f/<40", "f/>=40"]
    return make_work(
        folder,
        tasks={"sex": {**SEX_TASK, "constant": True}, "old": {**OLD_TASK, "constant": True}},
        answer={"tasks": ["sex", "old"]},
        tables={
            "s": soft("sex", ["m", "f"], SEX, sure=2.5),
            "o": soft("old", ["<40", ">=40"], OLD, sure=2.0),
            "noise": soft("old", ["<40", ">=40"], OLD, sure=0.0),
            "j": soft("answer", words, SEX * 2 + OLD, sure=1.5),
        },
        pool={"use": "off"},
        **more,
    )


def test_ballots_say_what_the_ensemble_s_mean_says(tmp_path: Path) -> None:
    work = product_work(
        tmp_path, ensemble={"method": "weighted", "weights": {"s": 1, "o": 2, "j": 3}}
    )
    tables = {name: read_predictions(work.runs, name, "oof") for name in work.settings.members}
    ids = [f"i{i}" for i in RNG.permutation(NUM)]
    (space,) = answer_spaces(work.settings)
    given = {"image_ids": ids, "settings": work.settings}
    found = gather_predictions(tables, space=space, **given).joint()
    expected = blend_spaces(tables, part="oof", **given)["answer"]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_product_of_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = product_work(tmp_path, submission={"value": "label"})
    stack.check(work)
    stack.run(work)
    out, record, table = capsys.readouterr().out, facts(work), steps(work)
    assert {name for _, name in table.index} == {
        "members: geometric",
        "members: caruana",
        "members: stacking",
        "calibration",
        "decision: offsets by task",
        "decision: offsets by class",
    }
    assert "plain mean" in out
    assert re.search(r"nested gain above 0.*, however uncertain, ", out)
    assert "calibration error (ECE, 15 bins)" in out
    assert record["method"] == "stack"
    (part,) = record["parts"]
    kept = [name for _, name in table[table["kept"]].index]
    assert part["kept"] == kept
    assert all(
        table.loc[("answer", name), "gain_low"] > 0 for name in kept if name != "calibration"
    )
    total = part["gain"]["value"]
    assert part["oof"]["value"] == pytest.approx(part["plain"]["value"] + total)
    assert list(pd.read_csv(work.runs.stacked)["image_id"]) == ["t1", "t0"]
    assert is_done(work, "stack")
    ledger = pd.read_csv(work.runs.ledger)
    assert ledger["name"].tolist() == ["hand-stack"]
    before = work.runs.stacked.read_bytes()
    stack.run(work)  # the same again, to the last byte
    assert work.runs.stacked.read_bytes() == before
    assert steps(work).equals(table)


def test_people_whom_the_contest_names_are_pooled(tmp_path: Path) -> None:
    """Both test images are of one person; held-out people have two images each. By hand: the
    mean of each person's probabilities. Labels change within a person here, so it can't help."""
    sex = soft("sex", ["m", "f"], SEX, sure=2.0)
    work = make_work(
        tmp_path,
        tasks={"sex": {**SEX_TASK, "constant": True}},
        answer={"tasks": ["sex"]},
        tables={"s": sex},
        stack={"layers": ["pooling"]},
    )
    images = pd.read_parquet(work.runs.images)
    images.loc[images["part"] == "test", "person_id"] = "somebody"
    write_table(work.runs.images, images)
    stack.run(work)
    table = steps(work)
    pairs = sex.to_numpy().reshape(-1, 2, 2).mean(axis=1).repeat(2, axis=0)
    expected = (pairs.argmax(axis=1) == SEX).mean()
    assert table.loc[("answer", "pooling: mean"), "nested"] == pytest.approx(expected)
    assert not table["kept"].any()


def test_a_score_gets_its_threshold_from_other_people(tmp_path: Path) -> None:
    scores = np.clip(0.2 + 0.1 * (SEX - 0.5) + RNG.normal(0, 0.02, NUM), 0, 1)
    work = make_work(
        tmp_path,
        tasks={"yes": YES_TASK},
        answer={"tasks": ["yes"]},
        tables={"only": pd.DataFrame({"yes.score": scores})},
        submission={"format": "lines"},
    )
    stack.run(work)
    (part,) = facts(work)["parts"]
    assert part["kept"][-1] == "decision: threshold"
    learnt = part["decision_learnt"]
    assert part["decision"] == f"score >= {learnt:g}"
    assert part["oof"]["value"] < 0.1 < part["plain"]["value"]
    if part["kept"] == ["decision: threshold"]:  # by hand: each fold by the others' threshold
        assert 0.15 < learnt < 0.25
        expected = [f"{int(score >= learnt)}" for score in scores[:2]]
        assert work.runs.stacked.read_text().splitlines() == expected


def test_numbers_and_classes_in_columns(tmp_path: Path) -> None:
    """The years of one member are right but for a shift, those of the other are a guess."""
    good = pd.DataFrame({"years.value": np.clip(AGE + RNG.normal(0, 2, NUM), 0, 99)})
    bad = pd.DataFrame({"years.value": RNG.uniform(10, 80, NUM)})
    work = make_work(
        tmp_path,
        tasks={"sex": SEX_TASK, "years": YEARS_TASK},
        answer={"tasks": ["sex", "years"], "combine": "columns"},
        tables={"both": probs("sex", ["m", "f"], SEX, share=0.9).join(good), "bad": bad},
        submission={"columns": {"years": "age"}},
    )
    stack.run(work)
    record, table = facts(work), steps(work)
    assert [part["answer"] for part in record["parts"]] == ["sex", "years"]
    years = record["parts"][1]
    assert years["kept"][0] in ("members: caruana", "members: stacking")
    assert years["oof"]["value"] < 3 < years["plain"]["value"]
    assert ("sex", "members: caruana") not in table.index  # one member: nothing to choose
    answers = pd.read_csv(work.runs.stacked)
    assert list(answers.columns) == ["image_id", "sex", "age"]
    np.testing.assert_allclose(answers["age"], AGE[:2], atol=8)
    if years["kept"] == ["members: caruana"]:
        weights = years["learnt"]["members: caruana"]["years"]
        assert weights["both"] > 0.85


def test_a_gap_metric_is_named_and_no_group_pays(tmp_path: Path, capsys) -> None:
    """Answers a fifth too high, and the women's 4 lower again."""
    task = {"kind": "regression", "column": "age", "low": 0, "high": 99, "group": "half"}
    work = make_work(
        tmp_path,
        tasks={"years": {**task, "metric": "occlusion_gap"}},
        answer={"tasks": ["years"]},
        tables={"a": pd.DataFrame({"years.value": AGE * 1.2 - 4 * SEX})},
    )
    images = pd.read_parquet(work.runs.images)
    images["half"] = np.where(images["sex"] == "f", 0.95, 0.1)
    write_table(work.runs.images, images)
    stack.run(work)
    out, (part,) = capsys.readouterr().out, facts(work)["parts"]
    assert "warning: occlusion_gap can be gamed" in out
    assert "making the better group worse" in out
    assert part["kept"] == ["decision: line"]
    slope, shift = part["decision_learnt"]
    before, after = (
        [
            np.average((values - AGE)[half] ** 2, weights=AGE[half] + 1 / 30)
            for half in (SEX == 0, SEX == 1)
        ]
        for values in (
            np.clip(AGE * 1.2 - 4 * SEX, 0, 99),
            np.clip(slope * (AGE * 1.2 - 4 * SEX) + shift, 0, 99),
        )
    )
    assert all(now <= was * (1 + 1e-6) for was, now in zip(before, after, strict=True))


def test_one_fold_is_refused_before_anything_starts(tmp_path: Path) -> None:
    work = product_work(tmp_path, folds={"num": 4, "train": [0]})
    with pytest.raises(ValueError, match=r"folds\.train names one fold"):
        stack.check(work)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"stack": {"layers": ["decision", "members"]}}, "decision comes last"),
        ({"stack": {"layers": ["members", "views"]}}, "views must come first"),
        ({"stack": {"methods": ["caruana", "caruana"]}}, "names one of them twice"),
        ({"ensemble": {"method": "rank"}}, "rank is for tasks of kind binary; sex is multiclass"),
    ],
)
def test_what_cannot_be_is_said_by_the_settings(tmp_path: Path, more: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        product_work(tmp_path, **more)


def test_settings_choose_layers_and_the_rule(tmp_path: Path) -> None:
    chosen = {"layers": ["calibration", "members"], "methods": ["caruana"], "keep": "point"}
    work = product_work(tmp_path, stack={**chosen, "select_by": "log_loss", "bags": 3})
    stack.run(work)
    table = steps(work)
    assert [name for _, name in table.index] == ["calibration", "members: caruana"]
    row = table.loc[("answer", "members: caruana")]
    assert row["kept"] == (row["gain"] > 0)
    (part,) = facts(work)["parts"]
    truth = SEX * 2 + OLD
    plain = blend_spaces(
        {name: read_predictions(work.runs, name, "oof") for name in work.settings.members},
        image_ids=[f"i{i}" for i in range(NUM)],
        part="oof",
        settings=work.settings,
    )["answer"]
    expected = reference.f1_score(truth, plain.argmax(1), average="macro")
    assert part["plain"]["value"] == pytest.approx(expected)
    assert set(FOLD) == {0, 1, 2, 3}


def test_where_nothing_is_kept_the_plain_answer_stays(tmp_path: Path) -> None:
    """One member, no layer that can change an answer: the mean's answers, to the last digit."""
    values = AGE + RNG.normal(0, 4, NUM)
    work = make_work(
        tmp_path,
        tasks={"years": YEARS_TASK},
        answer={"tasks": ["years"]},
        tables={
            "a": pd.DataFrame({"years.value": values}),
            "b": pd.DataFrame({"years.value": values}),
        },
        stack={"layers": ["members"]},
    )
    stack.run(work)
    (part,) = facts(work)["parts"]
    assert part["kept"] == []
    assert part["decision"] == "value"
    answers = pd.read_csv(work.runs.stacked, float_precision="round_trip")["answer"]
    expected = blend_spaces(
        {name: read_predictions(work.runs, name, "test") for name in "ab"},
        image_ids=["t1", "t0"],
        part="test",
        settings=work.settings,
    )["answer"]
    assert answers.tolist() == np.clip(expected[:, 0], 0, 99).tolist()


def test_without_test_images_the_answers_are_nested_oof(tmp_path: Path) -> None:
    sex = probs("sex", ["m", "f"], SEX, share=0.8)
    work = make_work(
        tmp_path,
        tasks={"sex": {**SEX_TASK, "constant": True}},
        answer={"tasks": ["sex"]},
        tables={"s": sex},
        submission={"value": "index"},
    )
    for path in (work.runs.images, work.runs.faces):
        frame = pd.read_parquet(path)
        write_table(path, frame[frame["image_id"].str.startswith("i")])
    stack.run(work)
    record = facts(work)
    assert record["of"] == "train images, out of fold"
    answers = pd.read_csv(work.runs.stacked).set_index("image_id")["answer"]
    right = (answers.loc[[f"i{i}" for i in range(NUM)]].to_numpy() == SEX).mean()
    assert right == pytest.approx(record["oof"]["value"])
