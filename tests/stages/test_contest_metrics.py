"""Contests that are judged by other metrics than the usual ones, from tables made by hand."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics as reference

from pipeline.experiment.fingerprints import evaluate_key
from pipeline.experiment.own_metric_digests import own_metric_files
from pipeline.experiment.work import Work
from pipeline.stages import ensemble, evaluate, stack
from tests.hand_made import (
    AGE,
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

RNG = np.random.default_rng(11)
BANDS = np.digitize(AGE, [30, 50])
BANDS_TASK = {"kind": "multiclass", "column": "age", "edges": [30, 50]}
BAND_WORDS = ["<30", "30-50", ">=50"]
MINE = """
import pandas as pd

higher_is_better = False


def score(solution: pd.DataFrame, submission: pd.DataFrame, row_id_column_name: str) -> float:
    del solution[row_id_column_name]
    del submission[row_id_column_name]
    return (solution["answer"] != submission["answer"]).mean()
"""


def oof(work: Work, name: str, task: str) -> float:
    scores = pd.read_csv(work.runs.scores)
    whole = scores[scores["fold"] == "all"].set_index(["source", "task"])
    return (
        whole.loc[(name, task)]
        .query("metric == @work.settings.competition.metric_name")["value"]
        .iloc[0]
    )


def run_all(work: Work) -> dict:
    """evaluate, ensemble and stack; gives the record of the ensemble's one answer."""
    evaluate.run(work)
    ensemble.check(work)
    ensemble.run(work)
    stack.check(work)
    stack.run(work)
    (part,) = json.loads(work.runs.submission_record.read_text())["parts"]
    return part


@pytest.mark.parametrize("metric", ["log_loss", "macro_roc_auc", "map@2", "quadratic_kappa"])
def test_classes(tmp_path: Path, metric: str) -> None:
    tables = {
        "a": probs("bands", BAND_WORDS, BANDS, share=0.8),
        "b": probs("bands", BAND_WORDS, BANDS, share=0.6),
    }
    work = make_work(
        tmp_path,
        tasks={"bands": {**BANDS_TASK, "metric": metric}},
        answer={"tasks": ["bands"]},
        tables=tables,
    )
    part = run_all(work)
    mean = (tables["a"].to_numpy() + tables["b"].to_numpy()) / 2
    expected = {
        "log_loss": reference.log_loss(BANDS, mean, labels=[0, 1, 2]),
        "macro_roc_auc": reference.roc_auc_score(BANDS, mean, multi_class="ovr"),
        "map@2": np.mean(
            [
                {0: 1, 1: 0.5, 2: 0}[list(np.argsort(-row, kind="stable")).index(true)]
                for row, true in zip(mean, BANDS, strict=True)
            ]
        ),
        "quadratic_kappa": reference.cohen_kappa_score(
            BANDS, mean.argmax(axis=1), weights="quadratic"
        ),
    }[metric]
    assert part["oof"]["metric"] == metric
    assert part["oof"]["value"] == pytest.approx(expected)
    assert oof(work, "all members", "answer") == pytest.approx(expected)
    low, high = part["oof"]["low"], part["oof"]["high"]
    assert low < expected < high
    layers = pd.read_csv(work.runs.stack("stack.csv"))["name"].tolist()
    assert any(name.startswith("decision") for name in layers) == (metric == "quadratic_kappa")


@pytest.mark.parametrize("metric", ["log_loss", "brier", "average_precision", "matthews"])
def test_a_score(tmp_path: Path, metric: str) -> None:
    scores = np.clip(0.4 + 0.3 * (SEX - 0.5) + RNG.normal(0, 0.2, NUM), 0.01, 0.99)
    work = make_work(
        tmp_path,
        tasks={"yes": {**YES_TASK, "metric": metric}},
        answer={"tasks": ["yes"]},
        tables={"only": pd.DataFrame({"yes.score": scores})},
    )
    part = run_all(work)
    expected = {
        "log_loss": reference.log_loss(SEX, scores),
        "brier": reference.brier_score_loss(SEX, scores),
        "average_precision": reference.average_precision_score(SEX, scores),
        "matthews": reference.matthews_corrcoef(SEX, scores >= 0.5),
    }[metric]
    assert part["oof"]["value"] == pytest.approx(expected)
    answers = pd.read_csv(work.runs.submission)["answer"]
    assert (answers[0] == pytest.approx(scores[0])) == (metric != "matthews")


