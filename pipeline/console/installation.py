"""Where this program lies, whose folder it works in, and how its user calls it.

In a clone all of it is the clone's folder. Installed by pip, the code lies in site-packages, which
is not the user's: runs, submissions and configs of their own are then those of the current folder.
"""

from pathlib import Path

CODE = Path(__file__).resolve().parent.parent  # the folder of the package `pipeline`


def is_installed(code: Path) -> bool:
    """Whether pip put the package there: its record lies beside it. A clone has none, even where
    it was installed with `pip install -e`."""
    return any(code.parent.glob("face_competition_pipeline-*.dist-info"))


IS_INSTALLED = is_installed(CODE)
# what relative paths of the settings mean, and where runs/ and submissions/ are
PROJECT = Path.cwd() if IS_INSTALLED else CODE.parent
# where the shipped configs/, LICENSE and pyproject.toml are; a wheel carries copies
SHIPPED = CODE if IS_INSTALLED else CODE.parent
COMMAND = "face-pipeline" if IS_INSTALLED else "./run.sh"
