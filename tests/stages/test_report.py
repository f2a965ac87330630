"""report on a tiny drawn contest: its numbers are the tables', it needs nothing beside itself."""

import json
import re
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.metrics.paired import show_number
from tests.browser import Tab, open_browser
from tests.conftest import tiny
from tests.features.report.test_page import Reader

Call = Callable[..., tuple[int, str, str]]
# the page's width with everything unfolded, and the words that a drawing cuts off
OPENED = """(() => {
  const shut = [...document.querySelectorAll('details:not([open])')];
  for (const fold of shut) fold.open = true;
  const wide = document.documentElement.scrollWidth;
  const cut = [];
  for (const drawing of document.querySelectorAll('figure svg')) {
    const edge = drawing.getBoundingClientRect();
    for (const word of drawing.querySelectorAll('text')) {
      const box = word.getBoundingClientRect();
      if (box.left < edge.left - 1 || box.right > edge.right + 1) cut.push(word.textContent);
    }
  }
  for (const fold of shut) fold.open = false;
  return [wide, cut];
})()"""
EVIL = '<img src="https://x.test/a.png" onerror=alert(1)>'


@pytest.fixture(scope="module")
def trained(contest: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The runs folder of a tiny trained sample, and its words."""
    from pipeline.__main__ import main

    folder = tmp_path_factory.mktemp("reported")
    words = [*tiny("sample", root=contest, folder=folder), "tta=[identity,flip]"]
    words.append("folds.num=2")
    assert main(["train", "infer", *words]) == 0
    return folder / "runs", words


@pytest.fixture(scope="module")
def page(trained) -> str:
    """The report's text."""
    from pipeline.__main__ import main

    runs, words = trained
    assert main(["report", *words]) == 0
    return (runs / "sample/report.html").read_text(encoding="utf-8")


def rows_of(page: str, name: str) -> list[list[str]]:
    """The texts of a table's cells, row by row."""
    inside = page.split(f'id="{name}"', 1)[1].split("</table>", 1)[0]
    rows = re.findall(r"<tr>(.*?)</tr>", inside.split("<tbody>", 1)[1], flags=re.S)
    return [["".join(Reader(c).texts) for c in re.findall(r"<t[hd].*?</t[hd]>", r)] for r in rows]


def test_its_scores_are_those_of_the_table(trained, page: str) -> None:
    runs, _ = trained
    scores = pd.read_csv(runs / "sample/scores.csv")
    whole = scores[(scores["fold"] == "all") & ~scores["metric"].str.startswith("f1:")]
    found = {tuple(row[:3]): row[3:] for row in rows_of(page, "scores-table")}
    assert len(found) == len(whole) >= 5
    for row in whole.itertuples():
        value, span, constant, mean, sd, n, people = found[row.source, row.task, row.metric]
        own = scores[
            (scores[["source", "task", "metric"]] == [row.source, row.task, row.metric]).all(axis=1)
        ].set_index("fold")["value"]
        assert value == show_number(row.value)
        assert span == f"{show_number(row.low)}–{show_number(row.high)}"
        assert constant == show_number(row.constant)
        assert [mean, sd] == [show_number(own["mean"]), show_number(own["sd"])]
        assert (int(n.replace(",", "")), int(people)) == (row.num_images, row.num_people)
    (answer,) = whole[whole["source"] == "all members"].itertuples()
    verdict = "".join(Reader(page.split("<header>")[1].split("</header>", maxsplit=1)[0]).texts)
    assert show_number(answer.value) in verdict
    assert f"the same for every image ({show_number(answer.constant)}" in verdict


def test_its_confusion_counts_the_held_out_images(trained, page: str) -> None:
    runs, _ = trained
    cells = sorted((runs / "sample/mask").glob("fold*/oof.parquet"))
    oof = pd.concat([pd.read_parquet(path) for path in cells])
    classes = ["worn", "incorrect", "none"]
    answered = oof[[f"mask.{word}" for word in classes]].to_numpy().argmax(axis=1)
    truth = oof["image_id"].str.extract(r"/(mask\d|incorrect|normal)")[0].str[:4]
    code = truth.map({"mask": 0, "inco": 1, "norm": 2}).to_numpy()
    grid = next(
        part for part in page.split('class="counts"')[1:] if "mask: 84 images" in part
    ).split("</table>")[0]
    found = [int(n or 0) for n in re.findall(r"<td [^>]*>([\d,]*)", grid)]
    counts = np.zeros((3, 3), dtype=int)
    np.add.at(counts, (code, answered), 1)
    assert found == counts.reshape(-1).tolist()
    assert counts.sum() == 84


def test_it_asks_nobody_for_anything_and_is_small(page: str) -> None:
    assert not re.search(r"""(?:href|src)\s*=\s*["'](?!#|data:)|url\(|@import|<script """, page)
    assert page.count("<script>") == 1  # its own, which the policy names by its hash
    (policy,) = [
        found["content"]
        for name, found in Reader(page).tags
        if name == "meta" and found.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'")
    assert len(page.encode()) < 10e6
    read = Reader(page)
    assert not read.open
    assert all(found.get("alt") for name, found in read.tags if name == "img")
    assert all(
        found.get("aria-label") or found.get("aria-hidden")
        for name, found in read.tags
        if name == "svg"
    )
    targets = {found["href"][1:] for name, found in read.tags if name == "a"}
    assert targets <= {found["id"] for _, found in read.tags if "id" in found}
    levels = [int(name[1]) for name, _ in read.tags if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1
    assert all(after - before <= 2 for before, after in pairwise(levels))


def test_it_shows_what_compare_stack_and_the_ledger_stored(
    trained, call: Call, tmp_path: Path
) -> None:
    runs, words = trained
    shutil.copytree(runs, tmp_path / "runs")
    shutil.copytree(runs.parent / "submissions", tmp_path / "submissions")
    words = [*words, f"runs={tmp_path}/runs", f"submissions={tmp_path}/submissions"]
    for stage in (["stack"], ["compare", "sample", "sample-stack"], ["report"]):
        code, _, err = call(*stage, *words)
        assert code == 0, err
    page = (tmp_path / "runs/sample/report.html").read_text()
    text = "".join(Reader(page).texts)
    (path,) = (tmp_path / "runs/compare").glob("*/differences.csv")
    row = pd.read_csv(path).set_index("task").loc["answer"]
    said = page.split("sample-stack over sample: ")[1].split(" ")[0]
    assert float(said.replace("−", "-")) == pytest.approx(row["difference"], abs=5e-5)
    record = json.loads((tmp_path / "submissions/sample.json").read_text())
    oof = show_number(record["oof"]["value"])
    verdict = text.split("Experiment on the contest")[1].split("What to try next")[0]
    assert oof in verdict
    assert "of the submission (mean of all members over the views identity, flip)" in verdict
    (facts,) = json.loads((tmp_path / "runs/sample/stack.json").read_text())["parts"]
    nested = show_number(facts["oof"]["value"])
    kept = f"The stack kept {', '.join(facts['kept'])}: {nested}"
    nothing = "The stack found nothing that is better than the plain mean."
    assert (kept if facts["kept"] else nothing) in verdict
    assert "sample (this experiment)" in text.split("Submissions in the order they were made")[1]


def test_what_is_not_there_says_what_to_type(page: str) -> None:
    text = "".join(Reader(page).texts)
    for stage in ("stack", "audit", "explain"):
        assert f"./run.sh {stage} -c sample" in text
    assert "all views over the image as it is" in text


def test_a_page_without_crops_and_with_bad_names_is_still_a_page(
    trained, contest: Path, call: Call, tmp_path: Path
) -> None:
    runs, words = trained
    shutil.copytree(runs, tmp_path / "runs")
    (cells,) = (tmp_path / "runs/sample").glob("crops-*/crops.npy")
    words = [*words, f"runs={tmp_path}/runs"]
    images = next((tmp_path / "runs/sample").glob("images-*/images.parquet"))
    frame = pd.read_parquet(images)
    frame["source"] = np.where(np.arange(len(frame)) % 2, EVIL, "plain")
    frame.to_parquet(images)
    code, _, err = call("report", *words)
    assert code == 0, err
    said = (tmp_path / "runs/sample/report.html").read_text()
    assert EVIL not in said
    assert EVIL[:20] in "".join(Reader(said).texts)
    cells.unlink()
    from pipeline.config import load_experiment
    from pipeline.experiment.work import Work
    from pipeline.stages import report
    from pipeline.storage import PROJECT, Runs

    config, overrides = words[1], words[2:]
    settings = load_experiment(config, overrides, configs=PROJECT / "configs")
    report.run(Work(settings=settings, runs=Runs(settings), command=["./run.sh", "report"]))
    assert "The crops are gone" in (tmp_path / "runs/sample/report.html").read_text()


def test_two_experiments_side_by_side(trained, call: Call, tmp_path: Path) -> None:
    runs, _ = trained
    shutil.copytree(runs, tmp_path / "runs")
    (tmp_path / "runs/sample").rename(tmp_path / "runs/first")
    shutil.copytree(tmp_path / "runs/first", tmp_path / "runs/second")
    data = next(p for p in (tmp_path / "runs/first").glob("images-*")).parent
    for kind in ("images", "faces", "folds", "crops"):
        for path in data.glob(f"{kind}-*"):
            shutil.copytree(path, tmp_path / "runs/sample" / path.name)
    for name, rate in (("first", "0.001"), ("second", "0.5")):
        stored = tmp_path / f"runs/{name}/config.yaml"
        text = stored.read_text().replace("name: sample\n", f"name: {name}\n", 1)
        stored.write_text(re.sub(r"\blr: \S+", f"lr: {rate}", text))
    where = [f"runs={tmp_path}/runs", f"submissions={tmp_path}/submissions"]
    code, out, err = call("report", "first", "second", *where)
    assert code == 0, err
    assert "report-first-second.html" in out
    said = (tmp_path / "runs/report-first-second.html").read_text()
    text = "".join(Reader(said).texts)
    assert "first: all members" in text
    assert "second: all members" in text
    words = re.sub(r"<[^>]*>", " ", said.replace("<wbr>", "")).split()
    places = [place for place, word in enumerate(words) if re.fullmatch(r"members\.\w+\.lr", word)]
    assert [words[place + 1 : place + 3] for place in places] == [["0.001", "0.5"]] * len(places)
    assert places
    assert "more than chance says ./run.sh compare first second" in text
    code, _, err = call("report", "first", "secnd", *where)
    assert code == 2
    assert "did you mean 'second'" in err
    code, _, err = call("report", "explain", *where)
    assert code == 2
    assert "it comes last: ./run.sh explain report" in err
    code, _, err = call("report", "first", *where)
    assert code == 2
    assert "the page of one is ./run.sh report -c " in err and "first/config.yaml" in err
    code, _, err = call("report", "fist", *where)
    assert code == 2
    assert "no experiment 'fist'; did you mean 'first'?" in err


def test_a_browser_draws_it_wide_and_narrow_light_and_dark(
    trained, page: str, tmp_path: Path
) -> None:
    runs, _ = trained
    with open_browser(tmp_path / "profile") as tab:
        for width, mode in ((1280, "light"), (390, "dark")):
            scheme = {"name": "prefers-color-scheme", "value": mode}
            tab.send("Emulation.setEmulatedMedia", features=[scheme])
            sizes = {"width": width, "height": 1800, "deviceScaleFactor": 1}
            tab.send("Emulation.setDeviceMetricsOverride", mobile=width < 800, **sizes)
            tab.open((runs / "sample/report.html").as_uri())
            tab.wait(
                "document.readyState == 'complete' && !!document.querySelector('footer')",
                what="the page",
            )
            assert tab.run("document.documentElement.scrollWidth") <= width
            wide, cut = tab.run(OPENED)
            assert wide <= width  # with everything unfolded too
            assert cut == []
            # words of a drawing can be read without glasses: 12 px as drawn
            scale = tab.run(
                "Math.min(...[...document.querySelectorAll('figure svg[role=img]')]"
                ".map(e => e.getBoundingClientRect()).filter(r => r.width > 0)"
                ".map(r => r.width / 320))"
            )
            assert scale > 0.88
            tab.image(tmp_path / f"{width}.png")
            with Image.open(tmp_path / f"{width}.png") as image:
                pixels = np.asarray(image.convert("RGB")).astype(int)
            corner = pixels[2, -2]
            assert (corner.max() < 60) == (mode == "dark")
            assert pixels.std() > 10
        check_script(tab)
        assert all(found.startswith(("file:", "data:", "about:")) for found in tab.asked)
        assert not tab.errors


def check_script(tab: Tab) -> None:
    """The page's own script runs under its policy: values under the pointer, sorting, folds."""
    tab.run("location.hash = '#folds'")
    tab.wait("document.getElementById('folds').closest('details').open", what="the fold")
    shown = tab.run(  # in one go: the page may still be scrolling, and that hides the value
        "document.querySelector('main details .tip').dispatchEvent("
        "new PointerEvent('pointerover', {bubbles: true})), "
        "document.getElementById('tip').hidden ? '' : document.getElementById('tip').textContent"
    )
    assert shown.count(": ") == 1
    column = (
        "[...document.querySelectorAll('#scores-table tbody tr')].map(r => +r.cells[3].innerText)"
    )
    tab.run("document.getElementById('scores-table').closest('details').open = true")
    for order, sign in (("ascending", 1), ("descending", -1)):
        tab.run("document.querySelector('#scores-table thead th:nth-child(4) button').click()")
        values = tab.run(column)
        assert values == sorted(values, reverse=sign < 0)
        heading = "document.querySelector('#scores-table thead th:nth-child(4)')"
        assert tab.run(f"{heading}.getAttribute('aria-sort')") == order


def test_curves_are_the_histories(trained, page: str) -> None:
    runs, _ = trained
    first = (runs / "sample/mask/fold0-seed777/history.jsonl").read_text().splitlines()
    last = json.loads(first[-1])
    assert f"fold 0, epoch {last['epoch']}: train loss {last['train_loss']:.4g}" in page
    assert f"fold 0, epoch {last['epoch']}: held out loss {last['held_out_loss']:.4g}" in page


def test_the_next_command_keeps_a_config_that_is_called_as_an_experiment(trained) -> None:
    from pipeline.config import load_experiment
    from pipeline.experiment.work import Work
    from pipeline.stages.status import say_next
    from pipeline.storage import PROJECT, Runs

    _, words = trained
    settings = load_experiment("sample", words[2:], configs=PROJECT / "configs")
    typed = ["./run.sh", "report", "sample", "other", "-c", "sample"]
    work = Work(settings=settings, runs=Runs(settings), command=typed, words=("sample", "other"))
    assert say_next(work, "report").endswith(" demo -c sample")


def test_names_of_members_are_not_experiments(trained, call: Call) -> None:
    """`age` is a member of the default config, and nothing that is trained."""
    runs, _ = trained
    code, _, err = call("report", "sample", "age", f"runs={runs}")
    assert code == 2
    assert "no experiment 'age'" in err
