"""The house stands on floors: a file imports only from floors below its own."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pipeline.stages.stage import GROUPS

PROJECT = Path(__file__).parent.parent
PIPELINE = PROJECT / "pipeline"
FLOORS = (  # from the ground up; what stands in one line is side by side
    ("labels", "tables", "console"),
    ("config", "faces", "folds", "images", "models", "metrics", "ensembling", "figures", "sample"),
    ("storage",),
    ("experiment",),
    ("jobs", "evaluation", "people"),
    ("training", "inference", "preprocessing", "leaderboard"),
    ("features",),
    ("stages",),
    ("__main__", "__init__"),
    ("api",),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
SIDE_BY_SIDE = {("labels", "tables")}  # the one arrow along a floor: a layout makes an images table
SHOWN_TOO = {("export", "report"), ("export", "demo")}  # a shared folder holds a card and an app
LIBRARIES = {  # behind one file of the package each
    "facenet_pytorch": "faces/mtcnn/nets.py",
    "albumentations": "images/augment.py",
    "pytorch_grad_cam": "models/grad_cam.py",
}
Imports = dict[str, list[tuple[int, str]]]  # by module: line and module of everything it imports


def read_imports(package: Path) -> Imports:
    """What every module of a package imports, wherever in the file; modules that are its own."""
    modules = {_module(path, package): path for path in package.rglob("*.py")}
    found: Imports = {}
    for module, path in modules.items():
        lines = found.setdefault(module, [])
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                lines += [(node.lineno, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}:{node.lineno}: a relative import"
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    lines.append((node.lineno, full if full in modules else str(node.module)))
    return found


def _module(path: Path, package: Path) -> str:
    parts = [package.name, *path.relative_to(package).with_suffix("").parts]
    return ".".join(part for part in parts if part != "__init__")


def wrong_arrows(imports: Imports) -> Iterator[str]:
    """A sentence for each import that goes up, along a floor, or from feature to feature."""
    for module, lines in imports.items():
        room = _room(module)
        assert room in FLOOR, f"{module}: say in FLOORS where {room} stands"
        for line, target in lines:
            if not target.startswith("pipeline") or target == module:
                continue
            other = _room(target)
            if other == room:
                if room == "features" and _feature(module) != _feature(target):
                    pair = (_feature(module), _feature(target))
                    if pair[1] and pair not in SHOWN_TOO:
                        yield f"{module}:{line}: a feature must not import another: {target}"
            elif FLOOR[other] >= FLOOR[room] and (room, other) not in SIDE_BY_SIDE:
                yield f"{module}:{line}: {room} stands no higher than {other}: {target}"


def find_circle(imports: Mapping[str, list[tuple[int, str]]]) -> list[str]:
    """Modules that import each other in a circle, in order; empty when there is none."""
    done: set[str] = set()

    def visit(module: str, way: list[str]) -> list[str]:
        if module in way:
            return way[way.index(module) :]
        if module in done:
            return []
        done.add(module)
        for _, target in imports[module]:
            if target in imports and target != module:
                circle = visit(target, [*way, module])
                if circle:
                    return circle
        return []

    for module in imports:
        circle = visit(module, [])
        if circle:
            return circle
    return []


def _room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def _feature(module: str) -> str:
    parts = module.split(".")
    return parts[2] if len(parts) > 2 else ""


def test_every_import_goes_down() -> None:
    assert list(wrong_arrows(read_imports(PIPELINE))) == []


def test_no_files_import_each_other_in_a_circle() -> None:
    assert find_circle(read_imports(PIPELINE)) == []


def test_a_stage_is_only_a_command() -> None:
    """Nothing but the list of stages and the words about their state is imported from stages."""
    shared = {"pipeline.stages", "pipeline.stages.registry", "pipeline.stages.status"}
    shared |= {"pipeline.stages.stage", "pipeline.stages.help"}
    shared |= {f"pipeline.stages.group_{group}" for group in GROUPS}
    for module, lines in read_imports(PIPELINE).items():
        for line, target in lines:
            if target.startswith("pipeline.stages") and target != module:
                assert target in shared, f"{module}:{line}: imports the command {target}"


@pytest.mark.parametrize(
    ("module", "target", "says"),
    [
        ("pipeline.models.loop", "pipeline.training.cell", "models stands no higher than training"),
        ("pipeline.folds.search", "pipeline.metrics.metrics", "folds stands no higher"),
        ("pipeline.features.audit.leaks", "pipeline.features.stack.load", "must not import anoth"),
        ("pipeline.experiment.cells", "pipeline.stages", "experiment stands no higher than stages"),
    ],
)
def test_a_planted_arrow_is_found(module: str, target: str, says: str) -> None:
    imports = read_imports(PIPELINE)
    imports[module].append((1, target))
    (sentence,) = wrong_arrows(imports)
    assert says in sentence


def test_a_planted_circle_is_found() -> None:
    imports = read_imports(PIPELINE)
    imports["pipeline.tables"].append((1, "pipeline.labels.layouts"))
    assert set(find_circle(imports)) >= {"pipeline.tables", "pipeline.labels.layouts"}


def test_a_library_is_behind_one_file() -> None:
    for module, lines in read_imports(PIPELINE).items():
        for line, target in lines:
            library = target.split(".")[0]
            file = LIBRARIES.get(library)
            home = "pipeline." + str(file).removesuffix(".py").replace("/", ".")
            assert file is None or module == home, f"{module}:{line}: imports {library}"
            if library == "yaml":
                assert _room(module) == "config", f"{module}:{line}: only config reads YAML"


def test_a_file_name_occurs_once_on_a_floor() -> None:
    seen: dict[tuple[int, str], Path] = {}
    for path in sorted(PIPELINE.rglob("*.py")):
        room = path.relative_to(PIPELINE).parts[0].removesuffix(".py")
        if path.name == "__init__.py":
            continue
        key = (FLOOR[room], path.name)
        assert key not in seen, f"{path} and {seen.get(key)} have one name on one floor"
        seen[key] = path


@pytest.mark.parametrize("folder", ["pipeline", "benchmarks"])
def test_no_file_is_longer_than_300_lines(folder: str) -> None:
    for path in (PROJECT / folder).rglob("*.py"):
        length = len(path.read_text(encoding="utf-8").splitlines())
        assert length <= 300, f"{path.relative_to(PROJECT)}: {length} lines"
