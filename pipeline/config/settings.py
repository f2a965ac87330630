"""An experiment: all that a run is made from. Frozen models that forbid a key they do not know."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.answering import Ensemble, Infer, Transfer
from pipeline.config.contest import Competition
from pipeline.config.data import Crop, Folds
from pipeline.config.recipe import Member, head_problems
from pipeline.config.tuning import Tune
from pipeline.config.values import Settings, Word
from pipeline.labels.kinds import SCORE_METRICS


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
