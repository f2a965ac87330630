"""Which predictions are sure enough: the rule by hand."""

import numpy as np

from pipeline.ensembling.confident import choose_agreeing, choose_confident

AGE = np.array([[0.95, 0.05], [0.91, 0.09], [0.6, 0.4], [0.02, 0.98], [0.3, 0.7]])


def test_confidence_is_a_floor_on_the_likeliest_class() -> None:
    chosen = choose_confident({"age": AGE}, confidence=0.9)
    assert chosen.tolist() == [True, True, False, True, False]


def test_share_counts_within_each_class() -> None:
    # of the first class 3 images, of which a third is 1; of the second 2, of which a third is 0
    chosen = choose_confident({"age": AGE}, confidence=0.5, share=1 / 3)
    assert chosen.tolist() == [True, False, False, False, False]
    chosen = choose_confident({"age": AGE}, confidence=0.5, share=0.5)
    assert chosen.tolist() == [True, False, False, True, False]
    chosen = choose_confident({"age": AGE}, confidence=0.96, share=0.5)
    assert chosen.tolist() == [False, False, False, True, False]


def test_every_task_must_be_sure() -> None:
    smile = np.array([[0.99], [0.4], [0.9], [0.03], [0.9]])  # a score: 0.03 is sure of 0
    chosen = choose_confident({"age": AGE, "smile": smile}, confidence=0.9)
    assert chosen.tolist() == [True, False, False, True, False]


def test_the_earlier_of_equally_sure_images_is_taken() -> None:
    chosen = choose_confident({"age": np.tile([0.9, 0.1], (4, 1))}, confidence=0.9, share=0.5)
    assert chosen.tolist() == [True, True, False, False]


def test_of_numbers_those_are_taken_on_which_the_networks_agree() -> None:
    votes = np.array([[20.0, 30.0, 40.0, 50.0], [22.0, 31.0, 40.0, 60.0]])  # deviations 1, .5, 0, 5
    assert choose_agreeing(votes, spread=1.0).tolist() == [True, True, True, False]
    assert choose_agreeing(votes, spread=1.0, share=0.5).tolist() == [False, True, True, False]
    assert choose_agreeing(votes, spread=0.1).tolist() == [False, False, True, False]
