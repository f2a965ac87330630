"""Who a drawn person is: a pure, seeded description with gender, age and looks.

Looks follow gender and age only on average, so that a model has something to learn and something
to miss. Nothing here paints or touches disk.
"""

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]
GENDERS = ("male", "female")
AGE_BANDS = ((18, 29), (30, 59), (60, 80))  # the contest's three classes, both ends included
AGE_SHARES = (0.40, 0.35, 0.25)
SKINS = ((250, 222, 200), (238, 200, 172), (222, 176, 142), (192, 142, 106), (150, 104, 76))
HAIRS = {
    "black": (34, 28, 26), "dark brown": (58, 42, 32), "brown": (96, 68, 46),
    "fair": (150, 114, 70), "blond": (202, 168, 112), "red": (142, 70, 36),
}  # fmt: skip
HAIR_SHARES = {"black": 0.3, "dark brown": 0.26, "brown": 0.2, "fair": 0.09, "blond": 0.09,
               "red": 0.06}  # fmt: skip
EYES = ((70, 46, 30), (96, 66, 40), (110, 110, 62), (88, 118, 136), (78, 96, 110))
CLOTHES = (
    (38, 44, 62), (74, 80, 88), (226, 226, 222), (122, 40, 46), (48, 84, 72),
    (170, 150, 122), (64, 96, 148), (206, 140, 146), (30, 30, 32), (150, 124, 170),
)  # fmt: skip
STYLES = {
    "male": {"short": 0.52, "buzz": 0.17, "curly": 0.11, "fringe": 0.1, "bob": 0.06, "long": 0.04},
    "female": {"long": 0.36, "bob": 0.24, "tied": 0.15, "long fringe": 0.1, "curly": 0.05,
               "short": 0.1},
}  # fmt: skip
BEARDS = {"none": 0.45, "stubble": 0.25, "moustache": 0.07, "goatee": 0.08, "full": 0.15}


@dataclass(frozen=True)
class Person:
    """One drawn person. Colours are RGB 0 to 1, strengths 0 to 1, shapes in half face widths."""

    person_id: str
    gender: str
    age: int
    skin: Colour
    hair: Colour
    grey: float
    style: str
    recession: float
    volume: float
    parting: float
    brow_thickness: float
    brow_arch: float
    beard: str
    eye_colour: Colour
    eye_size: float
    eye_gap: float
    eye_tilt: float
    nose_width: float
    nose_length: float
    mouth_width: float
    lip_fullness: float
    lip_redness: float
    make_up: float
    jaw: float
    chin: float
    length: float
    wrinkles: float
    bags: float
    spots: float
    freckles: float
    glasses: Colour | None
    earrings: bool
    clothes: Colour
    collar: str
    texture: int  # the seed of skin and hair grain

    @property
    def age_band(self) -> int:
        """0 below 30, 1 from 30 to 59, 2 from 60."""
        return sum(self.age > last for _, last in AGE_BANDS[:-1])


def invent_people(count: int, *, seed: int, first_id: int = 1) -> list[Person]:
    """`count` people in shuffled order; age bands and genders fill their shares exactly."""
    rng = np.random.default_rng([seed, first_id])
    edges = np.round(np.cumsum((0, *AGE_SHARES)) * count).astype(int)
    bands = np.repeat(np.arange(len(AGE_BANDS)), np.diff(edges))
    slots = [(int(band), GENDERS[i % 2]) for i, band in enumerate(bands)]
    order = rng.permutation(count)
    return [
        _invent(rng, f"{first_id + place:06d}", *slots[slot]) for place, slot in enumerate(order)
    ]


def _pick(rng: np.random.Generator, shares: dict[str, float]) -> str:
    weights = np.array(list(shares.values()))
    return str(rng.choice(list(shares), p=weights / weights.sum()))


def _colour(rng: np.random.Generator, rgb: tuple[int, int, int], jitter: float) -> Colour:
    brightness = rng.normal(0, jitter)
    red, green, blue = (
        float(np.clip(c / 255 * (1 + brightness + rng.normal(0, jitter / 5)), 0.02, 1)) for c in rgb
    )
    return red, green, blue


