"""The line of an epoch and the time left, with made-up seconds."""

import pandas as pd
import pytest

from pipeline.config import load_experiment
from pipeline.experiment.cells import all_cells
from pipeline.storage import PROJECT, Cell
from pipeline.training.cell_jobs import is_short
from pipeline.training.monitor import epoch_line, short_name
from pipeline.training.time_left import CellClock, epoch_seconds, seconds_left

ROW = {
    "epoch": 3,
    "lr": 1e-3,
    "train_loss": 0.0412,
    "held_out_loss": 0.0334,
    "mask.macro_f1": 0.9871,
    "score": 0.9871,
    "seconds": 10.0,
    "images_per_second": 36.2,
    "memory_mb": 2150,
}
EARLIER = [{**ROW, "epoch": 1, "score": 0.5}, {**ROW, "epoch": 2, "score": 0.98}]


def test_the_line_of_an_epoch() -> None:
    assert epoch_line("mask/fold0", [*EARLIER, ROW], epochs=4, left=170.0) == (
        "mask/fold0 3/4 loss 0.041 held-out 0.033 macro_f1 0.987 best 36 img/s 2.1 GB left 3 min"
    )


def test_a_narrow_terminal_gets_what_matters() -> None:
    line = epoch_line("mask/fold0", [*EARLIER, ROW], epochs=4, left=170.0, columns=80)
    assert len(line) < 80 and line.endswith("left 3 min") and "macro_f1 0.987 best" in line


def test_an_epoch_that_is_no_better_is_not_called_best() -> None:
    worse = {**ROW, "score": 0.97}
    assert " best" not in epoch_line("a/fold0", [*EARLIER, worse], epochs=4, left=None)


def test_a_refit_has_nobody_held_out() -> None:
    gone = ("held_out_loss", "mask.macro_f1")
    row = {key: value for key, value in ROW.items() if key not in gone}
    line = epoch_line("a/refit", [{**row, "score": 0.0}], epochs=4, left=None)
    assert line == "a/refit 3/4 loss 0.041 36 img/s 2.1 GB"


def test_heads_that_are_fitted_have_neither_a_speed_nor_a_best_epoch() -> None:
    row = {"epoch": 1, "train_loss": 0.049, "mask.macro_f1": 0.766, "score": 0.766}
    assert epoch_line("ridge/fold0", [row], epochs=1, left=None) == (
        "ridge/fold0 1/1 loss 0.049 macro_f1 0.766"
    )


def test_the_answer_speaks_for_several_tasks() -> None:
    row = {**ROW, "age.macro_f1": 0.5, "answer.accuracy": 0.25}
    assert "accuracy 0.250" in epoch_line("joint/fold0", [row], epochs=4, left=None)
    del row["answer.accuracy"]
    said = epoch_line("joint/fold0", [row], epochs=4, left=None)
    assert "mask.macro_f1 0.987 age.macro_f1 0.500" in said


def test_a_seed_is_named_where_there_are_several() -> None:
    cell = Cell("mask", 0, 777)
    assert short_name(cell, num_seeds=1) == "mask/fold0"
    assert short_name(cell, num_seeds=2) == "mask/fold0-seed777"


def clocks(
    number: int, *, member: str = "a", cost: float = 1.0, epochs: int = 4
) -> list[CellClock]:
    return [CellClock(f"{member}/{i}", member, epochs, cost) for i in range(number)]


def test_there_is_no_forecast_before_the_first_epoch() -> None:
    assert seconds_left(clocks(2), slots=2, now=5.0) is None


def test_cells_side_by_side_are_counted_as_they_run() -> None:
    """Six cells of four epochs, two at a time, ten seconds an epoch: 120 seconds in all."""
    cells = clocks(6)
    for cell in cells[:2]:
        cell.end_epochs(1, now=10.0, measured=10.0)
    assert seconds_left(cells, slots=2, now=10.0) == pytest.approx(110.0)
    assert seconds_left(cells, slots=2, now=15.0) == pytest.approx(105.0)
    for cell in cells[:2]:
        cell.end_epochs(3, now=40.0, measured=10.0)
        cell.finish(now=40.0)
    assert seconds_left(cells, slots=2, now=40.0) == pytest.approx(80.0)


def test_the_start_of_the_cells_to_come_counts() -> None:
    """Four cells of two epochs, one at a time: between two of them lie three seconds."""
    cells = clocks(4, epochs=2)
    cells[0].end_epochs(2, now=20.0, measured=10.0)
    cells[0].finish(now=21.0)
    cells[1].end_epochs(1, now=34.0, measured=10.0)
    assert seconds_left(cells, slots=1, now=34.0) == pytest.approx(10.0 + 2 * (3.0 + 20.0))


