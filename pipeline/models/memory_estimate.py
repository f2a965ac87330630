"""Bytes and operations that training and answering take, counted on a small batch."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from pipeline.models.logits import autocast

# what the backward pass costs for each byte that the forward pass kept for it, in operations of a
# forward pass. Measured on two CPU cores: 34.5, 28 and 46 seconds an epoch of 1,759 images at 160
# pixels for lite0 with four stages frozen, with six, and lite2 with five (13, 4 and 12 MB an image)
OPERATIONS_A_BYTE = 19.0


@dataclass(frozen=True)
class Footprint:
    """Bytes of the parameters, of those that learn, of one image's activations; operations."""

    weights: int
    learning: int
    kept: int  # what one image's forward pass keeps for its backward pass
    passing: int  # the largest input and output of one layer together, of one image
    operations: float = 0.0  # of one image's forward pass

    @property
    def learning_operations(self) -> float:
        """About what learning from one image costs, in the same unit: a forward pass, and back
        through what it kept."""
        return self.operations + OPERATIONS_A_BYTE * self.kept

    def training(self, *, batch_size: int, ema: bool) -> int:
        """Bytes of a training step: weights, the best ones and an average, gradients and two
        moments of what learns, and the batch's activations."""
        copies = self.weights * (3 if ema else 2)
        return copies + 3 * self.learning + batch_size * (self.kept + self.passing)

    def answering(self, *, batch_size: int, num_networks: int) -> int:
        """Bytes of predictions: the networks of all cells and a batch on its way through one."""
        return num_networks * self.weights + 2 * batch_size * self.passing


def measure_footprint(
    network: nn.Module, *, image_size: int, precision: str, num_images: int = 2
) -> Footprint:
    """What a network on the CPU needs, from one forward pass of two images."""
    seen: dict[int, int] = {}
    passing = 0

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    def look(module: nn.Module, inputs: tuple, output: object) -> None:
        nonlocal passing
        tensors = [t for t in (*inputs, output) if isinstance(t, torch.Tensor)]
        passing = max(passing, sum(t.nbytes for t in tensors))

    leaves = [module for module in network.modules() if not list(module.children())]
    hooks = [leaf.register_forward_hook(look) for leaf in leaves]
    own = {p.untyped_storage().data_ptr() for p in network.parameters()}
    own |= {b.untyped_storage().data_ptr() for b in network.buffers()}
    batch = torch.zeros(num_images, 3, image_size, image_size)
    network.train()
    keeping = torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor)
    counter = FlopCounterMode(display=False)
    with keeping, counter, autocast(batch.device, precision=precision):
        answers = network(batch.contiguous(memory_format=torch.channels_last))
    for hook in hooks:
        hook.remove()
    del answers  # until here what is kept lives, so no address comes twice
    parameters = list(network.parameters())
    return Footprint(
        weights=sum(t.nbytes for t in (*parameters, *network.buffers())),
        learning=sum(p.nbytes for p in parameters if p.requires_grad),
        kept=sum(size for place, size in seen.items() if place not in own) // num_images,
        passing=passing // num_images,
        operations=counter.get_total_flops() / num_images,
    )