@pytest.mark.parametrize("metric", ["rmsle", "spearman", "quadratic_kappa", "pinball@0.8"])
def test_a_number(tmp_path: Path, metric: str) -> None:
    values = (AGE // 10 + RNG.normal(0, 1.0, NUM)).clip(0, 9)
    task = {**YEARS_TASK, "metric": metric}
    work = make_work(
        tmp_path,
        tasks={"years": task},
        answer={"tasks": ["years"]},
        tables={"only": pd.DataFrame({"years.value": values * 10})},
    )
    part = run_all(work)
    answers = values * 10
    expected = {
        "rmsle": reference.root_mean_squared_log_error(AGE, answers),
        "spearman": stats.spearmanr(AGE, answers).statistic,
        "quadratic_kappa": reference.cohen_kappa_score(
            AGE, np.rint(answers).astype(int), weights="quadratic", labels=list(range(100))
        ),
        "pinball@0.8": reference.mean_pinball_loss(AGE, answers, alpha=0.8),
    }[metric]
    assert part["oof"]["value"] == pytest.approx(expected)


def own_work(folder: Path, code: str, **more) -> Work:
    (folder / "configs" / "competitions").mkdir(parents=True)
    (folder / "configs" / "competitions" / "mine.py").write_text(code)
    return make_work(
        folder,
        tasks={"sex": SEX_TASK, "old": OLD_TASK},
        answer={"tasks": ["sex", "old"], "metric": "mine.py:score"},
        tables={
            "s": probs("sex", ["m", "f"], SEX, share=0.9),
            "o": probs("old", ["<40", ">=40"], OLD, share=0.8),
        },
        **{"submission": {"value": "label"}, "bootstrap": 100, **more},
    )


def test_a_metric_of_ones_own(tmp_path: Path) -> None:
    work = own_work(tmp_path, MINE)
    part = run_all(work)
    assert part["oof"]["metric"].endswith("mine.py:score")
    tables = {name: pd.read_parquet(work.runs.predictions(name, "oof")) for name in "so"}
    tables = {name: table.set_index("image_id") for name, table in tables.items()}
    ids = [f"i{i}" for i in range(NUM)]
    sex = tables["s"].loc[ids, ["sex.m", "sex.f"]].to_numpy().argmax(axis=1)
    old = tables["o"].loc[ids, ["old.<40", "old.>=40"]].to_numpy().argmax(axis=1)
    assert part["oof"]["value"] == pytest.approx(((sex != SEX) | (old != OLD)).mean())
    assert part["oof"]["low"] < part["oof"]["value"] < part["oof"]["high"]


LOSS = """
from sklearn.metrics import log_loss

higher_is_better = False


def score(solution, submission, row_id_column_name):
    assert list(solution.columns) == list(submission.columns)
    columns = [column for column in submission.columns if column != row_id_column_name]
    return log_loss(solution[columns].to_numpy(), submission[columns].to_numpy())
"""


def test_a_metric_of_ones_own_sees_probabilities_where_the_sample_has_them(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "mine.py").write_text(LOSS)
    sample = pd.DataFrame({"id": ["t0", "t1"], "<30": 0.5, "30-50": 0.25, ">=50": 0.25})
    sample.to_csv(tmp_path / "sample.csv", index=False)
    table = probs("bands", BAND_WORDS, BANDS, share=0.8)
    work = make_work(
        tmp_path,
        tasks={"bands": {**BANDS_TASK, "metric": "mine.py:score"}},
        answer={"tasks": ["bands"]},
        tables={"a": table},
        submission={"id": "id", "sample": "sample.csv"},
        bootstrap=100,
    )
    part = run_all(work)
    expected = reference.log_loss(BANDS, table.to_numpy(), labels=[0, 1, 2])
    assert part["oof"]["value"] == pytest.approx(expected, rel=1e-6)
    assert list(pd.read_csv(work.runs.submission).columns) == ["id", *BAND_WORDS]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (MINE.replace("higher_is_better = False", ""), "must say `higher_is_better = True`"),
        (MINE.replace("def score", "def scores"), "has no function 'score'; it has scores"),
        (MINE.replace("def score(", "def score"), "mine.py line 7: SyntaxError"),
        ("import a_module_that_is_not_there\n", "ModuleNotFoundError: No module named 'a_module"),
        (MINE.replace('"answer"', '"target"'), "KeyError: 'target'.*columns 'image_id', 'answer'"),
        (
            MINE.replace("    return (", "    return 'much' or ("),
            "must give a number, it gave 'much'",
        ),
    ],
)
def test_what_is_wrong_in_a_metric_is_said(tmp_path: Path, code: str, says: str) -> None:
    work = own_work(tmp_path, code)
    with pytest.raises(ValueError, match=f"(?s)metric .*{says}"):
        run_all(work)


def test_a_metric_that_is_nowhere_is_said_by_the_stage_that_needs_it(tmp_path: Path) -> None:
    work = own_work(tmp_path, MINE)
    contest = work.settings.competition
    answer = contest.answer.model_copy(update={"metric": "gone.py:score"})
    settings = work.settings.model_copy(
        update={"competition": contest.model_copy(update={"answer": answer})}
    )
    with pytest.raises(ValueError, match=r"metric gone.py:score: there is no file"):
        ensemble.check(Work(settings=settings, runs=work.runs, command=[]))


def test_images_without_a_label_teach_no_layer_and_score_nothing(tmp_path: Path) -> None:
    tables = {
        "a": probs("bands", BAND_WORDS, BANDS, share=0.8),
        "b": probs("bands", BAND_WORDS, BANDS, share=0.6),
        "s": probs("sex", ["m", "f"], SEX, share=0.9),
    }
    work = make_work(
        tmp_path,
        tasks={"bands": BANDS_TASK, "sex": SEX_TASK},
        answer={"tasks": ["bands", "sex"], "combine": "columns"},
        tables=tables,
    )
    images = pd.read_parquet(work.runs.images)
    images.loc[images.index % 3 == 0, "age"] = None
    images.to_parquet(work.runs.images)
    known = np.arange(NUM) % 3 != 0
    stack.run(work)
    (bands, _) = json.loads(work.runs.stacked.with_suffix(".json").read_text())["parts"]
    mean = (tables["a"].to_numpy() + tables["b"].to_numpy()) / 2
    expected = reference.f1_score(BANDS[known], mean.argmax(axis=1)[known], average="macro")
    assert bands["plain"]["value"] == pytest.approx(expected)
    steps = pd.read_csv(work.runs.stack("stack.csv"))
    assert np.isfinite(steps[["naive", "nested", "low", "high", "gain"]].to_numpy()).all()


def test_a_changed_metric_makes_scores_out_of_date(tmp_path: Path) -> None:
    work = own_work(tmp_path, MINE)
    (path,) = own_metric_files(work.settings).values()
    assert path == tmp_path / "configs" / "competitions" / "mine.py"
    before = evaluate_key(work.settings)
    path.write_text(MINE + "# changed\n")
    assert evaluate_key(work.settings) != before
