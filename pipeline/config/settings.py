"""The settings: frozen models that forbid a key they do not know. No file is read here."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.labels.kinds import DEFAULT_LOSS, DEFAULT_METRIC, LOSS_KINDS, METRIC_KINDS, Kind

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$", max_length=80)]

ViewName = Annotated[
    str, Field(pattern=r"^(identity|(flip_)?(rotate_-?[0-9.]+|scale_[0-9.]+)|flip)$")
]


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class Task(Settings):
    """What is predicted from a picture: one of some classes, a yes/no score, or a number."""

    kind: Kind
    column: str | None = None  # the label's column in the table; the task's own name when not given
    classes: tuple[str, ...] | None = None  # the values in the order of their class number
    edges: tuple[float, ...] | None = None  # bins of a number: [30, 60] makes <30, 30-60, >=60
    low: float | None = None  # a number is never answered below this
    high: float | None = None  # nor above this
    scale: Positive = 1.0  # a number is divided by this for training
    constant: bool = False  # the same in all pictures of one person (age, gender)
    metric: str | None = None  # how this task is scored; by kind when not given

    @model_validator(mode="after")
    def _agree(self) -> "Task":
        if self.kind == "classes" and (self.classes is None) == (self.edges is None):
            raise ValueError("a task of kind classes needs either classes or edges")
        if self.kind == "score" and (self.classes is None or len(self.classes) != 2):
            raise ValueError("a task of kind score needs two classes, the one for 0 first")
        if self.kind == "number" and (self.classes or self.edges):
            raise ValueError("a task of kind number has neither classes nor edges")
        if self.classes and (len(self.classes) < 2 or len(set(self.classes)) < len(self.classes)):
            raise ValueError("classes must be at least two different words")
        if self.edges and list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"edges must rise, found {list(self.edges)}")
        if self.metric is not None:
            check_name(self.metric, METRIC_KINDS, kind=self.kind, what="metric")
        return self

    @property
    def metric_name(self) -> str:
        return self.metric or DEFAULT_METRIC[self.kind]

    @property
    def num_classes(self) -> int:
        """Number of classes; 0 for a score or a number."""
        if self.kind != "classes":
            return 0
        return len(self.classes) if self.classes else len(self.edges or ()) + 1


class Answer(Settings):
    """How the tasks become the one answer of the contest."""

    tasks: tuple[str, ...] = Field(min_length=1)  # for a product the first changes slowest
    metric: str | None = None  # of a product; one task's answer is scored by the task's metric


class Submission(Settings):
    """The contest's own answer file."""

    sample: str | None = None  # path below root: its ids, in its order, are what must be answered
    id: Word = "image_id"  # the id column
    column: Word = "answer"  # the answer's column
    value: Literal["index", "label", "probability", "number"] = "index"


class Drawn(Settings):
    """A contest that the project draws itself, for a machine without data."""

    people: Annotated[int, Field(ge=6)] = 80
    test_people: Count = 30
    seed: Seed = 7


class TableLayout(Settings):
    """Where a user's own tables and pictures lie; every path is below root."""

    train: str = "train.csv"  # one row a picture
    test: str | None = None  # the same without labels
    images: str = "."  # the folder that the paths of the train table start from
    test_images: str | None = None  # the same for the test table; images when not given
    id: str = "image_id"  # the id column of both tables
    path: str | None = None  # the column with the file's path; the id when not given
    person: str | None = None  # the column that says who is in the picture
    suffix: str = ""  # added to the path when it lacks its ending: .jpg


