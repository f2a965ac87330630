import numpy as np
import pytest

from pipeline.ensembling.combine import (
    combine_by_formula,
    combine_by_stackers,
    combine_by_weights,
    fit_stackers,
    select_weights,
)
from pipeline.ensembling.predictions import WHOLE, HeadKey, Predictions
from pipeline.labels.answers import combine_probs, marginal_probs, replace_marginal

RNG = np.random.default_rng(0)
N, SIZES = 40, (2, 3)
SEX, AGE, OTHER = (RNG.dirichlet(np.ones(c), size=(2, N)) for c in (2, 3, 3))
JOINT = RNG.dirichlet(np.ones(6), size=(2, N))
TRUTHS = {"sex": RNG.integers(2, size=N), "age": RNG.integers(3, size=N)}
TRUTHS[WHOLE] = TRUTHS["sex"] * 3 + TRUTHS["age"]


def predictions(*names: str) -> Predictions:
    known = {
        "s": (HeadKey("s", "sex"), SEX),
        "a": (HeadKey("a", "age"), AGE),
        "b": (HeadKey("b", "age", 3.0), OTHER),
        "j": (HeadKey("j", WHOLE), JOINT),
    }
    heads, probs = zip(*(known[name] for name in names), strict=True)
    return Predictions(heads, probs, ("sex", "age"), SIZES, np.arange(N))


def test_votes_meet_in_the_product() -> None:
    sex, age = SEX.mean(axis=0), (AGE.mean(axis=0) + 3 * OTHER.mean(axis=0)) / 4
    product = combine_probs([sex, age])
    np.testing.assert_allclose(predictions("s", "a", "b").joint(), product)
    # one voter for the whole beside the product, which weighs as its least answered task
    mixed = (JOINT.mean(axis=0) + product) / 2
    np.testing.assert_allclose(predictions("s", "a", "b", "j").joint(), mixed)
    np.testing.assert_allclose(predictions("j").joint(), JOINT.mean(axis=0))


def test_views_are_chosen_by_task_and_rows_taken() -> None:
    seen = predictions("s", "a").with_views({"sex": [1], "age": [0, 1]})
    np.testing.assert_allclose(seen.joint(), combine_probs([SEX[1], AGE.mean(axis=0)]))
    some = np.array([5, 3])
    np.testing.assert_allclose(seen[some].joint(), seen.joint()[some])
    assert seen[some].rows.tolist() == [5, 3]


def test_a_marginal_is_replaced_and_the_rest_stays() -> None:
    """Of a product it is the product with the other marginal; elsewhere the conditionals stay."""
    sex, age, new = SEX[0], AGE[0], OTHER[0]
    found = replace_marginal(combine_probs([sex, age]), new, sizes=SIZES, task=1)
    np.testing.assert_allclose(found, combine_probs([sex, new]))
    found = replace_marginal(JOINT[0], new, sizes=SIZES, task=1)
    np.testing.assert_allclose(marginal_probs(found, sizes=SIZES, task=1), new)
    before, after = (p.reshape(N, 2, 3) for p in (JOINT[0], found))
    np.testing.assert_allclose(after[:, 0] / after[:, 1], before[:, 0] / before[:, 1])


def test_a_change_of_a_task_reaches_whole_voters_too() -> None:
    def flat(probs: np.ndarray) -> np.ndarray:
        return np.full_like(probs, 1 / probs.shape[1])

    changes = [{"sex": flat}, {"age": lambda p: p}, {"sex": flat, "age": lambda p: p}]
    found = predictions("s", "a", "j").with_changes(changes)
    np.testing.assert_allclose(found.marginals()["sex"], 0.5)


def test_weights_are_selected_by_task_and_then_among_whole_answers() -> None:
    """b and j know the truth, a does not: b gets the age, j is as good as the product."""
    sure = np.full((2, N, 3), 0.05)
    sure[:, np.arange(N), TRUTHS["age"]] = 0.9
    right = np.full((2, N, 2), 0.05)
    right[:, np.arange(N), TRUTHS["sex"]] = 0.95
    wrong = 1 - right
    heads = (HeadKey("s", "sex"), HeadKey("a", "age"), HeadKey("b", "age"), HeadKey("j", WHOLE))
    made = Predictions(heads, (right, AGE, sure, JOINT), ("sex", "age"), SIZES, np.arange(N))
    given = {"groups": np.arange(N), "num_rounds": 10, "num_bags": 0, "seed": 0}
    scores = {"sex": "log_loss", "age": "log_loss", WHOLE: "log_loss"}
    weights = select_weights(made, TRUTHS, scores=scores, **given)
    assert weights.by_task["sex"].tolist() == [1.0]
    assert weights.by_task["age"].tolist() == [0.0, 1.0]
    assert weights.whole.tolist() == [1.0, 0.0]
    expected = combine_probs([right[0], sure[0]])
    np.testing.assert_allclose(combine_by_weights(made, weights).joint(), expected)
    # without a voter of its own a task takes the whole voters' marginal
    made = Predictions(heads[:1] + heads[3:], (wrong, JOINT), ("sex", "age"), SIZES, np.arange(N))
    weights = select_weights(made, TRUTHS, scores=scores, **given)
    assert list(weights.by_task) == ["sex"]
    assert combine_by_weights(made, weights).joint().sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("names", [("s", "a", "b"), ("s", "a", "b", "j"), ("j",), ("s", "j")])
def test_every_union_gives_probabilities_of_the_product(names: tuple[str, ...]) -> None:
    made = predictions(*names)
    kinds = {"sex": "multiclass", "age": "multiclass"}
    stacks = fit_stackers(made, TRUTHS, kinds=kinds, folds=np.arange(N) % 4, penalties=(10.0,))
    found = [
        combine_by_formula(made, method=method, kind="multiclass")
        for method in ("geometric", "median")
    ]
    for combined in (*found, combine_by_stackers(made, stacks)):
        assert combined.joint().shape == (N, 6)
        np.testing.assert_allclose(combined.joint().sum(axis=1), 1.0)
        assert len(combined.heads) == 1
