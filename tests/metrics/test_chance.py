"""Answers that know nothing score as well when they are dealt out to other people."""

import numpy as np
import pytest

from pipeline.metrics.chance import chance_of
from pipeline.metrics.metrics import find_metric

PEOPLE = np.repeat([f"p{number}" for number in range(40)], 5)
RNG = np.random.default_rng(3)
TRUTH = RNG.integers(2, size=len(PEOPLE))
MACRO_F1 = find_metric("macro_f1")


def test_a_coin_is_better_than_a_constant_and_still_chance() -> None:
    coin = np.random.default_rng(4).integers(2, size=len(TRUTH))
    constant = np.zeros_like(TRUTH)
    assert MACRO_F1.compute(TRUTH, coin, None) > MACRO_F1.compute(TRUTH, constant, None) + 0.1
    assert chance_of(MACRO_F1, TRUTH, coin, person_ids=PEOPLE) > 0.05
    assert chance_of(MACRO_F1, TRUTH, constant, person_ids=PEOPLE) == 1.0


def test_what_tells_the_images_of_a_person_apart_is_no_chance() -> None:
    """Every person has the same labels in the same order, as of a mask put on and taken off."""
    truth = np.tile([0, 1, 0, 1, 1], 40)
    assert chance_of(MACRO_F1, truth, truth, person_ids=PEOPLE, num_draws=99) == pytest.approx(0.01)


def test_people_are_dealt_out_and_not_images() -> None:
    """Six people, each told right by luck once in two: 30 images are no 30 pieces of evidence."""
    people = np.repeat(list("abcdef"), 5)
    truth = np.repeat([0, 1, 0, 1, 0, 1], 5)
    answer = np.repeat([0, 1, 0, 1, 1, 0], 5)
    as_images = np.arange(len(truth)).astype(str)
    assert chance_of(MACRO_F1, truth, answer, person_ids=as_images) < 0.1
    # 4 of 6 right or better: of the 20 ways to deal three answers of each kind out, 10
    assert chance_of(MACRO_F1, truth, answer, person_ids=people) == pytest.approx(0.5, abs=0.06)


def test_fewer_years_of_error_are_better() -> None:
    mae = find_metric("mae")
    years = np.random.default_rng(5).uniform(20, 80, size=len(PEOPLE))
    near = years + np.random.default_rng(6).normal(0, 5, size=len(PEOPLE))
    assert chance_of(mae, years, near, person_ids=PEOPLE, num_draws=99) == pytest.approx(0.01)
