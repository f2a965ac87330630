"""The list of stages, in the order in which they run, and what each needs and is followed by."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from pipeline.experiment.cells import all_cells, tuned_member
from pipeline.experiment.fingerprints import (
    audit_key,
    ensemble_key,
    evaluate_key,
    explore_key,
    is_inferred,
    stack_key,
    transfer_key,
    tune_key,
)
from pipeline.experiment.work import Work
from pipeline.storage import is_fresh


@dataclass(frozen=True)
class Stage:
    """A step of the work: the stages it needs, those that follow it, and what it does in words.

    `takes` shows the words that may follow it on the command line and `options` its own key=value
    words; a stage that takes words comes last. One that `repeats` is never done: it looks, or asks.
    One that works `by_words` needs nothing of the config when words are given: they say it all.
    """

    name: str
    needs: tuple[str, ...]
    then: tuple[str, ...]
    summary: str
    arguments: str = ""
    options: tuple[str, ...] = ()
    repeats: bool = False
    by_words: bool = False

    @property
    def module(self) -> ModuleType:
        return import_module(f"pipeline.stages.{self.name}")


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage(
            "draw", (), (), "draws the sample contest's people (only for configs that are drawn)"
        ),
        Stage("index", ("draw",), (), "reads the label tables: one row an image, with a status"),
        Stage("crop", ("index",), (), "finds the main face (MTCNN) and stores the crops"),
        Stage(
            "split", ("crop",), (), "k folds by person, balanced on several labels, with the proof"
        ),
        Stage("explore", ("crop",), (), "what is in the data: figures, example sheets, a summary"),
        Stage(
            "tune", ("crop", "split"), (), "six habits before the long run, and a study over ranges"
        ),
        Stage(
            "audit",
            ("crop", "split"),
            (),
            "copies across folds, leaks, shift between train and test, wrong labels",
        ),
        Stage("train", ("crop", "split"), ("evaluate",), "trains every member on every fold"),
        Stage("evaluate", ("train",), (), "out-of-fold scores with intervals over people"),
        Stage("infer", ("train",), ("ensemble",), "predicts test images: all folds, all views"),
        Stage("ensemble", ("infer",), (), "blends the members and writes the submission CSV"),
        Stage(
            "stack",
            ("infer",),
            (),
            "views, weights, calibration, pooling, decision: what helps on OOF, as a submission",
        ),
        Stage("transfer", ("crop", "split"), (), "another experiment's weights on this contest"),
        Stage(
            "plan",
            ("index",),
            (),
            "minutes, disk, memory and price of stages on this machine, from a short probe",
            arguments="[STAGE ...]",
            options=("price", "tflops"),
            repeats=True,
        ),
        Stage(
            "report",
            ("evaluate",),
            (),
            "one page that shows it all, from stored tables; with names, experiments side by side",
            arguments="[A B …]",
            repeats=True,
            by_words=True,
        ),
        Stage(
            "explain",
            ("train",),
            (),
            "where networks look (Grad-CAM), and what changes their answers",
            options=("images", "member", "num", "sample"),
            repeats=True,
        ),
        Stage(
            "predict",
            ("train",),
            (),
            "finds all faces in images, folders, videos or a camera, and says what it sees",
            arguments="IMAGE|FOLDER|VIDEO …",
            options=("by", "camera", "fps", "min_face"),
            repeats=True,
        ),
        Stage(
            "demo",
            ("train",),
            (),
            "a page to try it in a browser: upload, paste or webcam; other experiments by name",
            arguments="[EXPERIMENT …]",
            options=("host", "port"),
            repeats=True,
        ),
        Stage(
            "export",
            ("train",),
            (),
            "every member and the whole ensemble as ONNX, torch.export and TorchScript, checked",
            options=("formats",),
            repeats=True,
        ),
        Stage(
            "share",
            ("evaluate",),
            (),
            "a folder for the Hugging Face Hub that runs as it is: card, weights, ONNX, app",
            options=("push",),
            repeats=True,
        ),
        Stage(
            "compare",
            (),
            (),
            "experiments or their members on the same folds, with paired intervals",
            arguments="A B …",
            options=("labels",),
            repeats=True,
        ),
        Stage(
            "distil",
            ("evaluate",),
            (),
            "a student in place of the ensemble: its score beside it, paired, and what it saves",
            repeats=True,
        ),
        Stage(
            "diff",
            (),
            (),
            "which answers changed between two submissions, and in which attribute",
            arguments="A B",
            repeats=True,
        ),
        Stage(
            "ledger",
            (),
            (),
            "all submissions, OOF beside leaderboard; NAME score=0.78 records one",
            arguments="[NAME]",
            options=("score", "share"),
            repeats=True,
        ),
        Stage(
            "doctor",
            (),
            (),
            "is everything here that the work needs? python, packages, GPU, disk, data, a batch",
            repeats=True,
        ),
        Stage(
            "reproduce",
            (),
            (),
            "makes a submission again from its record and compares the bytes",
            arguments="submissions/NAME.json",
            options=("root", "device"),
            repeats=True,
        ),
        Stage(
            "submit",
            (),
            (),
            "sends a submission by the Kaggle CLI: NAME competition=… message=…",
            arguments="NAME",
            options=("competition", "message", "again"),
            repeats=True,
        ),
    )
}


def plan_stages(asked: Iterable[str], *, words: Sequence[str] = ()) -> list[str]:
    """All stages that the asked ones need or bring, in the order in which they run; `words` are
    what the last one takes."""
    wanted: set[str] = set()

    def add(name: str) -> None:
        if name not in wanted:
            wanted.add(name)
            for other in (*STAGES[name].needs, *STAGES[name].then):
                add(other)

    for name in asked:
        if words and STAGES[name].by_words:
            wanted.add(name)
        else:
            add(name)
    return [name for name in STAGES if name in wanted]


def _is_explored(work: Work) -> bool:
    return is_fresh(work.runs.explored("summary.txt"), explore_key(work))


def _is_tuned(work: Work) -> bool:
    member = tuned_member(work.settings)
    return is_fresh(work.runs.tuned("report.json", member=member), tune_key(work))


def _is_transferred(work: Work) -> bool:
    source = work.settings.transfer.source
    return source is not None and is_fresh(work.runs.transfer(source), transfer_key(work))


_DONE: dict[str, Callable[[Work], bool]] = {
    "draw": lambda work: (
        work.settings.competition.drawn is None or (work.runs.root / "drawn.json").exists()
    ),
    "index": lambda work: work.runs.images.exists(),
    "crop": lambda work: work.runs.faces.exists() and work.runs.crops.exists(),
    "split": lambda work: work.runs.folds.exists(),
    "train": lambda work: all(work.runs.done(c).exists() for c in all_cells(work.settings)),
    "evaluate": lambda work: is_fresh(work.runs.scores, evaluate_key(work)),
    "infer": lambda work: all(is_inferred(work, member) for member in work.settings.members),
    "explore": _is_explored,
    "audit": lambda work: is_fresh(work.runs.audited("summary.txt"), audit_key(work)),
    "tune": _is_tuned,
    "transfer": _is_transferred,
    "ensemble": lambda work: is_fresh(work.runs.submission, ensemble_key(work)),
    "stack": lambda work: is_fresh(work.runs.stacked, stack_key(work)),
}


def is_done(work: Work, stage: str) -> bool:
    """Whether a stage has nothing left to do for these settings."""
    return not STAGES[stage].repeats and _DONE[stage](work)


def make_folds(work: Work) -> None:
    """Runs index, crop and split, where they are not done."""
    for stage in ("index", "crop", "split"):
        if not is_done(work, stage):
            STAGES[stage].module.run(work)
