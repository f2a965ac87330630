"""A backbone cut in two where it begins to learn: frozen layers, and the rest of it.

What the frozen layers make of an image never changes, so it can be computed once (trunk_maps) and
fed to the rest (Tail) in every epoch. Where a backbone is cut is seen by running it: at the first
module all of whose parameters learn.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

NUM_PROOFS = 2  # random images on which both ways must agree
TOLERANCE = 1e-5  # of the largest value


@dataclass(frozen=True)
class Cut:
    """Where a backbone begins to learn."""

    boundary: str  # the first module that learns; '' where the whole backbone is frozen
    before: dict[str, tuple[int, ...]]  # what has run by then, with the shape of an image's output
    shape: tuple[int, ...]  # of what an image is there: (C, H, W), (L, C) or (D,)
    image_size: int


class _ReachedError(Exception):
    """Stops a forward pass at the boundary; `maps` is what came there."""

    def __init__(self, maps: torch.Tensor) -> None:
        super().__init__()
        self.maps = maps


@torch.no_grad()
def find_cut(backbone: nn.Module, *, image_size: int) -> Cut:
    """Where the backbone begins to learn, for square images of so many pixels.

    Raises ValueError for a backbone that can't be cut there: something that learns runs before, or
    what the frozen layers made is used again behind the boundary.
    """
    backbone.eval()
    device = next(backbone.parameters()).device
    noise = torch.randn(NUM_PROOFS, 3, image_size, image_size, generator=torch.Generator())
    pixels = noise.to(device)
    if not any(parameter.requires_grad for parameter in backbone.parameters()):
        return Cut("", {}, tuple(backbone(pixels).shape[1:]), image_size)
    cut = _watch(backbone, pixels)
    whole = backbone(pixels)
    maps = trunk_maps(backbone, cut, pixels)
    tail = Tail(backbone, cut)
    try:
        rest = backbone(maps)
    except RuntimeError:  # of shapes that do not fit one another
        rest = torch.full_like(whole, torch.nan)
    finally:
        tail.release()
    if torch.allclose(rest, whole, rtol=0.0, atol=TOLERANCE * float(whole.abs().max())):
        return cut
    raise ValueError(
        f"a {type(backbone).__name__} uses what its frozen layers make in several places, so it "
        "can't be cut there; leave trunk out"
    )


def _watch(backbone: nn.Module, pixels: torch.Tensor) -> Cut:
    """The first module all of whose parameters learn, and what ran before it."""
    done: dict[str, tuple[int, ...]] = {}
    found: list[str] = []
    hooks = []

    def look_in(name: str, module: nn.Module) -> Callable[[nn.Module, tuple], None]:
        def look(_module: nn.Module, inputs: tuple) -> None:
            parameters = list(module.parameters())
            if parameters and all(parameter.requires_grad for parameter in parameters):
                found.append(name)
                raise _ReachedError(inputs[0])

        return look

    def look_out(name: str) -> Callable[[nn.Module, tuple, torch.Tensor], None]:
        def look(_module: nn.Module, _inputs: tuple, output: torch.Tensor) -> None:
            done[name] = tuple(output.shape[1:])

        return look

    for name, module in backbone.named_modules():
        hooks.append(module.register_forward_pre_hook(look_in(name, module)))
        if name:
            hooks.append(module.register_forward_hook(look_out(name)))
    try:
        backbone(pixels)
    except _ReachedError as reached:
        shape = tuple(reached.maps.shape[1:])
    finally:
        for hook in hooks:
            hook.remove()
    if not found or not found[0]:
        raise ValueError("freeze leaves no layer from the input on as it is, so there is no trunk")
    boundary = found[0]
    _check_loose_parameters(backbone, boundary)
    parts = [name.split(".") for name in done]
    outermost = {}
    for name, parent in zip(done, parts, strict=True):
        above = [".".join(parent[:depth]) for depth in range(1, len(parent))]
        if not any(other in done for other in above):
            outermost[name] = done[name]
    return Cut(boundary, outermost, shape, pixels.shape[-1])


def _check_loose_parameters(backbone: nn.Module, boundary: str) -> None:
    """Raises ValueError for a parameter that learns and belongs to no module of its own: it may
    be used before the boundary (a token, positions)."""
    parts = boundary.split(".")
    for depth in range(len(parts)):
        above = backbone.get_submodule(".".join(parts[:depth]))
        for name, parameter in above.named_parameters(recurse=False):
            if parameter.requires_grad:
                raise ValueError(f"{name} learns and is used before the frozen layers end")


def trunk_maps(backbone: nn.Module, cut: Cut, pixels: torch.Tensor) -> torch.Tensor:
    """What images (N, 3, H, W) are where the backbone begins to learn: (N, *cut.shape)."""
    if not cut.boundary:
        return backbone(pixels)

    def stop(_module: nn.Module, inputs: tuple) -> None:
        raise _ReachedError(inputs[0])

    hook = backbone.get_submodule(cut.boundary).register_forward_pre_hook(stop)
    try:
        backbone(pixels)
    except _ReachedError as reached:
        return reached.maps
    finally:
        hook.remove()
    raise AssertionError("the boundary was not reached")


class Tail:
    """Makes a backbone take maps (N, *cut.shape) in place of pixels, until `release`.

    The frozen modules are passed over. Names and weights stay, so that a state dict is the same.
    """

    def __init__(self, backbone: nn.Module, cut: Cut) -> None:
        self._backbone, self._whole, self._side = backbone, backbone.forward, cut.image_size
        self._maps: torch.Tensor | None = None
        self._passed: list[nn.Module] = []
        self._hook = None
        if not cut.boundary:
            backbone.forward = lambda maps: maps
            return
        for name, shape in cut.before.items():
            module = backbone.get_submodule(name)
            module.forward = self._pass_over(shape)
            self._passed.append(module)
        boundary = backbone.get_submodule(cut.boundary)
        self._hook = boundary.register_forward_pre_hook(lambda _module, _inputs: (self._maps,))
        backbone.forward = self._forward

    def _forward(self, maps: torch.Tensor) -> torch.Tensor:
        self._maps = maps
        try:
            return self._whole(maps.new_zeros(1).expand(len(maps), 3, self._side, self._side))
        finally:
            self._maps = None

    @staticmethod
    def _pass_over(shape: tuple[int, ...]) -> Callable[..., torch.Tensor]:
        def forward(inputs: torch.Tensor, *_others: object, **_options: object) -> torch.Tensor:
            # nobody looks at it: one zero, seen as often as the shape needs
            return inputs.new_zeros(1).expand(len(inputs), *shape)

        return forward

    def release(self) -> None:
        """Gives the backbone and its modules their own `forward` back."""
        for module in (self._backbone, *self._passed):
            del module.forward
        if self._hook is not None:
            self._hook.remove()
