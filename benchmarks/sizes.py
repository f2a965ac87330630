"""How large the parts of the benchmarks are: on a CPU, and in the GPU column by device."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """A network and what it is fed with."""

    backbone: str
    size: int
    batch: int
    num: int  # images
    goal: str = ""
    recipe: tuple = ()  # of its augmentation
    freeze: int = 0  # layer groups

    @property
    def name(self) -> str:
        return self.backbone + (f", freeze: {self.freeze}" if self.freeze else "")


PSTAGE = (  # of the P-stage recipe's mask member
    {"Perspective": {"p": 0.5}},
    {"Rotate": {"limit": 20, "p": 0.5}},
    {"RandomBrightnessContrast": {"p": 0.5}},
    {"HueSaturationValue": {"p": 0.5}},
)
LITE = (  # of the shipped lite experiments
    {"HorizontalFlip": {"p": 0.5}},
    {
        "Affine": {
            "scale": [0.9, 1.1],
            "translate_percent": [-0.05, 0.05],
            "rotate": [-10, 10],
            "border_mode": 1,
            "p": 0.8,
        }
    },
    {"RandomBrightnessContrast": {"p": 0.7}},
)
TINY = Size("test_resnet", 32, 8, 16, recipe=PSTAGE)
STEP = {"cuda": Size("efficientnet_b3", 224, 64, 1920), "cpu": TINY}
INFER = {"cuda": Size("efficientnet_b3", 224, 128, 2560), "cpu": TINY}
CELLS = {"cuda": Size("resnet18", 64, 64, 19_200, recipe=LITE), "cpu": TINY}
FEED = {
    "cuda": (
        Size("efficientnet_b3", 224, 64, 3840, "≥ 0.95× (16 cores), 0.85× (4)", PSTAGE),
        Size("resnet18", 64, 256, 38_400, "≥ 0.80×", LITE),
    ),
    "cpu": (TINY,),
}
CROP = {"cuda": (64, 1024), "cpu": (8, 16)}  # images of the peer, and of each of our processes
WHOLE = {"train": 18_900, "test": 12_600, "folds": 5}  # the contest of the last goal
