"""Drawn people fill their shares and look, on average, like what they are."""

import numpy as np

from pipeline.sample.people import invent_people


def test_the_same_seed_invents_the_same_people() -> None:
    assert invent_people(9, seed=1) == invent_people(9, seed=1)
    assert invent_people(9, seed=1) != invent_people(9, seed=2)
    assert len({p.texture for p in invent_people(50, seed=1)}) == 50


def test_bands_and_genders_fill_their_shares() -> None:
    people = invent_people(80, seed=5)
    ages = np.array([p.age for p in people])
    counts = [(ages < 30).sum(), ((ages >= 30) & (ages < 60)).sum(), (ages >= 60).sum()]
    assert counts == [32, 28, 20]
    assert ages.min() >= 18 and ages.max() <= 80
    assert [p.age_band for p in people] == [int(a >= 30) + int(a >= 60) for a in ages]
    for band in range(3):
        males = [p.gender == "male" for p in people if p.age_band == band]
        assert np.mean(males) == 0.5
    assert [p.person_id for p in people[:2]] == ["000001", "000002"]


def test_looks_follow_gender_and_age_but_overlap() -> None:
    people = invent_people(400, seed=0)
    male = np.array([p.gender == "male" for p in people])
    ages = np.array([p.age for p in people])
    for looks in ([p.brow_thickness for p in people], [p.jaw for p in people]):
        values = np.array(looks)
        assert values[male].mean() > values[~male].mean() + values.std() / 2
        assert np.quantile(values[male], 0.1) < np.quantile(values[~male], 0.9)
    wrinkles = np.array([p.wrinkles for p in people])
    assert 0.6 < np.corrcoef(wrinkles, ages)[0, 1] < 0.97
    assert wrinkles[ages < 25].max() < 0.25
    assert not any(p.beard != "none" for p in people if p.gender == "female")
