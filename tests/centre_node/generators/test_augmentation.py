from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from centre_node.generators.augmentation import (
    AUGMENTATIONS,
    DRAWS_PER_PATCH,
    augmented,
    brightness,
    contrast,
    cutout,
    translation,
)
from node_api.generator_training import EVERY_AUGMENTATION

ALL = sorted(AUGMENTATIONS.items())


def patches(count: int = 3, side: int = 16) -> Tensor:
    return torch.rand(count, 1, side, side, generator=torch.Generator().manual_seed(0)) * 2 - 1


def amounts(first: float, second: float = 0.5, count: int = 3) -> Tensor:
    return torch.tensor([[first, second]] * count)


def test_brightness_adds_up_to_half_either_way() -> None:
    x = patches()

    assert torch.allclose(brightness(x, amounts(0.0)), x - 0.5)
    assert torch.allclose(brightness(x, amounts(1.0)), x + 0.5)


def test_contrast_scales_about_each_patchs_mean() -> None:
    x = patches()

    weaker = contrast(x, amounts(0.0))

    assert torch.allclose(weaker.mean(dim=(1, 2, 3)), x.mean(dim=(1, 2, 3)), atol=1e-6)
    assert torch.allclose(weaker.std(dim=(1, 2, 3)), x.std(dim=(1, 2, 3)) / 2)


def test_translation_shifts_rows_and_columns_and_fills_with_0() -> None:
    x = patches()

    moved = translation(x, torch.tensor([[0.0, 0.5], [0.5, 0.5], [0.99, 0.0]]))

    assert torch.equal(moved[0, 0, 2:], x[0, 0, :-2])  # an eighth of 16 down
    assert not moved[0, 0, :2].any()
    assert torch.equal(moved[1], x[1])
    assert torch.equal(moved[2, 0, :-2, 2:], x[2, 0, 2:, :-2])


def test_cutout_blanks_a_square_of_half_the_side() -> None:
    x = patches() + 3  # nowhere 0

    inside, corner, _ = cutout(x, torch.tensor([[0.5, 0.5], [0.0, 0.0], [0.9, 0.1]]))

    assert not inside[0, 4:12, 4:12].any()
    assert int((inside == 0).sum()) == 8 * 8
    assert int((corner == 0).sum()) == 4 * 4


@pytest.mark.parametrize(("name", "function"), ALL)
def test_gradients_reach_the_patches(name: str, function: Callable[..., Tensor]) -> None:
    x = patches(1, 16).double().requires_grad_()
    draws = torch.tensor([[0.3, 0.8]], dtype=torch.float64)

    assert torch.autograd.gradcheck(lambda p: function(p, draws), x), name


def test_a_probability_of_0_changes_nothing_and_of_1_everything() -> None:
    x = patches(32)
    draws = torch.rand(32, DRAWS_PER_PATCH, generator=torch.Generator().manual_seed(1))

    never, always = (
        augmented(x, draws, kinds=EVERY_AUGMENTATION, probability=torch.tensor(p))
        for p in (0.0, 1.0)
    )

    assert torch.equal(never, x)
    assert all(not torch.equal(a, b) for a, b in zip(always, x, strict=True))


def test_each_patch_is_changed_for_itself() -> None:
    x = patches(400)
    draws = torch.rand(400, DRAWS_PER_PATCH, generator=torch.Generator().manual_seed(1))

    changed = augmented(x, draws, kinds=["brightness"], probability=torch.tensor(0.3))

    share = (changed != x).flatten(1).any(dim=1).float().mean().item()
    assert share == pytest.approx(0.3, abs=0.06)