def test_the_last_cell_is_alone_on_the_machine() -> None:
    cells = clocks(3, epochs=2)
    for cell in cells[:2]:
        cell.end_epochs(2, now=20.0, measured=10.0, running=2)
        cell.finish(now=20.0)
    left = {"slots": 2, "alone": 0.7}
    assert seconds_left(cells, now=20.0, **left) == pytest.approx(14.0)
    cells[2].end_epochs(1, now=27.0, measured=7.0, running=1)
    assert epoch_seconds(cells, **left)["a"] == pytest.approx(10.0)
    assert seconds_left(cells, now=27.0, **left) == pytest.approx(7.0)


def test_features_are_computed_once_for_a_member() -> None:
    """80 seconds of features and a second a head: the first two cells, side by side, take both."""
    cells = [CellClock(f"blocks/{i}", "blocks", 1, 0.0, shared=4.0) for i in range(6)]
    cells += [CellClock(f"wide/{i}", "wide", 1, 0.0, shared=8.0) for i in range(2)]
    cells += clocks(1, cost=2.0, epochs=3)
    for cell in cells[:2]:
        cell.end_epochs(1, now=81.0, measured=1.0, making=80.0)
        cell.finish(now=81.0)
    assert epoch_seconds(cells) == {"blocks": 1.0, "wide": 0.0, "a": 40.0}
    assert seconds_left(cells, slots=2, now=81.0) == pytest.approx(2.0 + 160.0 + 120.0)
    cells[2].end_epochs(1, now=83.0, measured=1.0, making=0.5)  # it reads what was made
    assert epoch_seconds(cells)["a"] == 40.0


def test_heads_alone_give_no_forecast_of_training() -> None:
    """Their features were there already, so nothing is known of an epoch."""
    cells = [CellClock("blocks/0", "blocks", 1, 0.0, shared=4.0), *clocks(1)]
    cells[0].end_epochs(1, now=1.0, measured=1.0)
    assert seconds_left(cells, slots=1, now=1.0) is None


def test_a_member_that_was_not_trained_yet_is_judged_by_its_cost() -> None:
    cells = clocks(1) + clocks(1, member="b", cost=3.0)
    cells[0].end_epochs(1, now=10.0, measured=10.0)
    assert epoch_seconds(cells) == {"a": 10.0, "b": 30.0}
    assert seconds_left(cells, slots=1, now=10.0) == pytest.approx(30.0 + 120.0)


def test_a_machine_that_gets_faster_is_believed() -> None:
    cells = clocks(1, epochs=20) + clocks(1, member="b", epochs=1)
    for epoch in range(12):
        now = 30.0 * min(epoch + 1, 6) + 10.0 * max(0, epoch - 5)
        cells[0].end_epochs(1, now=now, measured=30.0)
    assert epoch_seconds(cells) == {"a": 10.0, "b": 10.0}


def test_the_writing_between_epochs_counts() -> None:
    (cell,) = clocks(1)
    cell.end_epochs(1, now=10.0, measured=8.0)
    cell.end_epochs(1, now=22.0, measured=8.0)
    assert [one.seconds for one in cell.timed] == [8.0, 12.0]


def test_what_waits_for_others_is_added() -> None:
    cells = [*clocks(1), CellClock("b/0", "b", 4, 1.0, needs=("a/0",))]
    cells[0].end_epochs(1, now=0.0, measured=10.0)
    assert seconds_left(cells, slots=2, now=0.0) == pytest.approx(30.0 + 40.0)


@pytest.mark.parametrize(("num", "gpu", "cpu"), [(56, True, True), (560, True, False)])
def test_a_short_training_is_no_reason_for_several_processes(
    num: int, gpu: bool, cpu: bool
) -> None:
    settings = load_experiment("sample", ["defaults.epochs=2"], configs=PROJECT / "configs")
    people = pd.DataFrame({"person_id": [str(number // 7) for number in range(num)]})
    cells = all_cells(settings)
    assert is_short(settings, cells[:3], people, device="cuda") == gpu
    assert is_short(settings, cells[:3], people, device="cpu") == cpu
    many = pd.DataFrame({"person_id": [str(number // 7) for number in range(100_000)]})
    assert not is_short(settings, cells, many, device="cuda")
