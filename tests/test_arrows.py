"""The house's arrows go one way: __main__ -> stages -> rooms -> labels -> tables."""

import ast
from pathlib import Path

import pytest

PIPELINE = Path(__file__).parent.parent / "pipeline"
ROOMS = {"faces", "folds", "images", "learning", "scoring", "ensembling", "drawing"}
ROOMS |= {"auditing", "figures", "tuning"}
ROOMS |= {"benchmarks"}
ROOMS |= {"pages"}
ROOMS |= {"showing"}
MAY_IMPORT = {
    "tables": set(),
    "labels": {"tables"},
    "config": {"labels"},
    "runs": {"config"},
    "stages": {*ROOMS, "labels", "tables", "config", "runs"},
    "__main__": {"stages", "config", "runs"},
    "__init__": set(),
    **{room: {"labels", "tables"} for room in ROOMS},
}
LIBRARIES = {"facenet_pytorch": ("faces/nets.py",), "albumentations": ("images/augment.py",)}
LIBRARIES["pytorch_grad_cam"] = ("learning/heatmaps.py",)
LIBRARIES["facenet_pytorch"] += ("benchmarks/crop.py",)  # the peers of the benchmarks
LIBRARIES["albumentations"] += ("benchmarks/data.py",)


def imports(path: Path) -> list[tuple[int, str]]:
    """Line and dotted name of everything a file imports, wherever in the file."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            found.append((node.lineno, node.module))
            if node.module == "pipeline":
                found += [(node.lineno, f"pipeline.{alias.name}") for alias in node.names]
    return found


@pytest.mark.parametrize("path", sorted(PIPELINE.rglob("*.py")), ids=lambda p: p.stem)
def test_arrows_go_one_way(path: Path) -> None:
    inside = path.relative_to(PIPELINE)
    room = inside.parts[0].removesuffix(".py")
    for line, name in imports(path):
        parts = name.split(".")
        if parts[0] == "pipeline" and len(parts) > 1 and parts[1] != room:
            assert parts[1] in MAY_IMPORT[room], f"{inside}:{line}: {room} must not import {name}"
        if parts[0] in LIBRARIES:
            assert str(inside) in LIBRARIES[parts[0]], f"{inside}:{line}: imports {parts[0]}"
        if parts[0] == "yaml":
            assert room == "config", f"{inside}:{line}: only config reads YAML"
