"""predict finds every face and says of a contest's image what its submission says."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.images.read import read_image
from tests.whole_runs import answerer_of, run_words


def read_faces(plain: Path) -> pd.DataFrame:
    return pd.read_csv(plain / "runs/sample/predict/faces.csv")


def test_a_test_image_gets_its_stored_probabilities(plain: Path, contest: Path) -> None:
    predictor = answerer_of(run_words(contest, plain))
    submission = pd.read_csv(plain / "submissions/sample.csv").set_index("ImageID")["ans"]
    stored = {
        member: pd.read_parquet(plain / f"runs/sample/{member}/test.parquet").set_index("image_id")
        for member in ("mask", "gender", "age")
    }
    for image_id in submission.index[:4]:
        faces = predictor(read_image(contest / "eval/images" / image_id))
        assert faces[0].how == "mtcnn"
        assert faces[0].answers == {"answer": submission[image_id]}
        for said in faces[0].said:
            wanted = [stored[said.task].loc[image_id, f"{said.task}.{c}"] for c in said.probs]
            np.testing.assert_allclose(list(said.probs.values()), wanted, atol=1e-5)


def test_in_mixed_precision_it_says_what_infer_says_to_the_last_bit(
    plain: Path, contest: Path
) -> None:
    from pipeline.experiment.cells import answering_cells
    from pipeline.experiment.device import choose_device
    from pipeline.experiment.images_table import read_test
    from pipeline.experiment.member_context import member_context
    from pipeline.experiment.predict import predict_cells
    from pipeline.faces.crop_store import open_crops

    predictor = answerer_of([*run_words(contest, plain), "precision=bfloat16"])
    settings, runs = predictor.settings, predictor.runs
    some, crops = read_test(runs).head(4), open_crops(runs.crops)
    device, precision = choose_device(settings)
    wanted = predict_cells(
        runs,
        member_context(settings, "mask"),
        answering_cells(settings, "mask"),
        some,
        crops=crops,
        settings=settings,
        what="",
        device=device,
        precision=precision,
    )
    found = predictor.predict("mask", crops[some["row"]], some["image_id"])
    pd.testing.assert_frame_equal(found, wanted)


def test_a_group_has_a_row_for_each_face(
    plain: Path, contest: Path, tmp_path: Path, call: Callable
) -> None:
    some = sorted((contest / "eval/images").glob("*.jpg"))[::7][:3]
    people = [read_image(path) for path in some]
    folder = tmp_path / "images"
    folder.mkdir()
    Image.fromarray(np.concatenate(people, axis=1)).save(folder / "group.png")
    Image.fromarray(np.full((120, 160, 3), 90, np.uint8)).save(folder / "wall.png")
    (folder / "notes.jpg").write_text("not an image")
    code, out, err = call("predict", folder, *run_words(contest, plain))
    assert code == 0, err
    assert "3 faces in 3 files, 1 no face found, 1 not read" in out
    table = read_faces(plain)
    rows = {name: table[table["file"].str.endswith(name)] for name in ("group.png", "wall.png")}
    width = people[0].shape[1]
    centres = (rows["group.png"]["x1"] + rows["group.png"]["x2"]) / 2 // width
    assert sorted(centres) == [0, 1, 2]
    assert rows["group.png"]["mask"].isin(["worn", "incorrect", "none"]).all()
    probs = rows["group.png"][["mask.worn", "mask.incorrect", "mask.none"]].sum(axis=1)
    np.testing.assert_allclose(probs, 1.0, atol=1e-5)
    assert rows["wall.png"]["status"].item() == "no face found"
    assert table["status"].str.contains("not an image").sum() == 1
    drawn = read_image(plain / "runs/sample/predict/group.jpg")
    assert drawn.shape[0] >= people[0].shape[0]
    assert (plain / "runs/sample/predict/wall.jpg").exists()


def test_a_video_has_rows_by_second(
    plain: Path, contest: Path, tmp_path: Path, call: Callable
) -> None:
    cv2 = pytest.importorskip("cv2")
    image = read_image(next((contest / "eval/images").glob("*.jpg")))
    size = (image.shape[1], image.shape[0])
    film = cv2.VideoWriter(str(tmp_path / "a.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 10.0, size)
    for _ in range(6):
        film.write(np.ascontiguousarray(image[:, :, ::-1]))
    film.release()
    (tmp_path / "b.mp4").write_bytes(b"no film")
    words = run_words(contest, plain)
    code, _, err = call("predict", tmp_path / "a.mp4", tmp_path / "b.mp4", "fps=5", *words)
    assert code == 0, err
    table = read_faces(plain)
    assert table.loc[table["status"] == "ok", "seconds"].tolist() == [0.0, 0.2, 0.4]
    assert table["status"].iloc[-1] == "b.mp4: not a video that can be read"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nobody.jpg"], "predict: no file or folder nobody.jpg"),
        ([], "name images, folders or videos"),
        ([".", "by=agge"], "by=agge: no such member; did you mean 'age'?"),
        ([".", "by=stack"], "by=stack: nothing is stacked yet; first ./run.sh stack"),
        ([".", "min_face=3"], "min_face=3 must be a share"),
        (
            ["README.md"],
            "none of 1 files can be read, the first is README.md: README.md: not an image",
        ),
        (["runs/.gitkeep", "README.md"], "none of 2 files can be read"),
    ],
)
def test_what_cannot_be_is_a_sentence(
    words: list[str], says: str, plain: Path, contest: Path, call: Callable
) -> None:
    code, _, err = call("predict", *words, *run_words(contest, plain))
    assert code == 2
    assert says in err


def test_one_member_says_its_own_tasks(plain: Path, contest: Path, call: Callable) -> None:
    image = next((contest / "eval/images").glob("*.jpg"))
    code, _, err = call("predict", image, "by=age", *run_words(contest, plain))
    assert code == 0, err
    table = read_faces(plain)
    assert "age.<30" in table and not any(name.startswith("mask") for name in table)