def _skin(rng: np.random.Generator) -> Colour:
    position = rng.uniform(0, len(SKINS) - 1)
    lighter = min(int(position), len(SKINS) - 2)
    share = position - lighter
    pale, dark = (np.array(SKINS[lighter + step]) for step in (0, 1))
    red, green, blue = np.round(pale * (1 - share) + dark * share).astype(int).tolist()
    return _colour(rng, (red, green, blue), 0.02)


def _invent(rng: np.random.Generator, person_id: str, band: int, gender: str) -> Person:
    low, high = AGE_BANDS[band]
    age = int(rng.integers(low, high + 1))
    male = gender == "male"
    looks = age + rng.normal(0, 5)  # people look older or younger than they are

    def aged(middle: float, width: float) -> float:
        return float(1 / (1 + np.exp(-(looks + rng.normal(0, 4) - middle) / width)))

    def around(mean: float, spread: float, least: float, most: float) -> float:
        return float(np.clip(rng.normal(mean, spread), least, most))

    def dimorphic(for_male: float, for_female: float, spread: float) -> float:
        return float(rng.normal(for_male if male else for_female, spread))

    hair = HAIRS[_pick(rng, HAIR_SHARES)]
    dyed = rng.random() < (0.08 if male else 0.3)
    balding = male and rng.random() < 0.55
    return Person(
        person_id=person_id,
        gender=gender,
        age=age,
        skin=_skin(rng),
        hair=_colour(rng, hair, 0.12),
        grey=aged(56, 6) * (0.15 if dyed else 1.0),
        style=_pick(rng, STYLES[gender]),
        recession=aged(50, 9) * around(0.75, 0.25, 0.2, 1) if balding else around(0.1, 0.08, 0, 1),
        volume=around(0.16, 0.05, 0.06, 0.3),
        parting=float(rng.uniform(-0.6, 0.6)),
        brow_thickness=float(np.clip(dimorphic(0.092, 0.06, 0.016), 0.03, 0.13)),
        brow_arch=float(np.clip(dimorphic(0.03, 0.07, 0.022), 0, 0.12)),
        beard=_pick(rng, BEARDS) if male else "none",
        eye_colour=_colour(rng, EYES[int(rng.choice(len(EYES), p=(0.34, 0.26, 0.14, 0.14, 0.12)))],
                           0.1),
        eye_size=float(np.clip(dimorphic(0.98, 1.07, 0.07), 0.82, 1.25)),
        eye_gap=around(0.41, 0.022, 0.36, 0.46),
        eye_tilt=around(0.02, 0.025, -0.05, 0.08),
        nose_width=around(1.05 if male else 0.95, 0.1, 0.75, 1.35),
        nose_length=around(0.42, 0.03, 0.35, 0.49),
        mouth_width=around(0.36, 0.03, 0.29, 0.43),
        lip_fullness=float(np.clip(dimorphic(0.85, 1.15, 0.17) - 0.2 * aged(60, 8), 0.5, 1.5)),
        lip_redness=float(np.clip(dimorphic(0.25, 0.45, 0.15), 0, 1)),
        make_up=0.0 if male or rng.random() < 0.4 else float(rng.uniform(0.35, 1)),
        jaw=float(np.clip(dimorphic(0.84, 0.765, 0.032), 0.69, 0.9)),
        chin=float(np.clip(dimorphic(0.46, 0.37, 0.04), 0.28, 0.54)),
        length=around(1.0, 0.03, 0.93, 1.07),
        wrinkles=aged(53, 7),
        bags=aged(52, 8) * around(0.85, 0.25, 0.3, 1),
        spots=aged(66, 6) * around(0.7, 0.3, 0, 1),
        freckles=float(rng.uniform(0.3, 1)) if rng.random() < 0.1 else 0.0,
        glasses=_colour(rng, ((24, 24, 26), (92, 60, 38), (150, 150, 154))[rng.integers(3)], 0.05)
        if rng.random() < 0.12 + 0.3 * aged(55, 8) else None,
        earrings=bool(rng.random() < (0.03 if male else 0.45)),
        clothes=_colour(rng, CLOTHES[rng.integers(len(CLOTHES))], 0.08),
        collar=_pick(rng, {"crew": 0.4, "shirt": 0.45 if male else 0.15, "open": 0.15 if male
                           else 0.45}),
        texture=int(rng.integers(2**31)),
    )  # fmt: skip
