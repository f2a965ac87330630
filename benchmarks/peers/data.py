"""The plain way into the network: a Dataset that opens the JPEG with PIL, crops, and augments."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset


class PlainDataset(Dataset):
    """Images by position: opened, cropped, resized, augmented, float32 (3, S, S)."""

    def __init__(
        self,
        paths: Sequence[Path],
        boxes: np.ndarray,
        *,
        size: int,
        recipe: Sequence[Mapping[str, Mapping]],
        mean: Sequence[float],
        std: Sequence[float],
    ) -> None:
        import albumentations as A

        steps = [
            getattr(A, name)(
                **{k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
            )
            for entry in recipe
            for name, given in entry.items()
        ]
        self.transform = A.Compose([*steps, A.Normalize(mean=tuple(mean), std=tuple(std))])
        self.paths, self.boxes, self.size = paths, boxes, size

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, position: int) -> tuple[torch.Tensor, int]:
        from PIL import Image

        image = Image.open(self.paths[position]).convert("RGB")
        square = image.crop(tuple(int(c) for c in self.boxes[position]))
        pixels = np.asarray(square.resize((self.size, self.size), Image.Resampling.BILINEAR))
        pixels = self.transform(image=pixels)["image"]
        return torch.from_numpy(pixels.transpose(2, 0, 1)), 0


def plain_loader(
    dataset: Dataset, *, batch_size: int, shuffle: bool, workers: int, pin: bool = False
) -> DataLoader:
    return DataLoader(
        dataset, batch_size=batch_size, shuffle=shuffle, num_workers=workers, pin_memory=pin
    )
