"""What audit shows: sheets of the images that give it away, and its scores with intervals."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.figures.chart import Chart, save_panels
from pipeline.figures.contact_sheet import draw_sheet
from pipeline.figures.intervals import Interval, plot_intervals
from pipeline.folds.joined_people import join_people
from pipeline.storage import atomic_write

SIDE, COLUMNS = 112, 8  # pixels of a crop on a sheet, crops in a row
STATISTICS = 10  # shown in the figure; all stand in shift.csv


def show_pairs(
    path: Path, crops: np.ndarray, images: pd.DataFrame, table: pd.DataFrame, *, number: int
) -> None:
    """pairs.png: the clearest pairs side by side, one of each face, leaks first.

    `crops` (N, H, W, 3) is the store, `number` how many images there may be on the sheet.
    """
    links = table["left"].to_numpy(), table["right"].to_numpy()
    faces = join_people(images["person_id"].to_numpy(), *links)
    first = table.assign(face=faces[table["left"]]).drop_duplicates("face")
    first = first.head(number // 2)
    rows, captions = [], []
    for pair in first.to_dict("records"):
        for side, fold in (("left", pair["fold"]), ("right", pair["other_fold"])):
            image = images.iloc[pair[side]]
            rows.append(image["row"])
            place = "test" if image["part"] == "test" else f"fold {fold:g}"
            place = "no fold" if place == "fold nan" else place
            captions.append(f"#{image['row']} {place}")
    said = f"nearly the same image: {len(first):,} of {len(table):,} pairs, each side by side"
    _sheet(path, crops, rows, captions, title=said)


def show_shift(path: Path, crops: np.ndarray, scored: pd.DataFrame, *, number: int) -> None:
    """shift.png: the test images that look least like train, then the train images that look
    least like test; one of each person where that is known."""
    half = number // 2
    rows: list[int] = []
    captions: list[str] = []
    for part, ascending in (("test", False), ("train", True)):
        some = scored[scored["part"] == part].sort_values("score", ascending=ascending)
        some = some.drop_duplicates("person_id").head(half)
        rows += some["row"].tolist()
        captions += [f"{part} #{row}" for row in some["row"]]
    said = "most unlike the other part: test images, then train images"
    _sheet(path, crops, rows, captions, title=said)


def show_labels(path: Path, crops: np.ndarray, doubts: pd.DataFrame, *, number: int) -> None:
    """labels.png: the least believable labels; of a person the image that contradicts most."""
    some = doubts.head(number)
    captions = [
        f"{given} -> {suggested}"
        for given, suggested in zip(some["given"], some["suggested"], strict=True)
    ]
    said = f"label given -> suggested: the first {len(some):,} of {len(doubts):,} in labels.csv"
    _sheet(path, crops, some["row"].tolist(), captions, title=said)


def chart_scores(path: Path, panels: dict[str, Chart]) -> None:
    """scores.png: how much folds flatter each task, and how telling simple statistics are."""
    if panels:
        with atomic_write(path) as temporary:
            save_panels(temporary, panels, columns=2)


def score_charts(leaks: pd.DataFrame, shift: pd.DataFrame | None) -> dict[str, Chart]:
    """Charts by title; orange where the interval leaves out what would be found without a leak
    or a shift (a gap of 0, an AUC of 0.5)."""
    panels = {}
    gaps = leaks[leaks["gap"].notna()]
    if len(gaps):
        rows = [
            _interval(f"{r.task} {r.metric}, {r.folds}", r.gap, r.gap_low, r.gap_high, expected=0.0)
            for r in gaps.itertuples()
        ]
        panels["how much folds flatter"] = plot_intervals(
            rows, x_label="gap in the score, 95 %", zero=True
        )
    if shift is not None:
        rows = [
            _interval(r.statistic, r.auc, r.low, r.high, expected=0.5)
            for r in shift.head(STATISTICS).itertuples()
        ]
        panels["train or test by one statistic"] = plot_intervals(rows, x_label="AUC, 95 %")
    return panels


def _interval(name: str, value: float, low: float, high: float, *, expected: float) -> Interval:
    is_beside = low > expected or high < expected
    says = f"{value:.3f} ({low:.3f} to {high:.3f})".replace("-", "−")
    return Interval(name, value, low, high, says, mark=expected, tone=1 if is_beside else 0)


def _sheet(
    path: Path, crops: np.ndarray, rows: list[int], captions: list[str], *, title: str
) -> None:
    """Writes a sheet of crops by their rows; an earlier one is removed when there are none."""
    if not rows:
        path.unlink(missing_ok=True)
        return
    shown = [crops[row] for row in rows]
    sheet = draw_sheet(shown, title=title, captions=captions, columns=COLUMNS, side=SIDE)
    with atomic_write(path) as temporary:
        sheet.save(temporary, format="PNG")
