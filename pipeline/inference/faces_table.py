"""The faces of an image as rows of a table."""

from collections.abc import Sequence

import pandas as pd

from pipeline.inference.readout import FacePrediction, OutputSpec

NO_FACE = "no face found"


def face_rows(file: str, faces: list[FacePrediction], **more: object) -> list[dict]:
    """A row a face; one that says so where there is none."""
    if not faces:
        return [{"file": file, **more, "status": NO_FACE}]
    rows = []
    for number, face in enumerate(faces, start=1):
        row = {"file": file, **more, "face": number, "status": "ok"}
        row |= dict(zip(("x1", "y1", "x2", "y2"), (round(v, 1) for v in face.box), strict=True))
        row["found"] = face.how if face.how != "mtcnn" else round(face.detected, 4)
        for said in face.said:
            row[said.task] = said.text if said.number is None else said.number
        row |= {name: value for name, value in face.answers.items() if name not in row}
        for said in face.said:
            if said.number is None:
                row |= {f"{said.task}.{word}": round(p, 6) for word, p in said.probs.items()}
        rows.append(row)
    return rows


def faces_frame(rows: list[dict], readings: Sequence[OutputSpec]) -> pd.DataFrame:
    """The rows as a table; whole numbers stay whole where a row lacks one."""
    frame = pd.DataFrame(rows, columns=_columns(rows))
    whole = [name for name in ("frame", "face") if name in frame]
    whole += [one.name for one in readings if one.is_product and one.name in frame]
    return frame.astype(dict.fromkeys(whole, "Int64"))


def _columns(rows: list[dict]) -> list[str]:
    """All columns, the probabilities last."""
    first = ("file", "frame", "seconds", "face", "status")
    names = dict.fromkeys(name for row in rows for name in row)
    return [*(n for n in first if n in names or n == "face"), *(n for n in names if n not in first)]
