"""The faces of an image as rows of a table."""

from pipeline.inference.readout import FacePrediction

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
            row[said.task] = said.text if said.probability is not None else said.probs["value"]
        row |= {name: value for name, value in face.answers.items() if name not in row}
        for said in face.said:
            if said.probability is not None:
                row |= {f"{said.task}.{word}": round(p, 6) for word, p in said.probs.items()}
        rows.append(row)
    return rows


def _columns(rows: list[dict]) -> list[str]:
    """All columns, the probabilities last."""
    first = ("file", "frame", "seconds", "face", "status")
    names = dict.fromkeys(name for row in rows for name in row)
    return [*(n for n in first if n in names or n == "face"), *(n for n in names if n not in first)]
