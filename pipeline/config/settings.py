"""An experiment: all that a run is made from. Frozen models that forbid a key they do not know."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pipeline.config.contest import Competition
from pipeline.config.recipe import Member, head_problems
from pipeline.config.values import Count, Fraction, Positive, Seed, Settings, Word
from pipeline.labels.kinds import (
    SCORE_METRICS,
)

ViewName = Annotated[
    str, Field(pattern=r"^(identity|(flip_)?(rotate_-?[0-9.]+|scale_[0-9.]+)|flip)$")
]


class Crop(Settings):
    """Where the face is, and what is cut around it."""

    faces: Literal["detect", "given", "centre"] = "detect"  # given: the picture is the face
    min_face: Fraction = 0.21  # smallest face looked for, as a fraction of the shorter side
    thresholds: tuple[Fraction, Fraction, Fraction] = (0.6, 0.7, 0.7)  # MTCNN's three networks
    margin: Annotated[float, Field(ge=0.0, le=3.0)] = 0.25  # added each side, fraction of the box
    fallback: Annotated[float, Field(gt=0.0, le=1.0)] = 0.78125  # no face: centre, 300 of 384
    size: Annotated[int, Field(ge=16, le=1024)] = 224  # pixels, the largest that a member needs
    reject: tuple[Literal["no_face", "several_faces"], ...] = ()  # not learnt from; still answered


class Folds(Settings):
    """Who is held out."""

    num: Annotated[int, Field(ge=2)] = 5
    by: Literal["person", "label", "column"] = "person"  # label: ignores persons, to see the leak
    column: str | None = None  # by column: each of its values is a fold, in their sorted order
    lookalikes: Annotated[float, Field(gt=0.5, lt=1.0)] | None = None  # correlation of two crops
    # above which they count as one person, for contests that do not say who is in a picture
    balance: tuple[str, ...] = ()  # tasks or label columns; all tasks when not given
    seed: Seed = 777
    train: tuple[Annotated[int, Field(ge=0)], ...] | None = None  # only these folds; all when null

    @model_validator(mode="after")
    def _agree(self) -> "Folds":
        if (self.by == "column") != (self.column is not None):
            raise ValueError("column: names the folds' column; it goes with by: column")
        return self


class Infer(Settings):
    use: Literal["folds", "refit", "both"] = "folds"  # which cells answer the test pictures
    views: tuple[ViewName, ...] = Field(("identity",), min_length=1)  # averaged in probability
    batch_size: Count = 128


class Ensemble(Settings):
    method: Literal["mean", "weighted", "soft_vote", "hard_vote"] = "mean"
    members: tuple[str, ...] | None = None  # all when not given
    weights: dict[str, Annotated[float, Field(ge=0.0)]] | None = None  # of members, for weighted
    threshold: Fraction | Literal["oof"] = 0.5  # of a score; oof: chosen there, kept if it helps


class Transfer(Settings):
    """Another experiment's weights scored on this contest."""

    source: Word | None = None  # the experiment's name


class Tune(Settings):
    """The habits of careful training for one member, and a study over ranges of settings."""

    member: str | None = None  # the first when not given
    overfit: Fraction = 0.2  # a batch of 16 learnt by heart must fall to this fraction of its loss
    overfit_steps: Count = 80  # at most
    sweep: tuple[Positive, Positive, Count] = (1e-5, 1.0, 11)  # learning rates: low, high, number
    sweep_steps: Annotated[int, Field(ge=2)] = 10  # for each rate, from a fresh network
    grid_lr: tuple[Positive, ...] = (0.3, 1.0)  # times the rate that the sweep picks
    grid_weight_decay: tuple[Annotated[float, Field(ge=0.0)], ...] = (0.0, 0.01)
    grid_epochs: Count = 2  # of each cell of the grid, on the first of folds
    folds: tuple[Annotated[int, Field(ge=0)], ...] = Field((0,), min_length=1)  # of the study
    trials: Annotated[int, Field(ge=0)] = 0  # of the Optuna study, in all; 0: no study
    epochs: Count | None = None  # of a trial; the member's own when not given
    ranges: dict[str, tuple[Any, ...]] = Field(
        {}
    )  # key: [low, high, log or linear], or a list of choices
    seed: Seed = 777  # of the study's draws

    @model_validator(mode="after")
    def _agree(self) -> "Tune":
        low, high, number = self.sweep
        if low >= high or number < 3:
            raise ValueError(f"sweep: low, high and at least 3 rates, found {list(self.sweep)}")
        return self


