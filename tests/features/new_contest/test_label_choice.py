"""Which columns of a train table are predicted."""

import pandas as pd

from pipeline.features.new_contest.label_choice import LabelChoice, choose_labels

NAMES = [f"{number}.png" for number in range(12)]
LABELS = ["old", "young", "young"] * 4


def choose(
    train: dict[str, list],
    *,
    test: dict[str, list] | None = None,
    sample: dict[str, list] | None = None,
) -> LabelChoice:
    """The choice for a train table whose first column names the images, and the sample's too."""
    frames = [None if one is None else pd.DataFrame(one).astype(str) for one in (test, sample)]
    (first, *_) = train
    found = choose_labels(
        pd.DataFrame(train).astype(str),
        test=frames[0],
        sample=frames[1],
        sample_id=None if sample is None else next(iter(sample)),
        used=[first],
    )
    assert found is not None
    return found


def test_a_fold_is_no_label_where_the_test_table_has_the_label_too() -> None:
    train = {"image": NAMES, "label": LABELS, "fold": [0, 1, 2] * 4}
    found = choose(train, test={"image": ["a.png", "b.png"], "label": ["old", "young"]})
    assert found.columns == ("label",)
    assert "has values there too" in found.why
    blank = choose(train, test={"image": ["a.png"], "label": [""]})
    assert "no other column" in blank.why
    assert choose({**train, "score": LABELS}, test={"label": ["old"]}).columns == ("score",)


def test_columns_beside_the_label_that_the_test_table_lacks_are_said() -> None:
    shares = [0.5 + number / 40 for number in range(12)]
    train = {"id": NAMES, "label": LABELS, "rater_agreement": [0.6, 1] * 6, "confidence_x": shares}
    found = choose(train, test={"id": ["a.png"]})
    assert found.columns == ("label",)
    (note,) = found.notes
    assert "rater_agreement, confidence_x" in note


def test_of_several_other_columns_the_one_called_like_an_answer_is_it() -> None:
    train = {"ID": NAMES, "Sex": LABELS}
    sample = {"ID": NAMES[:2], "Target": ["old"] * 2, "Usage": ["Public"] * 2, "Version": [1, 1]}
    found = choose(train, test={"ID": NAMES[:2]}, sample=sample)
    assert (found.columns, found.answer_column) == (("Sex",), "Target")


def test_rows_with_no_or_several_classes_are_exceptions_that_are_said() -> None:
    words = [number % 3 for number in range(12)]
    train = {"id": NAMES} | {f"c{k}": [int(word == k) for word in words] for k in range(3)}
    assert choose(train).form == "one_hot"
    train["c1"][4] = 0
    found = choose(train)
    assert found.form == "one_hot"
    assert "92% of the rows" in found.notes[0]
    assert "1 none (4.png)" in found.notes[0]
    train["c0"][4] = train["c1"][4] = 1
    found = choose(train)
    assert found.form == "columns"
    assert "1 several (4.png)" in found.notes[0]
    assert "mend these rows" in found.notes[0]
