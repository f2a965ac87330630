"""A row that names a video is answered from its frames: from the files to the answers."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from pipeline.config import load_experiment
from pipeline.images.read import UnreadableImageError, measure_image, read_image
from pipeline.labels.frames import frame_path
from pipeline.storage import Runs
from tests.album_contest import LABELS, SIZES, make_albums
from tests.contests import drawn_people

Call = Callable[..., tuple[int, str, str]]


def draw_video(path: Path, frames: list[np.ndarray]) -> Path:
    """A video of RGB frames; skips the test where OpenCV has no codec for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    code = cv2.VideoWriter_fourcc(*("mp4v" if path.suffix == ".mp4" else "MJPG"))
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), code, 25.0, (width, height))
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[:, :, ::-1]))
    writer.release()
    if not path.is_file() or path.stat().st_size < 500:
        pytest.skip(f"no codec for {path.suffix}")
    return path


def greys(number: int) -> list[np.ndarray]:
    return [np.full((48, 64, 3), 20 * place, dtype=np.uint8) for place in range(number)]


@pytest.mark.parametrize("ending", [".mp4", ".avi"])
def test_frames_are_evenly_spaced(tmp_path: Path, ending: str) -> None:
    path = draw_video(tmp_path / f"clip{ending}", greys(12))
    levels = []
    for number in range(4):
        frame = Path(frame_path(str(path), number=number, total=4))
        assert measure_image(frame) == (64, 48)
        levels.append(read_image(frame).mean())
    np.testing.assert_allclose(levels, [20 * place for place in (1, 4, 7, 10)], atol=6)


def test_a_broken_video_is_one_sentence_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"no video" * 100)
    with pytest.raises(UnreadableImageError, match=r"broken\.mp4: not a video that can be read"):
        read_image(Path(frame_path(str(path), number=0, total=4)))
    with pytest.raises(UnreadableImageError, match=r"absent\.mp4: no such file"):
        measure_image(Path(frame_path(str(tmp_path / "absent.mp4"), number=0, total=4)))


def make_deepfakes(folder: Path) -> list[str]:
    """Words for a contest of 12 videos of drawn people, half of them tinted, and three to answer,
    of which one is broken."""
    root, configs = folder / "root", folder / "configs"
    configs.mkdir()
    rows = []
    for number, (_, image) in enumerate(drawn_people()[:15]):
        face = np.asarray(image)
        is_fake = number % 2 == 1
        if is_fake:
            face = (face * np.array([0.5, 1.0, 0.5])).astype(np.uint8)
        frames = [np.roll(face, place % 3, axis=1) for place in range(8)]
        part = "train" if number < 12 else "test"
        draw_video(root / part / f"v{number:02d}.mp4", frames)
        if part == "train":
            rows.append((f"v{number:02d}.mp4", "FAKE" if is_fake else "REAL", f"p{number // 2}"))
    (root / "test/v14.mp4").write_bytes(b"cut off")
    pd.DataFrame(rows, columns=["filename", "label", "who"]).to_csv(root / "train.csv", index=False)
    asked = ["v14.mp4", "v12.mp4", "v13.mp4"]
    sample = pd.DataFrame({"filename": asked, "label": 0.5})
    sample.to_csv(root / "sample.csv", index=False)
    (configs / "deep.yaml").write_text(
        f"competition:\n  name: deep\n  layout: table\n  root: {root}\n  frames: 4\n"
        "  table: {images: train, test_images: test, id: filename, person: who}\n"
        "  tasks: {fake: {kind: binary, classes: [REAL, FAKE], column: label, metric: log_loss}}\n"
        "  answer: {tasks: [fake], pooling: mean}\n"
        "  submission: {sample: sample.csv, id: filename}\n"
        "crop: {faces: detect, size: 32}\nfolds: {num: 2}\nbootstrap: 100\ndevice: cpu\n"
        f"parallel: 1\nruns: {folder}/runs\nsubmissions: {folder}/submissions\n"
        "members:\n  m: {tasks: {fake: {}}, backbone: small_cnn, weights: none, image_size: 32, "
        "epochs: 1, batch_size: 8}\n"
    )
    return ["-c", str(configs / "deep.yaml")]


def test_videos_from_the_files_to_the_answers(tmp_path: Path, call: Call) -> None:
    words = make_deepfakes(tmp_path)
    code, _, err = call("crop", *words)
    assert code == 2
    assert "1 of 3 groups of test images can't be read (1 unreadable)" in err
    assert "v14.mp4: not a video that can be read" in err
    words.append("competition.missing_test=0.4")
    code, out, err = call("crop", "train", "infer", "stack", *words)
    assert code == 0, err
    assert "index: 15 rows name videos: up to 4 frames of each, evenly spaced" in out
    assert "1 of 15 videos can't be read, the first: v14.mp4" in out
    assert "answers, one per video, of 6 people" in out
    runs = Runs(load_experiment("deep", words[2:], configs=tmp_path / "configs"))
    images, faces = pd.read_parquet(runs.images), pd.read_parquet(runs.faces)
    assert (images["part"] == "train").sum() == 48
    assert (faces["how"] == "mtcnn").mean() > 0.5, "faces are looked for in the frames"
    for path in (runs.submission, runs.stacked):
        frame = pd.read_csv(path)
        assert list(frame.columns) == ["filename", "label"]
        assert frame["filename"].tolist() == ["v14.mp4", "v12.mp4", "v13.mp4"]
        assert frame["label"].between(0, 1).all()
    record = json.loads(runs.submission_record.read_text())
    assert record["prior_answers"] == ["v14.mp4"]
    assert record["oof"]["num_images"] == 12 and record["oof"]["num_people"] == 6
    table = pd.read_parquet(runs.predictions("m", "test"))
    table["video"] = table["image_id"].str.partition("@")[0]
    by_hand = table.groupby("video")["fake.score"].mean()
    answers = pd.read_csv(runs.submission).set_index("filename")["label"]
    np.testing.assert_allclose(answers, by_hand[answers.index], rtol=1e-5)

    code, out, err = call("infer", f"test={tmp_path}/root/test", *words)
    assert code == 0, err
    hidden = pd.read_csv(runs.submissions / "deep-test.csv").set_index("filename")["label"]
    np.testing.assert_array_equal(hidden[answers.index], answers)


def test_a_row_that_names_a_folder_is_answered_from_its_images(tmp_path: Path, call: Call) -> None:
    words = make_albums(
        tmp_path, labels=LABELS, sizes=SIZES, test={"x": 3, "y": 2}, sample=["y", "x"]
    )
    root = tmp_path / "root"
    for part in ("train", "test"):
        table = pd.read_csv(root / f"{part}.csv")
        for name, album in zip(table["file"], table["album"], strict=True):
            (root / "images" / album).mkdir(exist_ok=True)
            (root / "images" / name).rename(root / "images" / album / name)
        table.drop(columns="file").drop_duplicates().to_csv(root / f"{part}.csv", index=False)
    words += ["competition.table.id=album", "competition.answer.per=null"]
    code, out, err = call("train", "infer", *words)
    assert code == 0, err
    assert "index: 10 rows name folders with 29 images" in out
    frame = pd.read_csv(tmp_path / "submissions/albums.csv")
    assert frame["album"].tolist() == ["y", "x"]
