"""An experiment: all that a run is made from. Frozen models that forbid a key they do not know."""

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, model_validator

from pipeline.config.audit import Audit
from pipeline.config.checks import (
    distil_problems,
    fitted_head_problems,
    head_problems,
    pseudo_problems,
    soup_problems,
)
from pipeline.config.competition import Competition
from pipeline.config.inference import Ensemble, Infer, Transfer, Views
from pipeline.config.member import Member
from pipeline.config.pool import Pool, pool_problems
from pipeline.config.preprocessing import Crop, Folds
from pipeline.config.stack import Stack
from pipeline.config.tuning import Tune
from pipeline.config.types import Count, Settings, Word, nearest
from pipeline.labels.kinds import BLEND_KINDS, uses_decisions

# beside the members' folders, so no member's name
STAGE_FOLDERS = (
    "audit",
    "auto",
    "bundle",
    "cache",
    "explain",
    "explore",
    "export",
    "predict",
    "share",
    "tests",
    "track",
    "tune",
)


class Experiment(Settings):
    """All that a run is made from. The file's name is the experiment's name."""

    name: Word
    """The experiment's name; it follows from the file's name."""
    competition: Competition
    crop: Crop = Crop()
    folds: Folds = Folds()
    members: dict[Word, Member] = Field(min_length=1)
    tta: Views = ("identity",)
    """Names the views of an image whose probabilities are averaged (test-time augmentation), as in
    [identity, flip]. Each view costs one more prediction."""
    infer: Infer = Infer()
    ensemble: Ensemble = Ensemble()
    pool: Pool = Pool()
    stack: Stack = Stack()
    compare: dict[str, tuple[str, ...]] = Field({})
    """Names blends that `compare` scores on the same folds, as name: [members]."""
    transfer: Transfer = Transfer()
    tune: Tune = Tune()
    audit: Audit = Audit()
    bootstrap: Annotated[int, Field(ge=100)] = 1000
    """Sets how often people are drawn for every interval. More draws make it steadier and slower.
    """
    device: Annotated[str, Field(pattern=r"^[a-z]+(:[0-9]+)?$")] = "auto"
    """Says where networks run: `auto` (a GPU if there is one), `cpu`, `cuda`, `cuda:1` or `mps`."""
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Says in which numbers networks compute. `auto` is float32 on a CPU, bfloat16 on a GPU that
    has it, float16 on an older one."""
    augmenter: Literal["albumentations", "device", "auto"] = "albumentations"
    """Says where images are augmented: by `albumentations` on the CPU, or in whole batches on the
    `device` (other draws of the same distribution). `auto` uses a GPU where it has all transforms
    of the recipe."""
    compile: bool = False
    """Sends training steps through torch.compile: a minute's wait, then faster on a GPU."""
    workers: Annotated[int, Field(ge=0)] | None = None
    """Sets how many processes load images. Null takes none on a CPU, and up to 12 beside a GPU, as
    cores and memory allow."""
    threads: Count = 1
    """Sets the CPU threads of one cell. It belongs to the recipe, because another number changes
    the last digits of sums."""
    parallel: Literal["auto"] | Count = "auto"
    """Sets how many cells run at once on this machine. `auto` takes as many as cores, memory and
    GPUs hold."""
    cells_per_device: Literal["auto"] | Count = "auto"
    """Sets how many cells run at once on each GPU. `auto` takes up to three, as memory and cores
    allow."""
    cluster: Annotated[str, Field(min_length=1)] | None = None
    """Names a Ray cluster that runs the work: `auto`, or the address of its head. Null stays on
    this machine."""
    cluster_folders: Literal["auto", "shared", "own"] = "auto"
    """Says whether the machines of the cluster see runs/ (`shared`) or are sent what they need
    (`own`). `auto` tries it out."""
    track: Literal["tensorboard", "wandb", "mlflow"] | None = None
    """Says where live curves go. Null writes them to the run's own history only."""
    runs: str = "runs"
    """Names the folder of all runs. A relative path starts at the project's folder."""
    submissions: str = "submissions"
    """Names the folder of all submissions. A relative path starts at the project's folder."""

    @model_validator(mode="after")
    def _agree(self) -> "Experiment":
        problems = list(dict.fromkeys(self._problems()))
        if problems:
            raise ValueError("\n".join(problems))
        return self

    # its name, and the words behind -c of the command that asked for it; a copy under another name
    # was not asked for
    _asked_by: tuple[str, ...] = PrivateAttr(())

    def asked_by(self, config: str, *overrides: str) -> "Experiment":
        """The same, with the words that name it on the command line: a config, and its settings."""
        twin = self.model_copy()
        twin._asked_by = (self.name, config, *overrides)
        return twin

    @property
    def as_typed(self) -> str:
        """What stands behind a stage to mean this experiment: `-c masks root=/data`, as it was
        typed; its name where nobody typed it."""
        name, *words = self._asked_by or ("",)
        if name != self.name:
            words = [self.name, *self._folders]
        return shlex.join(["-c", *words])

    @property
    def folders_typed(self) -> str:
        """What stands behind names of experiments, so that they are found: ` runs=/data/runs`;
        empty where runs and submissions lie where they mostly do."""
        return "".join(f" {shlex.quote(word)}" for word in self._folders)

    @property
    def _folders(self) -> list[str]:
        keys = ("runs", "submissions")
        values = {key: getattr(self, key) for key in keys}
        usual = {key: type(self).model_fields[key].default for key in keys}
        return [f"{key}={values[key]}" for key in keys if values[key] != usual[key]]

    @property
    def answering(self) -> tuple[str, ...]:
        """The members that answer: those that the ensemble names, or all that learn from true
        labels; one that is taught by others has to earn its place first."""
        if self.ensemble.members is not None:
            return self.ensemble.members
        return tuple(name for name, member in self.members.items() if not member.is_student)

    def member_crop(self, name: str) -> Crop:
        """How a member's crops are cut: the experiment's way, with what the member sets itself."""
        return self.members[name].crop.over(self.crop)

    def _problems(self) -> Iterator[str]:
        yield from self._member_problems()
        used = self.answering
        for key, names in (("members", used), ("weights", tuple(self.ensemble.weights or ()))):
            for name in names:
                if name not in self.members:
                    yield f"ensemble.{key}: {self._no_member(name)}"
        if len(set(used)) < len(used):
            yield f"ensemble.members: the same member twice in {list(used)}"
        if self.ensemble.method == "weighted" and not self.ensemble.weights:
            some = "{" + ", ".join(f"{name}: 1" for name in used) + "}"
            yield f"ensemble.weights: method: weighted needs them, as in ensemble.weights={some}"
        elif self.ensemble.weights and self.ensemble.method != "weighted":
            yield "ensemble.weights: count with ensemble.method=weighted only"
        elif self.ensemble.weights and not any(self.ensemble.weights.get(m, 0) for m in used):
            yield "ensemble.weights: at least one must be above 0"
        weights = self.ensemble.weights or dict.fromkeys(used, 1.0)
        counted = [name for name in used if weights.get(name, 0.0) > 0]
        if counted and set(used) <= set(self.members):
            yield from self._answer_problems("ensemble.members", counted)
        yield from self._threshold_problems()
        yield from self._method_problems()
        for name, members in self.compare.items():
            unknown = [member for member in members if member not in self.members]
            for member in unknown:
                yield f"compare.{name}: {self._no_member(member)}"
            if len(set(members)) < len(members):
                yield f"compare.{name}: the same member twice in {list(members)}"
            if name in self.members or name == "all members":
                yield f"compare.{name}: already the name of a row; choose another"
            if not unknown:
                yield from self._answer_problems(f"compare.{name}", members)
        if self.tune.member is not None and self.tune.member not in self.members:
            yield f"tune.member: {self._no_member(self.tune.member)}"
        without = [name for name in used if name in self.members and not self.members[name].refit]
        if self.infer.use != "folds" and without:
            yield (
                f"infer.use: {self.infer.use} needs refit: true in {', '.join(without)}; "
                "defaults.refit=true sets it in every member"
            )
        yield from pool_problems(self.pool, self.members)
        yield from pseudo_problems(self.competition, self.members, people_by=self.pool.by)
        whole = self.folds.train is None or len(self.folds.train) == self.folds.total
        yield from distil_problems(self.competition, self.members, has_all_folds=whole)
        trained = range(self.folds.total) if whole else self.folds.train or ()
        by_split = Counter(fold // self.folds.num for fold in trained)
        yield from soup_problems(self.members, num_folds=min(by_split.values()))
        for fold in self.folds.train or ():
            if fold >= self.folds.total:
                yield f"folds.train: fold {fold} of {self.folds.total}; the first is 0"

    def _member_problems(self) -> Iterator[str]:
        """A sentence for every contradiction within one member."""
        for name, member in self.members.items():
            if name in STAGE_FOLDERS:
                yield f"members.{name}: a run keeps files of its own there; rename it"
            for task, head in member.tasks.items():
                spot = f"members.{name}.tasks.{task}"
                known = self.competition.learnable
                if task not in known:
                    hint = nearest(task, known)
                    yield f"{spot}: no such task{hint} the tasks are {', '.join(known)}"
                    continue
                yield from head_problems(spot, known[task], head)
            if self.crop.faces != "detect" and self.member_crop(name).align:
                spot = "crop" if member.crop.align is None else f"members.{name}.crop"
                yield (
                    f"{spot}.align: needs landmarks, which crop.faces: detect finds; found: "
                    f"crop.faces: {self.crop.faces}"
                )
            yield from fitted_head_problems(name, member, self.competition.learnable)
            if member.mix is not None and member.mix.within is not None:
                allowed = [t for t in member.tasks if t in known and known[t].kind == "multiclass"]
                if member.mix.within not in allowed:
                    yield (
                        f"members.{name}.mix.within: {member.mix.within!r} is no task of kind "
                        f"classes of this member; allowed: {', '.join(allowed) or 'null'}"
                    )

    def _no_member(self, name: str) -> str:
        known = ", ".join(self.members)
        return f"no member {name!r}{nearest(name, self.members)} the members are {known}"

    def _answer_problems(self, spot: str, names: Sequence[str]) -> Iterator[str]:
        """A sentence for every task of the answer that none of these members predicts."""
        known = [self.members[name] for name in names if name in self.members]
        predicted = {task for member in known for task in member.tasks}
        for task in self.competition.answer.tasks:
            if not predicted & {task, "answer"}:
                yield f"{spot}: none of {', '.join(names)} predicts the task {task}"

    def _method_problems(self) -> Iterator[str]:
        """A sentence for every task of the answer that the ensemble's method does not serve."""
        method = self.ensemble.method
        for task in self.competition.answer.tasks:
            kind = self.competition.tasks[task].kind
            if kind not in BLEND_KINDS.get(method, (kind,)):
                serves = " or ".join(BLEND_KINDS[method])
                yield f"ensemble.method: {method} is for tasks of kind {serves}; {task} is {kind}"

    def _threshold_problems(self) -> Iterator[str]:
        threshold, contest = self.ensemble.threshold, self.competition
        if threshold == 0.5:
            return
        own = [contest.answer.metric or contest.tasks[t].metric_name for t in contest.answer.tasks]
        kinds = {contest.tasks[name].kind for name in contest.answer.tasks}
        if not kinds & {"binary", "multilabel"}:
            yield "ensemble.threshold: the answer holds no task of kind binary or multilabel"
        if self.ensemble.method == "hard_vote":
            yield "ensemble.threshold: hard_vote counts votes at 0.5; choose it with another method"
        if threshold == "oof" and not any(uses_decisions(name) for name in own):
            name = contest.metric_name
            yield f"ensemble.threshold: {name} looks at the score, so no threshold changes it"
