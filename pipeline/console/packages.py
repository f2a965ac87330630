"""Which packages an interpreter lacks, asked before anything else is imported.

`python -m pipeline.console.packages` ends with 2 and one sentence where one is missing; it needs
nothing but Python itself.
"""

import sys
from importlib.util import find_spec

NEEDED = {  # module: the package that pip knows
    "torch": "torch",
    "torchvision": "torchvision",
    "timm": "timm",
    "facenet_pytorch": "facenet-pytorch",
    "albumentations": "albumentations",
    "cv2": "opencv-python-headless",
    "numpy": "numpy",
    "PIL": "pillow",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "iterstrat": "iterative-stratification",
    "tqdm": "tqdm",
    "pydantic": "pydantic",
    "yaml": "PyYAML",
    "safetensors": "safetensors",
    "matplotlib": "matplotlib",
    "jinja2": "jinja2",
}


def missing_packages() -> list[str]:
    """The packages that this interpreter lacks, in the order of NEEDED."""
    return [package for module, package in NEEDED.items() if find_spec(module) is None]


def say_missing(missing: list[str], *, python: str) -> str:
    """One sentence: what is missing, and what to type."""
    return (
        f"{python} lacks {', '.join(missing)}; type: {python} -m pip install -r requirements.txt; "
        "without PIPELINE_PYTHON ./run.sh installs all of them into .venv"
    )


if __name__ == "__main__":
    lacking = missing_packages()
    if lacking:
        print(f"error: {say_missing(lacking, python=sys.executable)}", file=sys.stderr)
        sys.exit(2)
