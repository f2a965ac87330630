"""Who is compared, on whose labels, and in which questions; called by compare."""

from collections.abc import Mapping

import numpy as np

from pipeline.evaluation.candidate_answers import Given
from pipeline.evaluation.candidates import Contender, find_contender, held_out
from pipeline.evaluation.held_out import Questions
from pipeline.experiment.work import Work
from pipeline.metrics.same_split import find_difference
from pipeline.metrics.score_rows import Question


def gather_contenders(work: Work) -> list[Contender]:
    """What the words name. Raises ValueError unless all have the same folds and people."""
    if len(set(work.words)) < 2:
        raise ValueError(
            "compare: needs two or more different names: experiments, EXPERIMENT/MEMBER, or with "
            "-c EXPERIMENT its members, as in compare masks masks-lite"
        )
    contenders = [find_contender(work, word) for word in dict.fromkeys(work.words)]
    first = contenders[0]
    for other in contenders[1:]:
        differs = find_difference(held_out(first), held_out(other), names=(first.name, other.name))
        if differs:
            raise ValueError(
                f"compare: {first.name} and {other.name} were not judged on the same folds: "
                f"{differs}\ncompare: train them with the same folds: and folds.train"
            )
    stacked = [contender.name for contender in contenders if contender.kind == "stack"]
    for contender in contenders:
        if stacked and not contender.can_show_views:
            config = contender.work.settings.name
            raise ValueError(
                f"compare: {stacked[0]} answers with views; first ./run.sh infer -c {config}"
            )
    return contenders


def choose_judge(work: Work, contenders: list[Contender]) -> Contender:
    """Whose labels judge: those of the experiment that `labels=` names, or of the last name."""
    wanted = work.options.get("labels")
    if wanted is None:
        return contenders[-1]
    names = {contender.work.settings.name: contender for contender in contenders}
    if wanted not in names:
        raise ValueError(f"compare: labels={wanted!r}; it can be one of: {', '.join(names)}")
    return names[wanted]


def shared_questions(
    asked: Questions, answers: Mapping[str, Mapping[str, Given]]
) -> dict[str, Question]:
    """The answer spaces and tasks that at least two of them answer. Raises ValueError for none."""
    known = {space.name: asked.of_space(space) for space in asked.spaces}
    known |= {task.name: asked.of_task(task, task.metric) for task in asked.tasks}
    shared = {
        name: question
        for name, question in known.items()
        if sum(name in found for found in answers.values()) > 1
    }
    if not shared:
        each = "; ".join(f"{who} answers {', '.join(found)}" for who, found in answers.items())
        raise ValueError(f"compare: they answer nothing in common: {each}")
    return shared


def say_labels(
    contenders: list[Contender], judge: Contender, questions: Mapping[str, Question]
) -> None:
    """Says where the labels of two experiments differ, and whose are taken."""
    asked = {}
    for contender in contenders:
        name = contender.work.settings.name
        if name != judge.work.settings.name and name not in asked:
            asked[name] = Questions(contender.work, held_out=set(held_out(judge)["image_id"]))
    for name, other in asked.items():
        wrong = np.zeros(len(other.pictures), dtype=bool)
        found = [other.of_space(space) for space in other.spaces]
        found += [other.of_task(task, task.metric) for task in other.tasks]
        for question in found:
            if question.task in questions:
                wrong |= question.truth != questions[question.task].truth
        if wrong.any():
            first = other.pictures["image_id"].iloc[int(wrong.argmax())]
            print(
                f"compare: the labels of {name} differ in {wrong.sum()} pictures (the first is "
                f"{first}); those of {judge.work.settings.name} judge, labels={name} changes that"
            )