class Competition(Settings):
    name: Word
    layout: Literal["pstage", "table"]
    root: str  # the folder with the contest's files; a relative path starts at the project's folder
    table: TableLayout | None = None
    drawn: Drawn | None = None
    tasks: dict[Word, Task] = Field(min_length=1)
    answer: Answer
    submission: Submission = Submission()

    @model_validator(mode="after")
    def _agree(self) -> "Competition":
        if (self.layout == "table") != (self.table is not None):
            raise ValueError("`table:` says where the tables lie; it goes with layout: table")
        if "answer" in self.tasks:
            raise ValueError("a task cannot be called 'answer': that word is taken")
        if "answer" in {task.column for task in self.tasks.values()}:
            raise ValueError("a label column cannot be called 'answer': that word is taken")
        for name in self.answer.tasks:
            check_name(name, self.tasks, what="answer.tasks: task")
        kinds = {self.tasks[name].kind for name in self.answer.tasks}
        if len(self.answer.tasks) > 1 and kinds != {"classes"}:
            raise ValueError("answer.tasks: only tasks of kind classes can be multiplied")
        if self.answer.metric is not None:
            kind = self.tasks[self.answer.tasks[0]].kind
            check_name(self.answer.metric, METRIC_KINDS, kind=kind, what="answer.metric")
        return self

    @property
    def metric_name(self) -> str:
        """The metric of the combined answer."""
        first = self.tasks[self.answer.tasks[0]]
        if self.answer.metric:
            return self.answer.metric
        return first.metric_name if len(self.answer.tasks) == 1 else "macro_f1"


class Crop(Settings):
    """Where the face is, and what is cut around it."""

    faces: Literal["detect", "given", "centre"] = "detect"  # given: the picture is the face
    min_face: Fraction = 0.21  # smallest face looked for, as a fraction of the shorter side
    thresholds: tuple[Fraction, Fraction, Fraction] = (0.6, 0.7, 0.7)  # MTCNN's three networks
    margin: Annotated[float, Field(ge=0.0, le=3.0)] = 0.25  # added each side, fraction of the box
    fallback: Annotated[float, Field(gt=0.0, le=1.0)] = 0.78125  # no face: centre, 300 of 384
    size: Annotated[int, Field(ge=16, le=1024)] = 224  # pixels, the largest that a member needs


class Folds(Settings):
    """Who is held out."""

    num: Annotated[int, Field(ge=2)] = 5
    by: Literal["person", "label"] = "person"  # label: ignores persons, only to see the leak
    balance: tuple[str, ...] = ()  # tasks or label columns; all tasks when not given
    seed: Seed = 777
    train: tuple[Annotated[int, Field(ge=0)], ...] | None = None  # only these folds; all when null


class Schedule(Settings):
    """The learning rate as a function of the step."""

    name: Literal["constant", "step", "cosine", "plateau"] = "constant"
    warmup_epochs: Annotated[float, Field(ge=0.0)] = 0.0  # rises linearly from 0
    floor: Fraction = 0.0  # cosine ends at this fraction of lr
    every_epochs: Count = 5  # step: multiplied by factor every so many epochs
    factor: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.5  # step and plateau
    patience: Count = 2  # plateau: epochs without a better score before the factor


class Head(Settings):
    """How one member learns one task."""

    loss: str | None = None  # by the task's kind when not given
    weight: Positive = 1.0  # of this task's loss among the member's
    smoothing: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0  # label smoothing
    gamma: Annotated[float, Field(ge=0.0)] = 2.0  # focal
    class_weights: Literal["none", "balanced"] | tuple[Positive, ...] = "none"
    edges: tuple[float, ...] | None = None  # other bin edges for training than for the answer
    band: Positive | None = None  # number labels near an edge are shared between both bins, years


