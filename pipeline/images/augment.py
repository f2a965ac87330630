"""The strict augmentation builder: the only import of albumentations.

albumentations only warns about an argument it does not know and then does something else, so a
warning while building is an error here.
"""

import random
import warnings
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from types import ModuleType

import numpy as np

GROUPS = ("OneOf", "SomeOf", "Sequential")  # hold other transforms in `transforms`
Augment = Callable[[np.ndarray, int], np.ndarray]


def build_augment(recipe: Sequence[Mapping[str, Mapping]]) -> Augment:
    """A function of (uint8 pixels HWC, seed) that gives the augmented pixels of the same shape.

    The outcome depends on the two arguments alone, whatever process or order it runs in. Raises
    ValueError naming the transform or argument that albumentations does not know.
    """
    if not any(recipe):
        return _unchanged
    import albumentations as A

    steps = build_steps(recipe)
    # The seed is set on the whole list for every image. Seeding a worker once would replay one
    # stream in all workers and epochs, and would tie the outcome to the number of workers.
    compose = A.Compose(steps, seed=0)

    def augment(pixels: np.ndarray, seed: int) -> np.ndarray:
        # one stream for all transforms: set_random_seed gives each of them a stream of its own that
        # starts alike, and then a flip and a change of light come together or not at all
        compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
        out = compose(image=pixels)["image"]
        if out.shape != pixels.shape:
            raise ValueError(f"augment: the recipe turns {pixels.shape} pixels into {out.shape}")
        return out

    return augment


def build_steps(recipe: Sequence[Mapping[str, Mapping]]) -> list:
    """The recipe's transforms as albumentations' own. Raises ValueError as build_augment."""
    import albumentations as A

    steps = []
    for entry in recipe:
        for name, arguments in entry.items():
            steps.append(_build_step(A, name, arguments))
    return steps


def _unchanged(pixels: np.ndarray, seed: int) -> np.ndarray:
    return pixels


def _build_step(library: ModuleType, name: str, arguments: Mapping) -> object:
    known = [*GROUPS, *_transform_names(library)]
    if name not in known:
        close = get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise ValueError(f"augment: albumentations has no {name!r}{hint}")
    plain = {}
    for key, value in arguments.items():
        plain[key] = tuple(value) if isinstance(value, list) else value
    if name in GROUPS:
        plain["transforms"] = _group_members(name, arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return getattr(library, name)(**plain)
    except (UserWarning, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"augment: {name}: {reason}") from None


def _group_members(name: str, arguments: Mapping) -> list:
    """The transforms inside a group, built. Raises ValueError for anything but a list of them."""
    members = arguments.get("transforms")
    if not isinstance(members, list | tuple):
        members = []
    if not members or any(not isinstance(e, Mapping) or len(e) != 1 for e in members):
        raise ValueError(
            f"augment: {name}: transforms must be a list of `Name: {{...}}`, as in "
            f"{name}: {{transforms: [HorizontalFlip: {{p: 0.5}}], p: 0.5}}"
        )
    return build_steps([{key: value or {} for key, value in entry.items()} for entry in members])


def _transform_names(library: ModuleType) -> list[str]:
    """The names of all transforms of images that albumentations has."""
    kinds = library.ImageOnlyTransform | library.DualTransform
    names = []
    for name, value in vars(library).items():
        if isinstance(value, type) and issubclass(value, kinds):
            names.append(name)
    return names
