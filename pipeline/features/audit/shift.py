"""audit, third part: can train and test images be told apart, and by what (adversarial
validation)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.faces.crop_store import open_crops
from pipeline.features.audit.probing import Sample
from pipeline.features.audit.pure.image_statistics import measure_pixels
from pipeline.features.audit.pure.linear_probe import probe_oof
from pipeline.folds.assignment import assign_folds
from pipeline.folds.joined_people import join_people
from pipeline.metrics.bootstrap import person_interval
from pipeline.metrics.metrics import METRICS
from pipeline.metrics.paired import short_number
from pipeline.storage import Runs, write_table

AUC = METRICS["roc_auc"]
NUM_FOLDS = 5
MOST_DIGITS = 6  # of medians that are nearly equal
RANKED = ("statistic", "auc", "low", "high", "train_median", "test_median")
HINTS = {  # what to look at when a statistic differs
    "width": "the parts were resized or cut differently",
    "height": "the parts were resized or cut differently",
    "bytes_per_pixel": "the parts were compressed differently: JPEG augmentation may help",
    "brightness": "RandomBrightnessContrast in augment: may help",
    "contrast": "RandomBrightnessContrast in augment: may help",
    "saturation": "HueSaturationValue in augment: may help",
    "warmth": "HueSaturationValue in augment: may help",
    "sharpness": "blur or downscaling in augment: may help",
    "face_probability": "harder faces in one part: look at their crops with explore",
    "num_faces": "several people in the images of one part: look at crops with explore",
    "face_share": "faces are of another size in the image: check crop.margin",
    "face_x": "faces stand elsewhere in the image: check the crops with explore",
    "face_y": "faces stand elsewhere in the image: check the crops with explore",
}


@dataclass(frozen=True)
class _Auc:
    """How well something tells test from train images, with its 95 % interval."""

    value: float
    low: float
    high: float


def judge_shift(
    settings: Experiment,
    runs: Runs,
    images: pd.DataFrame,
    pairs: pd.DataFrame,
    sample: Sample,
    *,
    is_upper_bound: bool,
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """The sampled images with their `score` for being a test image; the simple statistics, the
    most telling first; and the sentences.

    `images` has all cropped images, `pairs` which of them are copies of each other;
    `is_upper_bound` whether OOF scores are too good if people come twice.
    """
    seed = settings.audit.seed
    num_draws = settings.bootstrap
    some = images.iloc[sample.places]
    is_test = (some["part"] == "test").to_numpy()
    groups = _join(images["person_id"].to_numpy(), pairs)[sample.places]
    score, auc = _tell_apart(sample.features, is_test, groups, seed=seed, num_draws=num_draws)
    by_chance = None
    if not _knows_people(images):
        by_chance = _auc_by_faces(images, pairs, sample, seed=seed, num_draws=num_draws)
    statistics = _statistics(runs, some)
    ranked = _rank(statistics, is_test, groups, num_draws=num_draws)
    write_table(runs.audited("shift.csv"), ranked)
    lines = _lines(ranked, is_test, auc, by_chance=by_chance, is_upper_bound=is_upper_bound)
    return some.assign(score=score), ranked, lines


def _rank(
    statistics: pd.DataFrame, is_test: np.ndarray, groups: np.ndarray, *, num_draws: int
) -> pd.DataFrame:
    """A row a statistic: its AUC for being a test image and its medians, most telling first."""
    rows = []
    for name in statistics:
        values = statistics[name].to_numpy(dtype=np.float64)
        auc = _measure(is_test, values, groups, num_draws=num_draws)
        medians = (np.median(values[~is_test]), np.median(values[is_test]))
        rows.append((name, auc.value, auc.low, auc.high, *medians))
    ranked = pd.DataFrame(rows, columns=list(RANKED))
    distance = (ranked["auc"] - 0.5).abs()
    order = distance.sort_values(ascending=False, kind="stable").index
    return ranked.loc[order].reset_index(drop=True)


def _join(people: np.ndarray, pairs: pd.DataFrame) -> np.ndarray:
    return join_people(people, pairs["left"].to_numpy(), pairs["right"].to_numpy())


def _measure(is_test: np.ndarray, score: np.ndarray, groups: np.ndarray, *, num_draws: int) -> _Auc:
    low, high = person_interval(AUC, is_test, score, person_ids=groups, num_draws=num_draws)
    return _Auc(AUC.compute(is_test, score), low, high)


def _tell_apart(
    features: np.ndarray, is_test: np.ndarray, groups: np.ndarray, *, seed: int, num_draws: int
) -> tuple[np.ndarray, _Auc]:
    """Scores (n,) out of fold for being a test image, and their AUC."""
    label = pd.DataFrame({"part": is_test.astype(str)})
    folds = assign_folds(groups, label, num_folds=NUM_FOLDS, seed=seed)
    score = probe_oof(features, is_test.astype(int), folds, kind="binary", num_classes=2)[:, 0]
    return score, _measure(is_test, score, groups, num_draws=num_draws)


def _knows_people(images: pd.DataFrame) -> bool:
    """Whether the test part says who is in an image, or nobody anywhere comes twice by name."""
    test = images[images["part"] == "test"]
    train = images[images["part"] == "train"]
    return test["person_id"].duplicated().any() or not train["person_id"].duplicated().any()


def _auc_by_faces(
    images: pd.DataFrame, pairs: pd.DataFrame, sample: Sample, *, seed: int, num_draws: int
) -> _Auc:
    """The AUC between some random train people and the others, when the names of the first are
    hidden as the test part's are: what faces alone give away."""
    train = (images["part"] == "train").to_numpy()
    people = images["person_id"].to_numpy()
    names = np.unique(people[train])
    order = np.random.default_rng(seed).permutation(len(names))
    share = float(np.mean(~train[sample.places]))
    drawn = names[order[: max(1, round(len(names) * share))]]
    is_hidden = train & np.isin(people, drawn)
    groups = _join(np.where(is_hidden, images["image_id"].to_numpy(), people), pairs)
    rows = np.flatnonzero(train[sample.places])
    places = sample.places[rows]
    features = sample.features[rows]
    _, auc = _tell_apart(
        features, is_hidden[places], groups[places], seed=seed, num_draws=num_draws
    )
    return auc