class Member(Settings):
    """One recipe. It is trained once for every fold and seed; each of these is a cell."""

    tasks: dict[str, Head] = Field(min_length=1)  # one head each
    backbone: str  # a timm name
    weights: str = "imagenet"  # imagenet, none, or the path of a file
    image_size: Annotated[int, Field(ge=16, le=1024)] = 224  # pixels
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0  # before the heads
    drop_path: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0  # stochastic depth in the backbone
    freeze: Annotated[int, Field(ge=0)] | Literal["all"] = 0  # layer groups from the input on
    frozen_norm: bool = False  # every BatchNorm keeps the pretrained statistics
    optimiser: Literal["adam", "adamw", "sgd"] = "adamw"
    lr: Positive = 3e-4
    backbone_lr: Positive = 1.0  # the backbone's learning rate as a factor of lr
    weight_decay: Annotated[float, Field(ge=0.0)] = 0.0
    momentum: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.9  # sgd
    schedule: Schedule = Schedule()
    epochs: Count = 10
    batch_size: Count = 64
    pictures_per_person: Count | None = None  # of each person in one epoch; all when null
    augment: tuple[dict[str, dict], ...] = ()  # albumentations, in order
    clip_norm: Positive | None = None  # of the gradient
    ema: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None  # decay of the averaged weights
    best: Literal["metric", "loss", "last"] = "metric"  # which epoch's weights are kept
    early_stop: Count | None = None  # epochs without a better one before the cell ends
    seeds: tuple[Seed, ...] = Field((777,), min_length=1)

    @model_validator(mode="after")
    def _agree(self) -> "Member":
        for number, entry in enumerate(self.augment):
            if len(entry) != 1:
                raise ValueError(f"augment: entry {number + 1} must be one `Name: {{...}}`")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds: the same seed twice in {list(self.seeds)}")
        return self


class Infer(Settings):
    views: tuple[ViewName, ...] = Field(("identity",), min_length=1)  # averaged in probability
    batch_size: Count = 128


class Ensemble(Settings):
    method: Literal["mean", "weighted", "soft_vote", "hard_vote"] = "mean"
    members: tuple[str, ...] | None = None  # all when not given
    weights: dict[str, Annotated[float, Field(ge=0.0)]] | None = None  # of members, for weighted


class Experiment(Settings):
    """All that a run is made from. The file's name is the experiment's name."""

    name: Word
    competition: Competition
    crop: Crop = Crop()
    folds: Folds = Folds()
    members: dict[Word, Member] = Field(min_length=1)
    infer: Infer = Infer()
    ensemble: Ensemble = Ensemble()
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
        tasks = self.competition.tasks
        for name, member in self.members.items():
            for task, head in member.tasks.items():
                spot = f"members.{name}.tasks.{task}"
                if task not in tasks:
                    yield f"{spot}: no such task; the tasks are {', '.join(tasks)}"
                    continue
                yield from _head_problems(spot, tasks[task], head)
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
        for task in self.competition.answer.tasks:
            if not any(task in self.members[m].tasks for m in used if m in self.members):
                yield f"ensemble.members: none of {', '.join(used)} predicts the task {task}"
        for fold in self.folds.train or ():
            if fold >= self.folds.num:
                yield f"folds.train: fold {fold} of {self.folds.num}; the first is 0"


def check_name(name: str, known: dict, *, what: str, kind: str | None = None) -> None:
    """Raises ValueError for a name that is not known, or that does not serve this kind of task."""
    fitting = [word for word in known if kind is None or kind in known[word]]
    if name not in fitting:
        where = f" for a task of kind {kind}" if kind else ""
        raise ValueError(f"{what} {name!r} is not known{where}; allowed: {', '.join(fitting)}")


def _head_problems(spot: str, task: Task, head: Head):
    try:
        check_name(head.loss or DEFAULT_LOSS[task.kind], LOSS_KINDS, kind=task.kind, what="loss")
    except ValueError as error:
        yield f"{spot}.loss: {error}"
    if head.edges is not None and (task.edges is None or len(head.edges) != len(task.edges)):
        found = 0 if task.edges is None else len(task.edges)
        yield f"{spot}.edges: the task has {found} edges, so training needs as many"
    if head.edges is not None and list(head.edges) != sorted(set(head.edges)):
        yield f"{spot}.edges: must rise, found {list(head.edges)}"
    if head.band is not None and task.edges is None:
        yield f"{spot}.band: only a task with edges can share labels near an edge"
    if isinstance(head.class_weights, tuple) and len(head.class_weights) != task.num_classes:
        yield f"{spot}.class_weights: {len(head.class_weights)} for {task.num_classes} classes"
    if head.class_weights != "none" and task.kind != "classes":
        yield f"{spot}.class_weights: only for a task of kind classes"
