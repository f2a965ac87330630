"""Stack's layers, learnt again for new images, answer what stack's own submission answers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.experiment.blend import answer_spaces
from pipeline.experiment.cells import used_members
from pipeline.experiment.predictions import read_predictions
from pipeline.experiment.work import Work
from pipeline.features.stack.predictor import StackPredictor
from pipeline.stages import stack
from tests.hand_made import AGE, NUM, SEX, YEARS_TASK, YES_TASK, make_work
from tests.stages.test_stack import facts, product_work

RNG = np.random.default_rng(11)


def years(folder: Path) -> Work:
    """One member is right but for noise, the other guesses: weights are kept, and the answer is a
    number with all its digits."""
    good, bad = AGE + RNG.normal(0, 2, NUM), RNG.uniform(10, 80, NUM)
    tables = {
        name: pd.DataFrame({"years.value": values.clip(0, 99)})
        for name, values in (("good", good), ("bad", bad))
    }
    return make_work(
        folder, tasks={"years": YEARS_TASK}, answer={"tasks": ["years"]}, tables=tables
    )


def score(folder: Path) -> Work:
    values = np.clip(0.2 + 0.1 * (SEX - 0.5) + RNG.normal(0, 0.02, NUM), 0, 1)
    tables = {"only": pd.DataFrame({"yes.score": values})}
    return make_work(folder, tasks={"yes": YES_TASK}, answer={"tasks": ["yes"]}, tables=tables)


@pytest.mark.parametrize("make", [years, score, product_work])
def test_it_answers_as_the_submission_does(make, tmp_path: Path) -> None:
    work = make(tmp_path)
    stack.run(work)
    (part,) = facts(work)["parts"]
    assert part["kept"], "a contest in which nothing helps would prove nothing"
    written = pd.read_csv(work.runs.stacked, float_precision="round_trip").set_index("image_id")
    tables = {
        name: read_predictions(work.runs, name, "test") for name in used_members(work.settings)
    }
    (space,) = answer_spaces(work.settings)
    for ids in (["t1", "t0"], ["t0"]):  # one image is answered as it is among others
        asked = {name: table[table["image_id"].isin(ids)] for name, table in tables.items()}
        joint, decided = StackPredictor(work.settings, work.runs).answer(asked, ids)
        found = (
            joint[space.name][:, 0] if space.kind == "regression" else joint[space.name].argmax(1)
        )
        found = decided.get(space.name, found)
        assert found.tolist() == pytest.approx(written.loc[ids, "answer"].tolist(), rel=1e-12)
