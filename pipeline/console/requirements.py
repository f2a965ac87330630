"""The packages that the program needs, as pyproject.toml lists them; a wheel carries a copy.

`dependencies` and the extras say which versions may be used, `tool.face-pipeline.tried` the one
version of each that was tried together with the others.
"""

import re
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

from pipeline.console.installation import IS_INSTALLED, PROJECT, SHIPPED


def read_pyproject() -> dict[str, Any]:
    """The whole file, as plain values."""
    return tomllib.loads((SHIPPED / "pyproject.toml").read_text(encoding="utf-8"))


def list_requirements(extra: str | None = None) -> list[str]:
    """What pip is asked for, as `torch>=2.11`: by the program itself, or by one of its extras."""
    project = read_pyproject()["project"]
    if extra is None:
        return list(project["dependencies"])
    return list(project["optional-dependencies"][extra])


def tried_versions(extra: str | None = None) -> dict[str, str]:
    """Name and tried version of the packages of the program itself, or of one of its extras."""
    tried = read_pyproject()["tool"]["face-pipeline"]["tried"]
    names = [package_name(requirement) for requirement in list_requirements(extra)]
    return {name: tried[name] for name in names}


def package_name(requirement: str) -> str:
    """`timm` of `timm>=1.0`."""
    return re.split(r"[^A-Za-z0-9_.-]", requirement, maxsplit=1)[0]


def say_pip() -> str:
    """What to type for the pip of the interpreter that runs now."""
    return ".venv/bin/pip" if _is_own_venv() else f"{shlex.quote(sys.executable)} -m pip"


def say_program(name: str) -> str:
    """What to type for a program that a package brought, beside the interpreter that runs now."""
    if _is_own_venv():
        return f".venv/bin/{name}"
    return shlex.quote(str(Path(sys.executable).with_name(name)))


def _is_own_venv() -> bool:
    return sys.prefix == str(PROJECT / ".venv")


def say_install(extra: str) -> str:
    """What to type for the packages of an extra, with the interpreter that runs now."""
    pip = say_pip()
    if IS_INSTALLED:  # there are no requirements files, and the wheel may have come from anywhere
        return f"{pip} install {shlex.join(list_requirements(extra))}"
    return f"{pip} install -r requirements-{extra}.txt"
