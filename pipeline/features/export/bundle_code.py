"""Which files of this project a module needs: what it imports, and what that imports."""

import ast
from pathlib import Path

from pipeline.console.installation import CODE


def files_needed(start: Path) -> list[Path]:
    """The project's files that `start` imports, directly or not, with the packages they are in."""
    found = set()
    waiting = [start]
    while waiting:
        for path in _imported(waiting.pop()):
            if path not in found:
                found.add(path)
                waiting.append(path)
    return sorted(found)


def _imported(path: Path) -> set[Path]:
    """The files of the modules that one file names, and each one's packages."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    files = set()
    for name in names:
        parts = name.split(".")
        if parts[0] == "pipeline":
            module = CODE.parent.joinpath(*parts).with_suffix(".py")
            files |= {module} if module.is_file() else set()
            around = [CODE.parent.joinpath(*parts[:n]) for n in range(1, len(parts) + 1)]
            files |= {path for each in around if (path := each / "__init__.py").is_file()}
    return files