def _statistics(runs: Runs, images: pd.DataFrame) -> pd.DataFrame:
    """Simple values of each image that differ at all, a column each."""
    crops = open_crops(runs.crops)
    pixels = pd.DataFrame([measure_pixels(crops[row]) for row in images["row"]])
    width, height = images["width"].to_numpy(), images["height"].to_numpy()
    paths = [runs.root / path for path in images["path"]]
    size = np.array([path.stat().st_size if path.is_file() else np.nan for path in paths])
    table = {"width": width, "height": height, "bytes_per_pixel": size / (width * height)}
    if (images["how"] == "mtcnn").any():
        x1, y1, x2, y2 = (images[name].to_numpy() for name in ("x1", "y1", "x2", "y2"))
        table |= {
            "face_probability": np.nan_to_num(images["probability"].to_numpy()),
            "num_faces": images["num_faces"].to_numpy(),
            "face_share": np.maximum(x2 - x1, y2 - y1) / np.minimum(width, height),
            "face_x": (x1 + x2) / 2 / width,
            "face_y": (y1 + y2) / 2 / height,
        }
    frame = pd.concat([pd.DataFrame(table), pixels], axis=1)
    return frame[
        [name for name in frame if frame[name].nunique() > 1 and frame[name].notna().all()]
    ]


def _lines(
    ranked: pd.DataFrame,
    is_test: np.ndarray,
    auc: _Auc,
    *,
    by_chance: _Auc | None,
    is_upper_bound: bool,
) -> list[str]:
    """The verdict in words."""
    said = f"AUC {auc.value:.3f} (95 % {auc.low:.3f}..{auc.high:.3f})"
    counts = f"{(~is_test).sum():,} train and {is_test.sum():,} test images"
    if auc.low <= (0.5 if by_chance is None else by_chance.high):
        verdict = "can't be told apart"
        if by_chance is not None:
            verdict += " better than train people that were hidden likewise"
        if not is_upper_bound:  # else OOF is too high for another reason
            verdict += ": OOF scores should carry over"
    elif auc.value < 0.65:
        verdict = "differ a little"
    elif auc.value < 0.85:
        verdict = "clearly differ: OOF scores may not carry over"
    else:
        verdict = "are different images: OOF scores may not carry over"
    lines = [f"shift: train and test {verdict}: {said}, {counts}"]
    if by_chance is not None:
        lines.append(
            f"  (test people are not named; train people hidden likewise give AUC "
            f"{by_chance.value:.3f}, {by_chance.low:.3f}..{by_chance.high:.3f}, by their faces "
            "alone)"
        )
    for row in ranked.head(3).to_dict("records"):
        if row["low"] > 0.5 or row["high"] < 0.5:
            lines.append(_statistic_line(row))
    return lines


def _statistic_line(row: Mapping) -> str:
    """What one simple statistic tells of the two parts."""
    way = "higher" if row["auc"] > 0.5 else "lower"
    telling = max(row["auc"], 1.0 - row["auc"])
    train, test = row["train_median"], row["test_median"]
    digits = 3
    while (
        digits < MOST_DIGITS
        and train != test
        and (short_number(train, digits=digits) == short_number(test, digits=digits))
    ):
        digits += 1
    hint = f"; {HINTS[row['statistic']]}" if telling >= 0.65 else ""
    return (
        f"  {row['statistic']} alone: AUC {telling:.3f}, {way} in test (median "
        f"{short_number(train, digits=digits)} in train, "
        f"{short_number(test, digits=digits)} in test){hint}"
    )
