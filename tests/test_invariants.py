"""What must hold for any input, by definition: boxes, folds, blends, votes, decisions, answers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.ensembling.answer_file import Column, build_answers, check_answers
from pipeline.ensembling.blending import hard_vote, hard_vote_scores, mean_probs, median_values
from pipeline.faces.boxes import centre_box, iou, main_face, square_box
from pipeline.faces.crop import cut
from pipeline.folds.assignment import assign_folds
from pipeline.folds.leak_checks import check_folds
from pipeline.labels.answers import combine_classes, combine_probs, marginal_probs, split_classes
from pipeline.labels.tasks import Task, decide

QUICK = settings(max_examples=60, deadline=None)
SIDES = st.integers(1, 60)
CORNER = st.floats(-50, 100)


@st.composite
def boxes(draw: st.DrawFn) -> np.ndarray:
    x, y = draw(CORNER), draw(CORNER)
    return np.array([x, y, x + draw(st.floats(0.1, 90)), y + draw(st.floats(0.1, 90))])


@st.composite
def votes(draw: st.DrawFn) -> list[np.ndarray]:
    """Some voters' probabilities (N, C), each row of which adds up to 1."""
    shape = (draw(st.integers(1, 5)), draw(st.integers(1, 6)), draw(st.integers(2, 5)))
    raw = draw(arrays(np.float64, shape, elements=st.floats(0.01, 1.0)))
    return list(raw / raw.sum(axis=2, keepdims=True))


@QUICK
@given(box=boxes(), margin=st.floats(0, 2))
def test_a_square_is_square_around_the_same_middle_and_holds_the_box(box, margin) -> None:
    x1, y1, x2, y2 = square_box(box, margin=margin)
    assert x2 - x1 == pytest.approx(y2 - y1)
    assert (x1 + x2) / 2 == pytest.approx((box[0] + box[2]) / 2, abs=1e-9)
    assert x1 <= box[0] + 1e-9 and y2 >= box[3] - 1e-9
    assert iou(box, box) == pytest.approx(1.0)


@QUICK
@given(one=boxes(), other=boxes())
def test_overlap_is_symmetric_between_0_and_1(one, other) -> None:
    assert 0.0 <= iou(one, other) <= 1.0 + 1e-12
    assert iou(one, other) == iou(other, one)


@QUICK
@given(width=SIDES, height=SIDES, fraction=st.floats(0.001, 1.0), size=st.integers(1, 40))
def test_the_middle_of_any_image_can_be_cut(width, height, fraction, size) -> None:
    image = np.full((height, width, 3), 9, dtype=np.uint8)
    crop = cut(image, centre_box(width, height, fraction=fraction), size=size)
    assert crop.shape == (size, size, 3) and (crop == 9).all()


@QUICK
@given(found=st.lists(boxes(), min_size=1, max_size=6), data=st.data())
def test_the_main_face_does_not_depend_on_the_order(found, data) -> None:
    chances = np.array(data.draw(st.lists(st.floats(0.5, 1.0), min_size=6, max_size=6)))
    order = np.array(data.draw(st.permutations(range(len(found)))))
    stacked, chances = np.stack(found), chances[: len(found)]
    first = main_face(stacked, chances, 100, 80)
    again = main_face(stacked[order], chances[order], 100, 80)
    same = (stacked[order[again]] == stacked[first]).all()  # of two alike the first is taken
    assert order[again] == first or same or _is_tie(stacked, chances)


def _is_tie(found: np.ndarray, chances: np.ndarray) -> bool:
    """Whether the best two are equally good, as those are that lie beyond the corners."""
    middle = (found[:, :2] + found[:, 2:]) / 2 - [50, 40]
    near = np.clip(1 - np.hypot(*middle.T) / np.hypot(50, 40), 0, None)
    worth = np.sort((found[:, 2:] - found[:, :2]).prod(axis=1) * chances * near)[::-1]
    return len(worth) > 1 and worth[0] == pytest.approx(worth[1])


@settings(max_examples=25, deadline=None)
@given(
    people=st.lists(st.integers(0, 12), min_size=8, max_size=60),
    num_folds=st.integers(2, 5),
    seed=st.integers(0, 99),
    data=st.data(),
)
def test_folds_are_proved_and_do_not_depend_on_the_order(people, num_folds, seed, data) -> None:
    labels = pd.DataFrame({"a": [f"{person % 3}" for person in people]})
    if len(set(people)) < num_folds:
        with pytest.raises(ValueError, match="at most one fold for each"):
            assign_folds(people, labels, num_folds=num_folds, seed=seed)
        return
    folds = assign_folds(people, labels, num_folds=num_folds, seed=seed)
    check_folds(np.arange(len(people)), people, folds, num_folds=num_folds)
    order = np.array(data.draw(st.permutations(range(len(people)))))
    moved = assign_folds(
        np.array(people)[order], labels.iloc[order], num_folds=num_folds, seed=seed
    )
    assert (moved == folds[order]).all()


