"""The strict augmentation builder: the only import of albumentations.

albumentations only warns about an argument it does not know and then does something else, so a
warning while building is an error here.
"""

import random
import warnings
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

import numpy as np

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
    """The recipe's transforms as albumentations reads them. Raises ValueError as build_augment."""
    import albumentations as A

    named = [pair for entry in recipe for pair in entry.items()]
    return [_build_step(A, name, arguments) for name, arguments in named]


def _unchanged(pixels: np.ndarray, seed: int) -> np.ndarray:
    return pixels


def _build_step(library, name: str, arguments: Mapping):
    known = [
        word
        for word, kind in vars(library).items()
        if isinstance(kind, type)
        and issubclass(kind, library.ImageOnlyTransform | library.DualTransform)
    ]
    if name not in known:
        close = get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise ValueError(f"augment: albumentations has no {name!r}{hint}")
    plain = {key: tuple(v) if isinstance(v, list) else v for key, v in arguments.items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return getattr(library, name)(**plain)
    except (UserWarning, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"augment: {name}: {reason}") from None
