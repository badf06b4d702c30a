import pytest
import torch
from torch import Tensor

from centre_node.classifiers.augmentation import (
    DRAWS_PER_PATCH,
    augmented,
    flipped,
    intensity_changed,
    zoomed_and_shifted,
)

SIDE = 20
UNCHANGED = 0.5


def patches(count: int) -> Tensor:
    random = torch.Generator().manual_seed(0)
    return torch.rand(count, 1, SIDE, SIDE, generator=random) * 2 - 1


def ramp() -> Tensor:
    """One patch whose values are the columns' centres, -1 to 1 over the side."""
    places = (torch.arange(SIDE) * 2 + 1) / SIDE - 1
    return places.expand(1, 1, SIDE, SIDE).clone()


def test_flips_mirror_the_chosen_patches_along_the_chosen_axes() -> None:
    patch = torch.tensor([[1, 2], [3, 4]], dtype=torch.uint8)
    flips = torch.tensor([[False, False], [True, False], [False, True], [True, True]])

    assert flipped(patch.expand(4, 1, 2, 2), flips).squeeze(1).tolist() == [
        [[1, 2], [3, 4]],
        [[2, 1], [4, 3]],
        [[3, 4], [1, 2]],
        [[4, 3], [2, 1]],
    ]


def test_draws_in_the_middle_change_nothing() -> None:
    before = patches(3)

    after = augmented(before, torch.full((3, DRAWS_PER_PATCH), UNCHANGED))

    assert torch.allclose(after, before, atol=1e-5)


def test_a_low_first_draw_transposes() -> None:
    before = patches(2)
    draws = torch.full((2, DRAWS_PER_PATCH), UNCHANGED)
    draws[1, 0] = 0.0

    after = augmented(before, draws)

    assert torch.allclose(after[0], before[0], atol=1e-5)
    assert torch.allclose(after[1], before[1].mT, atol=1e-5)


def test_a_flip_and_a_transposition_make_a_quarter_turn() -> None:
    before = patches(1)
    draws = torch.full((1, DRAWS_PER_PATCH), UNCHANGED)
    draws[0, 0] = 0.0

    after = augmented(flipped(before, torch.tensor([[True, False]])), draws)

    assert torch.allclose(after, before.rot90(1, dims=(-2, -1)), atol=1e-5)


@pytest.mark.parametrize(("draw", "slope"), [(0.0, 1.1), (1.0, 1 / 1.1)])
def test_the_zoom_goes_a_tenth_either_way(draw: float, slope: float) -> None:
    inner = slice(2, -2)

    zoomed = zoomed_and_shifted(ramp(), torch.tensor([[draw, UNCHANGED, UNCHANGED]]))

    assert torch.allclose(zoomed[..., inner], ramp()[..., inner] * slope, atol=1e-5)


@pytest.mark.parametrize(("draw", "shift"), [(0.0, -2), (1.0, 2)])
def test_the_shift_goes_a_tenth_of_the_side_either_way_along_each_axis(
    draw: float, shift: int
) -> None:
    before, inner = patches(1), slice(2, -2)

    along_x = zoomed_and_shifted(before, torch.tensor([[UNCHANGED, draw, UNCHANGED]]))
    along_y = zoomed_and_shifted(before, torch.tensor([[UNCHANGED, UNCHANGED, draw]]))

    assert torch.allclose(along_x[..., inner], before.roll(-shift, dims=-1)[..., inner], atol=1e-5)
    assert torch.allclose(
        along_y[..., inner, :], before.roll(-shift, dims=-2)[..., inner, :], atol=1e-5
    )


def test_what_becomes_free_is_the_mirror_image() -> None:
    before = patches(1)

    after = zoomed_and_shifted(before, torch.tensor([[UNCHANGED, 1.0, UNCHANGED]]))

    assert torch.allclose(after[..., -2:], before[..., -2:].flip(-1), atol=1e-5)


@pytest.mark.parametrize(
    ("draws", "expected"),
    [
        ([1.0, UNCHANGED, UNCHANGED], [0.25**1.25, 0.75**1.25]),
        ([0.0, UNCHANGED, UNCHANGED], [0.25**0.8, 0.75**0.8]),
        ([UNCHANGED, 1.0, UNCHANGED], [0.2, 0.8]),
        ([UNCHANGED, UNCHANGED, 1.0], [0.35, 0.85]),
        ([UNCHANGED, UNCHANGED, 0.0], [0.15, 0.65]),
    ],
)
def test_gamma_contrast_and_brightness_by_hand(draws: list[float], expected: list[float]) -> None:
    greys = torch.tensor([0.25, 0.75]).reshape(1, 1, 1, 2)

    changed = intensity_changed(greys * 2 - 1, torch.tensor([draws]))

    assert ((changed + 1) / 2).flatten().tolist() == pytest.approx(expected, abs=1e-6)


def test_whatever_is_drawn_patches_stay_finite_and_in_range() -> None:
    before = torch.cat([patches(198), torch.ones(1, 1, SIDE, SIDE), -torch.ones(1, 1, SIDE, SIDE)])
    draws = torch.rand(200, DRAWS_PER_PATCH, generator=torch.Generator().manual_seed(1))

    after = augmented(before, draws)

    assert after.shape == before.shape
    assert after.isfinite().all()
    assert after.abs().max() <= 1


def test_a_patch_changes_by_its_own_draws_alone() -> None:
    before = patches(5)
    draws = torch.rand(5, DRAWS_PER_PATCH, generator=torch.Generator().manual_seed(1))

    together = augmented(before, draws)

    apart = torch.cat([augmented(before[i : i + 1], draws[i : i + 1]) for i in range(5)])
    assert torch.allclose(together, apart, atol=1e-6)
