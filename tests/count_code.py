"""Counts what a reader meets in the code: `python tests/count_code.py [PROJECT]`. A mirror only.

Prints one Markdown table: lines by room, comprehensions, lambdas, ternaries and comments a thousand
lines, signatures that take a Work, public functions without a docstring (module-level ones and
methods: a function inside a function is nobody's door), lines that the main job imports, and mypy's
errors where mypy is installed.
"""

import ast
import io
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
MAIN_JOB = ("draw", "index", "crop", "split", "train", "evaluate", "infer", "ensemble")


@dataclass
class Counts:
    """What some files hold; `lines` counts all lines, blank ones too."""

    files: int = 0
    lines: int = 0
    longest: int = 0
    comprehensions: int = 0
    lambdas: int = 0
    ternaries: int = 0
    comments: int = 0
    signatures: int = 0
    with_work: int = 0
    public: int = 0
    undocumented: int = 0

    def add(self, source: str) -> None:
        """Counts one file's source."""
        tree = ast.parse(source)
        lines = len(source.splitlines())
        self.files += 1
        self.lines += lines
        self.longest = max(self.longest, lines)
        tokens = tokenize.generate_tokens(io.StringIO(source).readline)
        self.comments += sum(token.type == tokenize.COMMENT for token in tokens)
        for node in ast.walk(tree):
            self.comprehensions += isinstance(node, COMPREHENSIONS)
            self.lambdas += isinstance(node, ast.Lambda)
            self.ternaries += isinstance(node, ast.IfExp)
            if isinstance(node, FUNCTIONS):
                self._add_function(node)
        for node in _public_functions(tree):
            self.public += 1
            self.undocumented += ast.get_docstring(node) is None

    def _add_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        named = [ast.unparse(each.annotation) for each in arguments if each.annotation]
        self.signatures += 1
        self.with_work += any(name in ("Work", "'Work'", '"Work"') for name in named)


def _public_functions(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions and methods without an underscore that are not inside of another function.

    Stubs, whose body is `...`, are types and left out.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS):
            if not child.name.startswith("_") and ast.unparse(child.body[0]) != "...":
                yield child
        else:
            yield from _public_functions(child)


def count_package(package: Path) -> dict[str, Counts]:
    """Counts by room (the folders and files right in the package), and `all`."""
    found = {"all": Counts()}
    for path in sorted(package.rglob("*.py")):
        room = path.relative_to(package).parts[0]
        source = path.read_text(encoding="utf-8")
        found.setdefault(room, Counts()).add(source)
        found["all"].add(source)
    return found


def main_job_lines(project: Path) -> int:
    """Lines of all files that the stages from the images to the submission import."""
    todo = [project / f"pipeline/stages/{stage}.py" for stage in MAIN_JOB]
    todo.append(project / "pipeline/__main__.py")
    seen: set[Path] = set()
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo += _imported(path, project)
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in seen)


def _imported(path: Path, project: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            base = project / name.replace(".", "/")
            for file in (base.with_suffix(".py"), base / "__init__.py"):
                if name.startswith("pipeline") and file.is_file():
                    yield file


def mypy_errors(project: Path) -> str:
    """The number of mypy's errors in the package, in its usual strictness; '-' without mypy."""
    command = [sys.executable, "-m", "mypy", "--ignore-missing-imports", "pipeline"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    return last.split()[1] if last.startswith("Found") else "0" if "Success" in last else "-"


def main(words: list[str]) -> None:
    project = Path(words[0] if words else ".").resolve()
    counts = count_package(project / "pipeline")
    print("| room | files | lines | longest | compreh. | lambdas | ternaries | comments | Work |")
    print("|---|---|---|---|---|---|---|---|---|")
    for room, each in counts.items():
        rates = (each.comprehensions, each.lambdas, each.ternaries, each.comments)
        thousand = [f"{1000 * rate / max(each.lines, 1):.1f}" for rate in rates]
        cells = [room, each.files, each.lines, each.longest, *thousand, each.with_work]
        print("| " + " | ".join(map(str, cells)) + " |")
    whole = counts["all"]
    print(f"\n{whole.with_work} of {whole.signatures} signatures take a Work")
    print(f"{whole.undocumented} of {whole.public} public functions have no docstring")
    print(f"{main_job_lines(project)} lines are imported by the main job")
    print(f"mypy: {mypy_errors(project)} errors")


if __name__ == "__main__":
    main(sys.argv[1:])
