"""Where every artefact lives. Only this file and stage_files.py join paths below `runs/` and
`submissions/`.

Shared folders carry the hash of their recipe, so a changed recipe makes a new folder and never
overwrites.
"""

import copy
from collections.abc import Sequence
from pathlib import Path

from pipeline.config import Experiment
from pipeline.storage.cell import Cell
from pipeline.storage.project import below_project, file_digest, find_fixes
from pipeline.storage.shared_keys import crop_recipe, shared_keys
from pipeline.storage.stage_files import StageFiles


class Runs(StageFiles):
    """Every path of one experiment."""

    def __init__(self, experiment: Experiment) -> None:
        contest, crop = experiment.competition, experiment.crop
        self._runs = below_project(experiment.runs)
        self._submissions = below_project(experiment.submissions)
        self.name = experiment.name
        self.root = below_project(contest.root)
        self.fixes = find_fixes(contest.fixes, root=self.root)
        self.fixes_digest = file_digest(self.fixes)
        keys = shared_keys(experiment, root=self.root, fixes=self.fixes)
        shared = self._runs / contest.name
        self.crop_recipe = crop_recipe(crop)
        self._recipes = {n: crop_recipe(experiment.member_crop(n)) for n in experiment.members}
        # by member, the folder of crops that are not the experiment's
        self._own_crops = {name: f"crops-{key}" for name, key in keys.own_crops.items()}
        self.images = shared / f"images-{keys.images}" / "images.parquet"
        self.tables = self.images.parent / "tables.json"
        self.faces = shared / f"faces-{keys.faces}" / "faces.parquet"
        self.face_shards = self.faces.parent / "shards"
        self.crops = shared / f"crops-{keys.crops}" / "crops.npy"
        self.folds = shared / f"folds-{keys.folds}" / "folds.csv"
        self.unfixed_folds = shared / f"folds-{keys.unfixed_folds}" / "folds.csv"
        self.certificate = self.folds.parent / "balance.json"
        self.experiment = self._runs / experiment.name
        self.settings = self.experiment / "config.yaml"
        self.provenance = self.experiment / "provenance.json"
        self.scores = self.experiment / "scores.csv"
        self.comparisons = self.experiment / "comparisons.csv"
        ending = "txt" if contest.submission.format == "lines" else "csv"
        self.submission = self._submissions / f"{experiment.name}.{ending}"
        self.submission_record = self.submission.with_suffix(".json")
        self.stacked = self._submissions / f"{experiment.name}-stack.{ending}"

    @property
    def trained(self) -> Path:
        """The settings of all members that were ever trained in the experiment's folder."""
        return self.settings.with_name("trained.yaml")

    @property
    def folder(self) -> Path:
        """Below which all artefacts lie but the submissions."""
        return self._runs

    def moved(self, folder: Path) -> "Runs":
        """The same artefacts below another folder."""
        runs = copy.copy(self)
        for name, value in vars(self).items():
            if name != "root" and isinstance(value, Path) and value.is_relative_to(self._runs):
                setattr(runs, name, folder / value.relative_to(self._runs))
        return runs

    def rooted(self, root: Path) -> "Runs":
        """The same artefacts, of images that lie elsewhere on this machine."""
        runs = copy.copy(self)
        runs.root = root
        return runs

    def test_folder(self, name: str) -> Path:
        """Where the crops and predictions of other test images lie, a folder a test part."""
        return self.experiment / "tests" / name

    def test_submission(self, name: str) -> Path:
        """The answers to other test images, beside the contest's own."""
        return self._submissions / f"{self.name}-{name}{self.submission.suffix}"

    def of_test(self, folder: Path, *, root: Path) -> "Runs":
        """The same weights, with the tables and crops of other test images in `folder`."""
        runs = self.rooted(root)
        runs.images = folder / "images.parquet"
        runs.faces = folder / "faces" / "faces.parquet"
        runs.face_shards = runs.faces.parent / "shards"
        runs.crops = folder / "crops" / "crops.npy"
        return runs

    def face_shard(self, start: int) -> Path:
        """The faces of the images from one on, until all are found."""
        return self.face_shards / f"{start:08d}.parquet"

    def crop_store(self, folder: str) -> Path:
        """The crops in a folder beside that of the experiment's own."""
        return self.crops.parent.parent / folder / self.crops.name

    def crops_of(self, member: str) -> Path:
        """The crops that a member looks at: the experiment's, or those of its own."""
        own = self._own_crops.get(member)
        return self.crops if own is None else self.crop_store(own)

    @property
    def crop_stores(self) -> list[Path]:
        """Every crop store of the experiment and its members, each once."""
        return list(dict.fromkeys([self.crops, *map(self.crops_of, self._recipes)]))

    def crop_recipe_of(self, member: str) -> str:
        """What a member's crops are made by, whatever their size; weights serve only that."""
        return self._recipes[member]

    def crops_by(self, recipe: str) -> Path | None:
        """The crops that are cut by this recipe, whatever their size; None where none are."""
        if recipe == self.crop_recipe:
            return self.crops
        members = [name for name, own in self._recipes.items() if own == recipe]
        return self.crops_of(members[0]) if members else None

    @staticmethod
    def crop_shard(store: Path, start: int) -> Path:
        """The crops of a store from one on, until all are cut."""
        return store.parent / "shards" / f"{start:08d}.npy"

    def answer_shard(self, member: str, name: str) -> Path:
        """A part of a member's predictions, until all are there."""
        return self.experiment / member / "shards" / f"{name}.parquet"

    def cell(self, cell: Cell) -> Path:
        """The folder of a cell."""
        return self.experiment / cell.member / cell.folder

    def done(self, cell: Cell) -> Path:
        """The mark that a cell is trained, with its facts; written last."""
        return self.cell(cell) / "done.json"

    def weights(self, cell: Cell) -> Path:
        """The weights of the epoch that a cell keeps."""
        return self.cell(cell) / "weights.safetensors"

    def checkpoint(self, cell: Cell) -> Path:
        """All that a cell needs to go on; removed when it is done."""
        return self.cell(cell) / "checkpoint.safetensors"

    def memory(self, cell: Cell) -> Path:
        """Into how many pieces the device's memory made a cell cut its last epoch's batches."""
        return self.cell(cell) / "memory.json"

    def history(self, cell: Cell) -> Path:
        """A line an epoch: losses, metrics, seconds."""
        return self.cell(cell) / "history.jsonl"

    def oof(self, cell: Cell) -> Path:
        """A cell's predictions of its held-out fold."""
        return self.cell(cell) / "oof.parquet"

    @property
    def cache(self) -> Path:
        """What cells share, and compute again where it was removed."""
        return self.experiment / "cache"

    def features(self, key: str) -> Path:
        """Frozen features of all labelled images, by what they were made from."""
        return self.cache / f"features-{key}.npy"

    def trunk(self, key: str) -> Path:
        """The folder of what frozen layers see in images, by what they were made from."""
        return self.cache / f"trunk-{key}"

    def pseudo(self, cell: Cell) -> Path:
        """What the cell was told by others: of the test images, and which of them it learnt from;
        of its own training images where it is a student."""
        return self.cell(cell) / "pseudo.parquet"

    def soup_score(self, member: str, fold: int, seeds: Sequence[int]) -> Path:
        """How well the average of these seeds answers what a fold holds out."""
        name = "-".join(str(seed) for seed in seeds)
        return self.experiment / member / "soup" / f"fold{fold}-seeds{name}.json"

    def people(self, part: str) -> Path:
        """Which images of a part, `oof` or `test`, are taken for one person's."""
        return self.experiment / f"people-{part}.csv"

    def embeddings(self, member: str, part: str) -> Path:
        """What a member's networks see in the images of a part, `oof` or `test`."""
        return self.experiment / member / f"embeddings-{part}.parquet"

    def predictions(self, member: str, part: str) -> Path:
        """All folds, seeds and views of a member: `oof_views.parquet` or `test_views.parquet`."""
        return self.experiment / member / f"{part}_views.parquet"

    @property
    def extra_copies(self) -> Path:
        """Which images of other data are images of the contest under other names."""
        return self.folds.parent / "extra_copies.csv"

    @property
    def lockbox(self) -> Path:
        """The train images that no fold holds."""
        return self.folds.parent / "lockbox.csv"

    @property
    def unfixed_lockbox(self) -> Path:
        """The lockbox of the folds that were made before labels were fixed."""
        return self.unfixed_folds.parent / "lockbox.csv"

    @property
    def judged(self) -> Path:
        """A file an experiment that was judged on these folds, or opened their lockbox."""
        return self.folds.parent / "judged"

    def judged_folders(self, competition: str) -> list[Path]:
        """Such folders of all splits of a contest."""
        return sorted((self._runs / competition).glob("folds-*/judged"))

    @property
    def judged_by_this(self) -> Path:
        """The file of this experiment, and of the trials inside it."""
        return self.judged / f"{self.name}.json"

    def of_experiment(self, name: str) -> Path:
        """The folder of another experiment in the same runs."""
        return self._runs / name

    @property
    def submissions(self) -> Path:
        """The folder of all answer files."""
        return self._submissions

    @property
    def ledger(self) -> Path:
        """Every submission that was made, with its OOF and its leaderboard score."""
        return self._submissions / "ledger.csv"

    @property
    def ledger_lock(self) -> Path:
        """Held while the ledger is changed."""
        return self._submissions / ".ledger.lock"

    def archived(self, submission: Path, *, sha256: str) -> Path:
        """The copy of an answer file that a later run does not overwrite."""
        return self._submissions / "archive" / f"{submission.stem}-{sha256[:8]}{submission.suffix}"

    def changed(self, first: Path, second: Path) -> Path:
        """The rows in which two answer files differ."""
        return self._submissions / "diff" / f"{first.stem}-to-{second.stem}.csv"

    def inside(self, trial: str) -> "Runs":
        """The same data artefacts, with the experiment's own files in the folder of a trial."""
        runs = copy.copy(self)
        runs.experiment = self.experiment / "tune" / "trials" / trial
        runs.settings = runs.experiment / "config.yaml"
        return runs

    def lock(self, stage: str) -> Path:
        """What a stage holds while it writes: the contest's shared folder, or the experiment's."""
        if stage == "draw":
            return self.root.parent / f".{self.root.name}.lock"
        if stage in ("index", "crop", "split"):
            return self.images.parent.parent / ".data.lock"
        if stage in ("explore", "tune"):  # these may look while the experiment is trained
            return self.experiment / stage / ".run.lock"
        return self.experiment / ".run.lock"

    def averages(self, member: str) -> Path:
        """A member's test probabilities averaged over folds, seeds and views."""
        return self.experiment / member / "test.parquet"
