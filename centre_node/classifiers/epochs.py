"""An epoch's patches on the device: mixed and flipped, then cut into batches and augmented."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from centre_node.classifiers.augmentation import DRAWS_PER_PATCH, augmented, flipped

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Epoch:
    """Patches in the order in which they are trained on.

    Attributes:
        pixels: uint8, shape (n, side, side).
        labels: 1 for the positive class and 0 for the other, shape (n,).
        draws: Of the classical augmentation, shape (n, DRAWS_PER_PATCH); None for none.
    """

    pixels: Tensor
    labels: Tensor
    draws: Tensor | None

    def inputs(self, batch: slice) -> Tensor:
        """Return what the network sees of a batch, shape (batch, 1, side, side), in [-1, 1]."""
        inputs = network_input(self.pixels[batch])
        return inputs if self.draws is None else augmented(inputs, self.draws[batch])

    def followed_by(self, other: "Epoch") -> "Epoch":
        """Return the patches of both, those of `other` last."""
        draws = None
        if self.draws is not None and other.draws is not None:
            draws = torch.cat([self.draws, other.draws])
        return Epoch(
            torch.cat([self.pixels, other.pixels]), torch.cat([self.labels, other.labels]), draws
        )

    def behind(self, count: int) -> "Epoch":
        """Return the patches without the first `count`."""
        draws = None if self.draws is None else self.draws[count:]
        return Epoch(self.pixels[count:], self.labels[count:], draws)


def mix_epoch(
    pixels: Pixels,
    labels: Labels,
    random: np.random.Generator,
    *,
    device: torch.device,
    classical: bool,
) -> Epoch:
    """Put patches on the device in random order, each mirrored either way with p = 0.5.

    Everything random is drawn on the host, so that every device gets the same.

    Args:
        pixels: 8-bit, shape (n, side, side).
        classical: Whether to draw for the classical augmentation too.
    """
    count = len(labels)
    order = on_device(random.permutation(count), device)
    flips = on_device(random.random((2, count)).T < 0.5, device)
    draws = random.random((count, DRAWS_PER_PATCH), dtype=np.float32) if classical else None
    return Epoch(
        pixels=flipped(on_device(pixels, device)[order].unsqueeze(1), flips).squeeze(1),
        labels=on_device(labels, device)[order],
        draws=None if draws is None else on_device(draws, device),
    )


def batches(count: int, size: int) -> Iterator[slice]:
    """Cut `count` patches into batches; a last single patch joins the batch before it.

    BatchNorm has no variance to divide by in a batch of one.
    """
    starts = list(range(0, count, size))
    if len(starts) > 1 and count % size == 1:
        starts.pop()
    for start, stop in zip(starts, [*starts[1:], count], strict=True):
        yield slice(start, stop)


def network_input(pixels: Tensor) -> Tensor:
    """Map uint8, shape (batch, side, side), to float32 in [-1, 1], (batch, 1, side, side)."""
    return pixels.unsqueeze(1).float() / 127.5 - 1


def on_device(array: NDArray[Any], device: torch.device) -> Tensor:
    """Copy an array to a device; to a GPU without waiting for it."""
    tensor = torch.from_numpy(np.require(array, requirements=("C", "W")))
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
