"""Differentiable augmentation: pure functions of patches in [-1, 1] and of uniform draws.

Every function takes patches, shape (batch, 1, side, side), and for each patch draws in [0, 1),
and lets gradients through to the patches.

Source: Zhao et al. 2020 (DiffAugment, arXiv 2006.10738), appendix; written from its text. Colour
has no place in a grey patch, so brightness and contrast remain of it.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from node_api.generator_training import EVERY_AUGMENTATION, AugmentationKind

DRAWS_PER_KIND = 3  # whether, and up to two of how much
DRAWS_PER_PATCH = DRAWS_PER_KIND * len(EVERY_AUGMENTATION)
LARGEST_SHIFT = 1 / 8  # of the side
CUTOUT_SIDE = 1 / 2  # of the side


def augmented(
    patches: Tensor, draws: Tensor, *, kinds: Sequence[AugmentationKind], probability: Tensor
) -> Tensor:
    """Return patches, each changed by each kind with a probability, for itself.

    Args:
        draws: Uniform in [0, 1), shape (batch, DRAWS_PER_PATCH).
        probability: A scalar, 0 to 1.
    """
    for index, kind in enumerate(EVERY_AUGMENTATION):
        if kind in kinds:
            whether, *amounts = draws[:, index * DRAWS_PER_KIND :][:, :DRAWS_PER_KIND].T
            changed = AUGMENTATIONS[kind](patches, torch.stack(amounts, dim=1))
            patches = torch.where((whether < probability)[:, None, None, None], changed, patches)
    return patches


def brightness(patches: Tensor, amounts: Tensor) -> Tensor:
    """Add a number from [-0.5, 0.5) to each patch; amounts have the shape (batch, 2)."""
    return patches + (amounts[:, 0] - 0.5)[:, None, None, None]


def contrast(patches: Tensor, amounts: Tensor) -> Tensor:
    """Scale each patch about its mean by a number from [0.5, 1.5)."""
    mean = patches.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (patches - mean) * (amounts[:, 0] + 0.5)[:, None, None, None]


def translation(patches: Tensor, amounts: Tensor) -> Tensor:
    """Shift each patch by up to an eighth of its side either way; 0 fills what becomes free."""
    side = patches.shape[-1]
    limit = int(side * LARGEST_SHIFT)
    shifts = (amounts * (2 * limit + 1)).floor().long()  # (batch, 2), 0 to 2 * limit
    lines = torch.arange(side, device=patches.device)
    rows, columns = (shifts[:, axis, None] + lines for axis in (0, 1))  # (batch, side)
    padded = pad(patches, [limit] * 4)
    taken = padded.gather(2, rows[:, None, :, None].expand(-1, 1, -1, padded.shape[-1]))
    return taken.gather(3, columns[:, None, None, :].expand(-1, 1, side, -1))


def cutout(patches: Tensor, amounts: Tensor) -> Tensor:
    """Set a square of half the side, anywhere about each patch, to 0."""
    side = patches.shape[-1]
    lines = torch.arange(side, device=patches.device) + 0.5
    distances = (lines - amounts[:, :, None] * side).abs()  # (batch, 2, side)
    rows, columns = (distances < side * CUTOUT_SIDE / 2).unbind(dim=1)
    cut = rows[:, None, :, None] & columns[:, None, None, :]
    return patches.masked_fill(cut, 0.0)


AUGMENTATIONS: Mapping[AugmentationKind, Callable[[Tensor, Tensor], Tensor]] = {
    "brightness": brightness,
    "contrast": contrast,
    "translation": translation,
    "cutout": cutout,
}
