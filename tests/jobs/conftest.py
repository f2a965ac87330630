"""Puts the jobs that the tests launch where their processes find them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "launched"))
