"""Whether answers know anything of their images: would they score as well on other people's?"""

from collections.abc import Sequence

import numpy as np

from pipeline.metrics.metric import Metric


def chance_of(
    metric: Metric,
    truth: np.ndarray,
    answer: np.ndarray,
    *,
    person_ids: Sequence[str] | np.ndarray,
    group: np.ndarray | None = None,
    num_draws: int = 400,
    seed: int = 0,
) -> float:
    """The one-sided p-value of a permutation test: how often the answers, dealt out to other
    people, score at least as well.

    A constant says what is reached without any knowledge, too, but not for every metric: of two
    classes of a half each, a constant has a macro-F1 of 0.33 and a coin of 0.50. Answers are dealt
    out person by person, so what a person's images have in common is no evidence; within a person
    they are shuffled. The answer's shares stay what they are. Draws in which the metric is
    undefined count as being as good.
    """
    _, codes = np.unique(np.asarray(person_ids, dtype=str), return_inverse=True)
    by_person = np.argsort(codes, kind="stable")
    counts = np.bincount(codes)
    starts = np.cumsum(counts) - counts
    inside = np.arange(len(codes)) - np.repeat(starts, counts)  # 0, 1, .. within each person
    rng = np.random.default_rng(seed)
    reached = metric.as_score(metric.compute(truth, answer, group))
    as_good = 0
    for _ in range(num_draws):
        givers = rng.permutation(len(counts))
        shuffled = np.lexsort((rng.random(len(codes)), codes))  # within each person
        # who has more images than the giver is given some twice
        place = np.repeat(starts[givers], counts) + inside % np.repeat(counts[givers], counts)
        dealt = np.empty_like(answer)
        dealt[by_person] = answer[shuffled[place]]
        value = metric.as_score(metric.compute(truth, dealt, group))
        as_good += not value < reached
    return (1 + as_good) / (1 + num_draws)
