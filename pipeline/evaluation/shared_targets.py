"""Who is compared, on whose labels, and in which questions; called by compare."""

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.config import Experiment
from pipeline.console.installation import COMMAND
from pipeline.evaluation.candidate_predictions import CandidatePredictions
from pipeline.evaluation.candidates import Candidate, find_candidate, held_out_images
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.metrics.same_split import find_difference
from pipeline.metrics.score_rows import EvaluationTarget
from pipeline.storage import Runs


def gather_candidates(
    settings: Experiment, runs: Runs, names: Sequence[str], *, names_config: bool = False
) -> list[Candidate]:
    """What the names stand for. Raises ValueError unless all have the same folds and people."""
    if len(set(names)) < 2:
        raise ValueError(
            "compare: needs two or more different names: experiments, EXPERIMENT/MEMBER, or with "
            "-c EXPERIMENT its members, as in compare masks masks-lite"
        )
    candidates = [
        find_candidate(settings, runs, name, names_config=names_config)
        for name in dict.fromkeys(names)
    ]
    first = candidates[0]
    for other in candidates[1:]:
        differs = find_difference(
            held_out_images(first), held_out_images(other), names=(first.name, other.name)
        )
        if differs:
            raise ValueError(
                f"compare: {first.name} and {other.name} were not judged on the same folds: "
                f"{differs}\ncompare: train them with the same folds: and folds.train"
            )
    stacked = [candidate.name for candidate in candidates if candidate.kind == "stack"]
    for candidate in candidates:
        if stacked and not candidate.can_show_views:
            config = candidate.settings.as_typed
            raise ValueError(
                f"compare: {stacked[0]} answers with views; first {COMMAND} infer {config}"
            )
    return candidates


def choose_reference(candidates: Sequence[Candidate], *, labels: str | None) -> Candidate:
    """Whose labels judge: those of the experiment called `labels`, or of the last candidate.

    Raises ValueError where no candidate is of that experiment.
    """
    if labels is None:
        return candidates[-1]
    names = {candidate.settings.name: candidate for candidate in candidates}
    if labels not in names:
        raise ValueError(f"compare: labels={labels!r}; it can be one of: {', '.join(names)}")
    return names[labels]


def shared_targets(
    evaluation: EvaluationSet, answers: Mapping[str, Mapping[str, CandidatePredictions]]
) -> dict[str, EvaluationTarget]:
    """The answer spaces and tasks that at least two of them answer. Raises ValueError for none."""
    known = {space.name: evaluation.of_space(space) for space in evaluation.spaces}
    known |= {task.name: evaluation.of_task(task, task.metric) for task in evaluation.tasks}
    shared = {
        name: target
        for name, target in known.items()
        if sum(name in found for found in answers.values()) > 1
    }
    if not shared:
        each = "; ".join(f"{who} answers {', '.join(found)}" for who, found in answers.items())
        raise ValueError(f"compare: they answer nothing in common: {each}")
    return shared


def say_labels(
    candidates: list[Candidate], judge: Candidate, targets: Mapping[str, EvaluationTarget]
) -> None:
    """Says where the labels of two experiments differ, and whose are taken."""
    evaluation = {}
    for candidate in candidates:
        name = candidate.settings.name
        if name != judge.settings.name and name not in evaluation:
            evaluation[name] = EvaluationSet(
                candidate.settings,
                candidate.runs,
                held_out=set(held_out_images(judge)["image_id"]),
                per_answer=True,
            )
    for name, other in evaluation.items():
        wrong = np.zeros(len(other.images), dtype=bool)
        found = [other.of_space(space) for space in other.spaces]
        found += [other.of_task(task, task.metric) for task in other.tasks]
        for target in found:
            if target.task in targets:
                wrong |= target.truth != targets[target.task].truth
        if wrong.any():
            first = other.images["image_id"].iloc[int(wrong.argmax())]
            print(
                f"compare: the labels of {name} differ in {wrong.sum()} images (the first is "
                f"{first}); those of {judge.settings.name} judge, labels={name} changes that"
            )
