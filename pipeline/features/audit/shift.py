"""audit, third part: can train and test images be told apart, and by what (adversarial
validation)."""

import numpy as np
import pandas as pd

from pipeline.experiment.work import Work
from pipeline.faces.crop_store import open_crops
from pipeline.features.audit.probing import Sample
from pipeline.features.audit.pure.image_statistics import measure_pixels
from pipeline.features.audit.pure.linear_probe import probe_oof
from pipeline.folds.assignment import assign_folds
from pipeline.folds.joined_people import join_people
from pipeline.metrics.bootstrap import person_interval
from pipeline.metrics.metrics import METRICS
from pipeline.storage import write_table

AUC = METRICS["roc_auc"]
NUM_FOLDS = 5
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


def judge_shift(
    work: Work, images: pd.DataFrame, pairs: pd.DataFrame, sample: Sample
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """The sampled images with their score for being a test image, the simple statistics, the
    most telling first, and the sentences."""
    people, some = images["person_id"].to_numpy(), images.iloc[sample.places]
    is_test, known = (some["part"] == "test").to_numpy(), _knows_people(images)
    groups = _join(people, pairs)[sample.places]
    score, auc = _tell_apart(work, sample.features, is_test, groups)
    null = (0.5, 0.5, 0.5) if known else _null(work, images, pairs, sample)
    statistics = _statistics(work, some)
    drawn = {"person_ids": groups, "num_draws": work.settings.bootstrap}
    rows = []
    for name in statistics:
        values = statistics[name].to_numpy(dtype=np.float64)
        auc_of_one = (AUC.compute(is_test, values), *person_interval(AUC, is_test, values, **drawn))
        medians = (np.median(values[~is_test]), np.median(values[is_test]))
        rows.append((name, *auc_of_one, *medians))
    ranked = pd.DataFrame(rows, columns=list(RANKED))
    order = (ranked["auc"] - 0.5).abs().sort_values(ascending=False, kind="stable").index
    ranked = ranked.loc[order].reset_index(drop=True)
    write_table(work.runs.audited("shift.csv"), ranked)
    return some.assign(score=score), ranked, _lines(ranked, is_test, auc, null, known=known)


def _join(people: np.ndarray, pairs: pd.DataFrame) -> np.ndarray:
    return join_people(people, pairs["left"].to_numpy(), pairs["right"].to_numpy())


def _tell_apart(
    work: Work, features: np.ndarray, is_test: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, tuple[float, float, float]]:
    """Scores (n,) out of fold for being a test image, and their AUC with its interval."""
    label = pd.DataFrame({"part": is_test.astype(str)})
    folds = assign_folds(groups, label, num_folds=NUM_FOLDS, seed=work.settings.audit.seed)
    score = probe_oof(features, is_test.astype(int), folds, kind="binary", num_classes=2)[:, 0]
    drawn = {"person_ids": groups, "num_draws": work.settings.bootstrap}
    return score, (AUC.compute(is_test, score), *person_interval(AUC, is_test, score, **drawn))


def _knows_people(images: pd.DataFrame) -> bool:
    """Whether the test part says who is in an image, or nobody anywhere comes twice by name."""
    test = images[images["part"] == "test"]
    train = images[images["part"] == "train"]
    return test["person_id"].duplicated().any() or not train["person_id"].duplicated().any()


def _null(
    work: Work, images: pd.DataFrame, pairs: pd.DataFrame, sample: Sample
) -> tuple[float, float, float]:
    """The AUC between train people drawn by lot and the others, when the drawn ones' names are
    hidden as the test part's are: what faces alone give away."""
    train, people = (images["part"] == "train").to_numpy(), images["person_id"].to_numpy()
    names = np.unique(people[train])
    order = np.random.default_rng(work.settings.audit.seed).permutation(len(names))
    share = float(np.mean(~train[sample.places]))
    drawn = names[order[: max(1, round(len(names) * share))]]
    hidden = train & np.isin(people, drawn)
    groups = _join(np.where(hidden, images["image_id"].to_numpy(), people), pairs)
    rows = np.flatnonzero(train[sample.places])
    places = sample.places[rows]
    return _tell_apart(work, sample.features[rows], hidden[places], groups[places])[1]


def _statistics(work: Work, images: pd.DataFrame) -> pd.DataFrame:
    """Simple values of each image that differ at all, a column each."""
    crops = open_crops(work.runs.crops)
    pixels = pd.DataFrame([measure_pixels(crops[row]) for row in images["row"]])
    width, height = images["width"].to_numpy(), images["height"].to_numpy()
    paths = [work.runs.root / path for path in images["path"]]
    size = np.array([path.stat().st_size if path.exists() else np.nan for path in paths])
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
    auc: tuple[float, float, float],
    null: tuple[float, float, float],
    *,
    known: bool,
) -> list[str]:
    """The verdict in words."""
    value, low, high = auc
    said = f"AUC {value:.3f} (95 % {low:.3f}..{high:.3f})"
    counts = f"{(~is_test).sum():,} train and {is_test.sum():,} test images"
    if low <= null[2]:
        verdict = "can't be told apart: OOF scores should carry over"
    elif value < 0.65:
        verdict = "differ a little"
    elif value < 0.85:
        verdict = "clearly differ: OOF scores may not carry over"
    else:
        verdict = "are different images: OOF scores may not carry over"
    lines = [f"shift: train and test {verdict}: {said}, {counts}"]
    if not known:
        lines.append(
            f"  (test people are not named; train people hidden likewise give AUC {null[0]:.3f}, "
            f"{null[1]:.3f}..{null[2]:.3f}, by their faces alone)"
        )
    for row in ranked.head(3).to_dict("records"):
        if row["low"] > 0.5 or row["high"] < 0.5:
            way = "higher" if row["auc"] > 0.5 else "lower"
            telling = max(row["auc"], 1.0 - row["auc"])
            lines.append(
                f"  {row['statistic']} alone: AUC {telling:.3f}, {way} in test (median "
                f"{row['train_median']:.3g} in train, {row['test_median']:.3g} in test)"
                + (f"; {HINTS[row['statistic']]}" if telling >= 0.65 else "")
            )
    return lines
