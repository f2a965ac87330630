"""mypy finds no more errors in any file than tests/mypy_ratchet.json says; a new file has none.

`UPDATE_TYPES=1 ./run.sh test tests/test_types.py` writes the numbers down when they have fallen.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

PROJECT = Path(__file__).parent.parent
RATCHET = Path(__file__).parent / "mypy_ratchet.json"


def count_errors() -> dict[str, int]:
    """mypy's errors by file of the package."""
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "pipeline"]
    done = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode in (0, 1), done.stderr or done.stdout
    files = re.findall(r"^(pipeline/\S+\.py):\d+: error:", done.stdout, flags=re.MULTILINE)
    return dict(sorted(Counter(files).items()))


def test_no_file_has_more_type_errors_than_before() -> None:
    found = count_errors()
    allowed: dict[str, int] = json.loads(RATCHET.read_text(encoding="utf-8"))
    more = {file: number for file, number in found.items() if number > allowed.get(file, 0)}
    if os.environ.get("UPDATE_TYPES"):
        RATCHET.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        return
    assert more == {}, f"{sum(found.values())} errors in all; allowed in these files were fewer"
