import pytest

from pipeline.evaluation.lockbox_scores import say_lockbox


@pytest.mark.parametrize(
    ("num_people", "says"),
    [(20, "OOF lies outside of its interval"), (2, "fewer than 10 people says nothing")],
)
def test_an_interval_of_very_few_people_judges_nothing(num_people: int, says: str) -> None:
    oof = {"metric": "accuracy", "value": 0.9, "low": 0.8, "high": 1.0}
    oof |= {"num_images": 100, "num_people": 50}
    locked = {**oof, "value": 0.6667, "low": 0.66, "high": 0.67, "num_people": num_people}
    said = say_lockbox({"source": "ensemble", "answer": "answer", "oof": oof, "lockbox": locked})
    assert says in said
    assert ("0.6600..0.6700" in said) == (num_people == 20)
