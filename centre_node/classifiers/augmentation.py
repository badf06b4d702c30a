"""Classical augmentation: pure functions of patches and of uniform draws.

A patch's transform depends on its draws alone, so that real and synthetic patches are changed
alike. Patches have the shape (batch, 1, side, side); draws are in [0, 1), one row a patch.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

DRAWS_PER_PATCH = 7
LARGEST_ZOOM = 1.1  # and its inverse
LARGEST_SHIFT = 0.1  # of the side
LARGEST_GAMMA = 1.25  # and its inverse
LARGEST_CONTRAST = 1.2  # and its inverse
LARGEST_BRIGHTNESS = 0.1  # of the whole range


def flipped(patches: Tensor, flips: Tensor) -> Tensor:
    """Mirror patches, of any dtype.

    Args:
        flips: Whether to mirror each patch left to right and top to bottom, bool, shape (batch, 2).
    """
    for index, axis in enumerate((-1, -2)):
        chosen = flips[:, index, None, None, None]
        patches = torch.where(chosen, patches.flip(axis), patches)
    return patches


def augmented(patches: Tensor, draws: Tensor) -> Tensor:
    """Transpose, zoom and shift patches and change their grey values.

    A transposition with p = 0.5 after `flipped` makes each of the eight positions of a square
    equally likely, so quarter turns are among them.

    Args:
        patches: In [-1, 1].
        draws: Shape (batch, DRAWS_PER_PATCH).

    Returns:
        Patches in [-1, 1].
    """
    transposition, geometry, greys = draws[:, 0], draws[:, 1:4], draws[:, 4:7]
    patches = torch.where((transposition < 0.5)[:, None, None, None], patches.mT, patches)
    return intensity_changed(zoomed_and_shifted(patches, geometry), greys)


def zoomed_and_shifted(patches: Tensor, draws: Tensor) -> Tensor:
    """Zoom about the centre by up to a tenth and shift by up to a tenth of the side.

    What becomes free is filled with the patch's mirror image.

    Args:
        draws: Of the zoom and of the shifts along x and y, shape (batch, 3); 0.5 changes nothing.
    """
    side = patches.shape[-1]
    scale = _factor(draws[:, 0], LARGEST_ZOOM)[:, None]  # (batch, 1)
    places = (torch.arange(side, device=patches.device) * 2 + 1) / side - 1  # pixels' centres
    columns, rows = (
        places / scale + _signed(draws[:, axis], 2 * LARGEST_SHIFT)[:, None] for axis in (1, 2)
    )  # (batch, side); the whole side is 2
    grid = torch.stack(
        [
            columns[:, None, :].expand(-1, side, -1),
            rows[:, :, None].expand(-1, -1, side),
        ],
        dim=-1,
    )  # (batch, side, side, 2)
    return grid_sample(
        patches, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )


def intensity_changed(patches: Tensor, draws: Tensor) -> Tensor:
    """Change gamma, then contrast about the patch's mean, then brightness; clip to [-1, 1].

    Args:
        patches: In [-1, 1].
        draws: Of gamma, contrast and brightness, shape (batch, 3); 0.5 changes nothing.
    """
    gamma, contrast = (
        _factor(draws[:, index], largest)[:, None, None, None]
        for index, largest in enumerate((LARGEST_GAMMA, LARGEST_CONTRAST))
    )
    brightness = _signed(draws[:, 2], LARGEST_BRIGHTNESS)[:, None, None, None]
    greys = ((patches + 1) / 2).clamp(0, 1) ** gamma
    mean = greys.mean(dim=(1, 2, 3), keepdim=True)
    return (mean + (greys - mean) * contrast + brightness).clamp(0, 1) * 2 - 1


def _factor(draws: Tensor, largest: float) -> Tensor:
    """Map draws to factors between 1 / largest and largest, log-uniformly."""
    return torch.exp(_signed(draws, math.log(largest)))


def _signed(draws: Tensor, largest: float) -> Tensor:
    return (draws * 2 - 1) * largest