@QUICK
@given(voters=votes(), data=st.data())
def test_a_blend_lies_between_its_voters_and_adds_up_to_1(voters, data) -> None:
    weights = data.draw(st.lists(st.floats(0.1, 9), min_size=len(voters), max_size=len(voters)))
    mean = mean_probs(voters, weights=weights)
    stacked = np.stack(voters)
    assert (mean >= stacked.min(axis=0) - 1e-12).all()
    assert (mean <= stacked.max(axis=0) + 1e-12).all()
    np.testing.assert_allclose(mean.sum(axis=1), 1.0)
    order = data.draw(st.permutations(range(len(voters))))
    moved = mean_probs([voters[i] for i in order], weights=[weights[i] for i in order])
    np.testing.assert_allclose(moved, mean, rtol=1e-12)
    scaled = mean_probs(voters, weights=[7.0 * weight for weight in weights])
    np.testing.assert_allclose(scaled, mean, rtol=1e-12)


@QUICK
@given(voters=votes())
def test_a_vote_s_winner_has_most_picks_and_a_tie_the_higher_mean(voters) -> None:
    shares = hard_vote(voters)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    picks = np.stack([vote.argmax(axis=1) for vote in voters])
    for row in range(len(shares)):
        counts = np.bincount(picks[:, row], minlength=shares.shape[1])
        winner = shares[row].argmax()
        assert counts[winner] == counts.max()
        tied = np.flatnonzero(counts == counts.max())
        means = np.stack(voters).mean(axis=0)[row]
        assert means[winner] >= means[tied].max() - 1e-9


@QUICK
@given(raw=arrays(np.float64, (5, 7, 1), elements=st.floats(0, 1)))
def test_votes_on_scores_and_values_stay_among_their_voters(raw) -> None:
    shares, values = hard_vote_scores(list(raw)), median_values(list(raw))
    assert ((shares >= 0) & (shares <= 1)).all()
    for_it = (raw >= 0.5).sum(axis=0) * 2 > 5
    assert ((shares > 0.5) == for_it).all()
    assert (values >= raw.min(axis=0)).all() and (values <= raw.max(axis=0)).all()


@QUICK
@given(voters=votes())
def test_a_product_has_its_tasks_as_marginals(voters) -> None:
    parts = voters[:3]
    sizes = [part.shape[1] for part in parts]
    joint = combine_probs(parts)
    np.testing.assert_allclose(joint.sum(axis=1), 1.0)
    for place, part in enumerate(parts):
        np.testing.assert_allclose(marginal_probs(joint, sizes=sizes, task=place), part)
    codes = [part.argmax(axis=1) for part in parts]
    combined = combine_classes(codes, sizes=sizes)
    assert (joint.argmax(axis=1) == combined).all()
    for found, code in zip(split_classes(combined, sizes=sizes), codes, strict=True):
        assert (found == code).all()


@QUICK
@given(
    raw=arrays(np.float64, (6, 1), elements=st.floats(-1e6, 1e6)),
    low=st.floats(-100, 0),
    high=st.floats(0, 100),
    threshold=st.floats(0, 1),
)
def test_decisions_keep_to_what_a_task_allows(raw, low, high, threshold) -> None:
    number = decide(Task("n", "regression", "n", low=low, high=high), raw)
    assert ((number >= low) & (number <= high)).all()
    inside = (raw[:, 0] >= low) & (raw[:, 0] <= high)
    assert (number[inside] == raw[inside, 0]).all()
    score = decide(Task("s", "binary", "s"), raw, threshold=threshold)
    assert (score == (raw[:, 0] >= threshold)).all()
    stricter = decide(Task("s", "binary", "s"), raw, threshold=min(1.0, threshold + 0.1))
    assert (stricter <= score).all()


@QUICK
@given(ids=st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=9, unique=True))
def test_answers_follow_their_ids_into_any_order(ids) -> None:
    column = Column("ans", np.arange(len(ids)), allowed=range(len(ids)))
    wanted = sorted(ids)
    frame = build_answers(ids, [column], sample_ids=wanted, id_column="id")
    check_answers(frame, [column], sample_ids=wanted, id_column="id")
    assert frame["id"].tolist() == wanted
    assert [ids[answer] for answer in frame["ans"]] == wanted
    with pytest.raises(ValueError):
        build_answers(ids, [column], sample_ids=[*wanted, "another id"], id_column="id")