class Experiment(Settings):
    """All that a run is made from. The file's name is the experiment's name."""

    name: Word
    competition: Competition
    crop: Crop = Crop()
    folds: Folds = Folds()
    members: dict[Word, Member] = Field(min_length=1)
    infer: Infer = Infer()
    ensemble: Ensemble = Ensemble()
    compare: dict[str, tuple[str, ...]] = Field(
        {}
    )  # formulations: name -> the members whose mean answers
    transfer: Transfer = Transfer()
    tune: Tune = Tune()
    bootstrap: Annotated[int, Field(ge=100)] = 1000  # draws of people behind every interval
    device: Annotated[str, Field(pattern=r"^[a-z]+(:[0-9]+)?$")] = (
        "auto"  # auto, cpu, cuda, cuda:1, mps
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    workers: Annotated[int, Field(ge=0)] | None = None  # loader processes; by the machine when null
    runs: str = "runs"
    submissions: str = "submissions"

    @model_validator(mode="after")
    def _agree(self) -> "Experiment":
        problems = list(self._problems())
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _problems(self):
        for name, member in self.members.items():
            for task, head in member.tasks.items():
                spot = f"members.{name}.tasks.{task}"
                known = self.competition.learnable
                if task not in known:
                    yield f"{spot}: no such task; the tasks are {', '.join(known)}"
                    continue
                yield from head_problems(spot, known[task], head)
            if member.mix is not None and member.mix.within is not None:
                allowed = [t for t in member.tasks if t in known and known[t].kind == "classes"]
                if member.mix.within not in allowed:
                    yield (
                        f"members.{name}.mix.within: {member.mix.within!r} is no task of kind "
                        f"classes of this member; allowed: {', '.join(allowed) or 'null'}"
                    )
        used = self.ensemble.members if self.ensemble.members is not None else tuple(self.members)
        for key, names in (("members", used), ("weights", tuple(self.ensemble.weights or ()))):
            for name in names:
                if name not in self.members:
                    known = ", ".join(self.members)
                    yield f"ensemble.{key}: no member {name!r}; the members are {known}"
        if len(set(used)) < len(used):
            yield f"ensemble.members: the same member twice in {list(used)}"
        if (self.ensemble.method == "weighted") != bool(self.ensemble.weights):
            yield "ensemble.weights: given with method: weighted, and only with it"
        elif self.ensemble.weights and not any(self.ensemble.weights.get(m, 0) for m in used):
            yield "ensemble.weights: at least one must be above 0"
        weights = self.ensemble.weights or dict.fromkeys(used, 1.0)
        counted = [name for name in used if weights.get(name, 0.0) > 0]
        yield from self._answer_problems("ensemble.members", counted)
        yield from self._threshold_problems()
        for name, members in self.compare.items():
            unknown = [member for member in members if member not in self.members]
            for member in unknown:
                known = ", ".join(self.members)
                yield f"compare.{name}: no member {member!r}; the members are {known}"
            if len(set(members)) < len(members):
                yield f"compare.{name}: the same member twice in {list(members)}"
            if name in self.members or name == "all members":
                yield f"compare.{name}: already the name of a row; choose another"
            if not unknown:
                yield from self._answer_problems(f"compare.{name}", members)
        if self.tune.member is not None and self.tune.member not in self.members:
            known = ", ".join(self.members)
            yield f"tune.member: no member {self.tune.member!r}; the members are {known}"
        for name in used if self.infer.use != "folds" else ():
            if name in self.members and not self.members[name].refit:
                yield f"infer.use: {self.infer.use} needs members.{name}.refit: true"
        for fold in self.folds.train or ():
            if fold >= self.folds.num:
                yield f"folds.train: fold {fold} of {self.folds.num}; the first is 0"

    def _answer_problems(self, spot: str, names: Sequence[str]):
        """A sentence for every task of the answer that none of these members predicts."""
        known = [self.members[name] for name in names if name in self.members]
        predicted = {task for member in known for task in member.tasks}
        for task in self.competition.answer.tasks:
            if not predicted & {task, "answer"}:
                yield f"{spot}: none of {', '.join(names)} predicts the task {task}"

    def _threshold_problems(self):
        threshold, contest = self.ensemble.threshold, self.competition
        if threshold == 0.5:
            return
        own = (contest.answer.metric or contest.tasks[t].metric_name for t in contest.answer.tasks)
        if all(contest.tasks[name].kind != "score" for name in contest.answer.tasks):
            yield "ensemble.threshold: the answer holds no task of kind score"
        if self.ensemble.method == "hard_vote":
            yield "ensemble.threshold: hard_vote counts votes at 0.5; choose it with another method"
        if threshold == "oof" and all(name in SCORE_METRICS for name in own):
            yield "ensemble.threshold: roc_auc looks at the score, so no threshold changes it"
