"""What is judged and answered, a row an answer: where several images are answered together, their
predictions become one before anything is blended.

The rule by which they do is chosen on other folds by the contest's own metric, and the plain mean
stays unless the choice is better beyond its interval.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.ensembling.image_pooling import MEAN, RULES, pool_images
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.blend import answer_spaces, blend_spaces
from pipeline.experiment.tasks import answer_task, contest_tasks
from pipeline.labels.answer_groups import GROUP, group_rows, is_grouped
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.paired import Difference, say_difference
from pipeline.metrics.score_rows import gain_of
from pipeline.storage import Runs
from pipeline.tables import PREDICTIONS, check_table

Tables = dict[str, pd.DataFrame]  # predictions by member
CHOOSE = "choose"


@dataclass(frozen=True)
class PoolingChoice:
    """How the images of a group become one answer of a space: for new groups by `rule`, out of fold
    by `nested` (G,), a rule for each held-out group that was chosen on the other folds."""

    rule: str
    nested: np.ndarray
    asked: str
    fitted: str = MEAN
    gain: Difference | None = None  # of the nested choice over the mean

    @property
    def record(self) -> dict:
        """As plain values, beside the score."""
        facts: dict[str, Any] = {"rule": self.rule, "asked": self.asked}
        if self.gain is not None:
            facts |= {"fitted": self.fitted, "nested_gain": asdict(self.gain)}
        return facts


@dataclass(frozen=True)
class AnswerRows:
    """The held-out answers that judge, and the members' OOF predictions of the same rows.

    `choices` are by answer, and empty where an image is an answer by itself.
    """

    settings: Experiment
    evaluation: EvaluationSet
    tables: Tables
    choices: Mapping[str, PoolingChoice]

    def of_new(
        self, tables: Mapping[str, pd.DataFrame], images: pd.DataFrame
    ) -> tuple[Tables, pd.DataFrame]:
        """Predictions of new images as those of their answers, and a row an answer."""
        rules = {name: choice.rule for name, choice in self.choices.items()}
        return pool_new(self.settings, tables, images, rules=rules)

    def record(self, space: AnswerSpace) -> dict:
        """What is written down about an answer of several images; empty for one of a single one."""
        if space.name not in self.choices:
            return {}
        return {"per": self.evaluation.split.per, "pooling": self.choices[space.name].record}

    @property
    def notes(self) -> list[str]:
        """Sentences: by which rule each answer is pooled, and what was tried."""
        return [
            f"{name}: {_say_choice(choice, per=self.evaluation.split.per)}"
            for name, choice in self.choices.items()
        ]


def judge_answers(
    settings: Experiment,
    runs: Runs,
    tables: Mapping[str, pd.DataFrame],
    *,
    members: Sequence[str] | None = None,
) -> AnswerRows:
    """The answers that members' OOF tables judge.

    The pooling of images is chosen for the blend that ensemble makes, or for the mean of `members`.
    Raises ValueError as EvaluationSet.of_tables.
    """
    evaluation = EvaluationSet.of_tables(settings, runs, tables, per_answer=True)
    images = evaluation.labelled
    if not is_grouped(images):
        return AnswerRows(settings, evaluation, dict(tables), {})
    choices = {}
    by_rule = {}
    for rule in _rules_to_try(settings):
        usable = {task: _fitting(kind, rule) for task, kind in _kinds(settings).items()}
        pooled = {n: pool_table(t, images, settings, rules=usable) for n, t in tables.items()}
        by_rule[rule] = pooled
    ids = evaluation.images["image_id"]
    blends = {
        rule: blend_spaces(pooled, image_ids=ids, part="oof", settings=settings, members=members)
        for rule, pooled in by_rule.items()
    }
    for space in evaluation.spaces:
        joints = {rule: blends[rule][space.name] for rule in _asked_rules(settings, space.kind)}
        choices[space.name] = choose_pooling(
            evaluation, space, joints, asked=settings.competition.answer.pooling
        )
    mixed = {
        name: _mix({rule: pooled[name] for rule, pooled in by_rule.items()}, ids, choices, settings)
        for name in tables
    }
    return AnswerRows(settings, evaluation, mixed, choices)


def choose_pooling(
    evaluation: EvaluationSet,
    space: AnswerSpace,
    joints: Mapping[str, np.ndarray],
    *,
    asked: str,
) -> PoolingChoice:
    """The rule for one answer, of blended predictions (G, C) by rule, the plain one first."""
    number = len(evaluation.images)
    if asked != CHOOSE:
        (rule,) = joints
        return PoolingChoice(rule, np.full(number, rule, dtype=object), asked)
    target, split = evaluation.of_space(space), evaluation.split
    nested = np.full(number, MEAN, dtype=object)
    seen = {rule: space.scored(joint) for rule, joint in joints.items()}

    def best(rows: np.ndarray) -> str:
        group = None if target.group is None else target.group[rows]
        values = [
            target.metric.as_score(target.metric.compute(target.truth[rows], one[rows], group))
            for one in seen.values()
        ]
        return list(seen)[int(np.argmax(np.nan_to_num(values, nan=-np.inf)))]

    for fold in np.unique(split.folds):
        held = split.folds == fold
        others = ~np.isin(split.person_ids, np.unique(split.person_ids[held]))
        if others.any():
            nested[held] = best(others)
    mixed = np.array(seen[MEAN])
    for rule, one in seen.items():
        mixed[nested == rule] = one[nested == rule]
    gain = gain_of(target, seen[MEAN], mixed, split=split)
    fitted = best(np.ones(number, dtype=bool))
    if gain.low > 0:
        return PoolingChoice(fitted, nested, asked, fitted, gain)
    return PoolingChoice(MEAN, np.full(number, MEAN, dtype=object), asked, fitted, gain)


def pool_new(
    settings: Experiment,
    tables: Mapping[str, pd.DataFrame],
    images: pd.DataFrame,
    *,
    rules: Mapping[str, str],
) -> tuple[Tables, pd.DataFrame]:
    """New images' predictions as those of their answers by the rules of each answer, and a row an
    answer. An image without a crop counts only where its whole group has none."""
    if not is_grouped(images):
        return dict(tables), images
    rows = group_rows(images, contest_tasks(settings))
    seen = images[images["row"] >= 0]
    unseen = images[~images[GROUP].isin(seen[GROUP])]
    counted = pd.concat([seen, unseen])
    by_task = _by_task(settings, rules)
    pooled = {
        name: pool_table(table, counted, settings, rules=by_task) for name, table in tables.items()
    }
    return pooled, rows


def pool_table(
    table: pd.DataFrame, images: pd.DataFrame, settings: Experiment, *, rules: Mapping[str, str]
) -> pd.DataFrame:
    """A predictions table of these images as one of their groups: `image_id` is the group's name.

    `rules` are by task; tasks of no answer are averaged. Predictions of other images are left out.
    """
    group_of = images.set_index("image_id")[GROUP]
    table = table[table["image_id"].isin(group_of.index)]
    keys = table[["fold", "seed", "view"]].assign(image_id=group_of.loc[table["image_id"]].values)
    grouped = keys.groupby(list(PREDICTIONS.key), sort=True)
    codes = grouped.ngroup().to_numpy()
    made = keys.assign(code=codes).drop_duplicates("code").sort_values("code")
    made = made[list(PREDICTIONS.key)].reset_index(drop=True)
    columns: dict[str, np.ndarray] = {}
    for task in [*contest_tasks(settings), *_whole(settings)]:
        if not set(task.columns) <= set(table.columns):
            continue
        pooled = pool_images(
            table[task.columns].to_numpy(),
            codes,
            num_groups=len(made),
            kind=task.kind,
            rule=rules.get(task.name, MEAN),
        )
        columns |= dict(zip(task.columns, pooled.T, strict=True))
    return check_table(made.assign(**columns), PREDICTIONS)


def _mix(
    by_rule: Mapping[str, pd.DataFrame],
    ids: pd.Series,
    choices: Mapping[str, PoolingChoice],
    settings: Experiment,
) -> pd.DataFrame:
    """One member's table in which each group's prediction is that of its own nested rule."""
    first = next(iter(by_rule.values()))
    mixed = first.copy()
    for space in answer_spaces(settings):
        rule_of = pd.Series(choices[space.name].nested, index=ids.to_numpy())
        rules = rule_of.reindex(first["image_id"]).to_numpy()
        tasks = [*space.tasks, *(_whole(settings) if space.is_product else [])]
        columns = [c for task in tasks for c in task.columns if c in first.columns]
        for rule, table in by_rule.items():
            rows = rules == rule
            mixed.loc[rows, columns] = table.loc[rows, columns]
    return mixed


def _whole(settings: Experiment) -> list:
    """The head for the whole of a product, as a task."""
    return [answer_task(settings)] if settings.competition.answer.is_product else []


def _kinds(settings: Experiment) -> dict[str, str]:
    return {task.name: task.kind for task in [*contest_tasks(settings), *_whole(settings)]}


def _rules_to_try(settings: Experiment) -> list[str]:
    """The rules that some answer may be pooled by, the plain mean first."""
    tried = dict.fromkeys([MEAN])
    for space in answer_spaces(settings):
        tried |= dict.fromkeys(_asked_rules(settings, space.kind))
    return list(tried)


def _asked_rules(settings: Experiment, kind: str) -> tuple[str, ...]:
    asked = settings.competition.answer.pooling
    return RULES[kind] if asked == CHOOSE else (_fitting(kind, asked),)


def _fitting(kind: str, rule: str) -> str:
    """The rule, or the mean where a kind has no such rule: a number beside scores has no odds."""
    return rule if rule in RULES[kind] else MEAN


def _by_task(settings: Experiment, rules: Mapping[str, str]) -> dict[str, str]:
    """By task the rule of the answer that it is part of."""
    by_task = {}
    for space in answer_spaces(settings):
        for task in [*space.tasks, *(_whole(settings) if space.is_product else [])]:
            by_task[task.name] = rules.get(space.name, MEAN)
    return by_task


def _say_choice(choice: PoolingChoice, *, per: str) -> str:
    rule = choice.rule.replace("_", " ")
    if choice.gain is None:
        return f"images of one {per} are answered by their {rule}, as asked (answer.pooling)"
    start = f"images of one {per} are answered by their {rule}"
    if choice.gain.value == 0 and choice.fitted == MEAN:
        return f"{start}; no other rule was better"
    gain = say_difference("the mean", "the rule chosen on other folds", choice.gain)
    return f"{start}; {gain}"
