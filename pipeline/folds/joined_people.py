"""People who turn out to be one: their images are linked, so their names become one. Pure."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def join_people(person_ids: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The person ids (n,), with the people joined whose images left[i] and right[i] link.

    Links go on: a and b, b and c make one person of three. It takes the first id in sorted order.
    """
    names, people = np.unique(np.asarray(person_ids, dtype=str), return_inverse=True)
    pairs = (people[left], people[right])
    links = coo_array((np.ones(len(left), dtype=bool), pairs), shape=(len(names),) * 2)
    _, group = connected_components(links, directed=False)
    first = np.full(group.max() + 1, len(names))
    np.minimum.at(first, group, np.arange(len(names)))
    return names[first[group[people]]]


def join_groups(person_ids: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The person ids (n,), with everybody joined who has images in one of the groups (n,)."""
    _, first, codes = np.unique(groups, return_index=True, return_inverse=True)
    everything = np.arange(len(codes))
    return join_people(person_ids, everything, first[codes])
