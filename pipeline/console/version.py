"""The version that `--version` and the package say; pyproject.toml has the same (tested)."""

VERSION = "0.2.0"
