"""bundle: a folder to upload as a data set, with a notebook that answers a hidden test offline."""

from pipeline.experiment.work import Work
from pipeline.features.hidden_test.bundle import NOTEBOOK, check_bundle, write_bundle
from pipeline.inference.choice import has_kept, left_out
from pipeline.stages.status import say_untrained
from pipeline.storage import display_path


def check(work: Work) -> None:
    """Says what is still to be trained; the rest can be checked only then."""
    _wants_wheels(work)
    say_untrained(work, "bundle")


def run(work: Work) -> None:
    """Writes the folder and its notebook, and says how to use them."""
    settings, runs = work.settings, work.runs
    check_bundle(settings, runs)
    bundle = write_bundle(settings, runs, wheels=_wants_wheels(work))
    for said in left_out(settings, runs):
        print(f"bundle: {said}")
    if has_kept(settings, runs):
        print("bundle: what stack kept is not in it: it answers as the plain ensemble")
    print(
        f"bundle: wrote {bundle.num_files} files, {bundle.num_bytes / 1e6:.0f} MB, to "
        f"{display_path(bundle.folder)}; it carries {' and '.join(bundle.carried)}"
    )
    print(
        f"bundle: upload the folder as a data set, attach it and the contest to {NOTEBOOK} of it, "
        "turn the internet off, and run all"
    )


def _wants_wheels(work: Work) -> bool:
    """Whether packages are fetched as wheels. Raises ValueError for another word."""
    word = work.options.get("wheels", "false")
    if word not in ("true", "false"):
        raise ValueError(f"bundle: wheels={word} must be true or false")
    return word == "true"
