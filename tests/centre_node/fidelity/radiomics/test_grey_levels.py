import math

import pytest
import torch

from centre_node.fidelity.radiomics.grey_levels import entropy, grey_levels, level_counts


def test_an_images_own_range_is_shared_among_32_levels() -> None:
    ramp = torch.arange(64, dtype=torch.float32).view(1, 8, 8)

    levels = grey_levels(ramp)

    # 63 / 32 grey values a level, so that only the last level takes in its upper end
    assert levels.flatten().tolist() == [min(31, value * 32 // 63) for value in range(64)]


def test_levels_do_not_change_with_brightness_or_contrast() -> None:
    image = torch.randint(0, 200, (3, 8, 8)).float()

    assert torch.equal(grey_levels(image), grey_levels(image * 4 + 7))


@pytest.mark.parametrize("value", [0.0, 77.0, -3.5])
def test_a_flat_image_is_at_the_middle_level(value: float) -> None:
    rounding = torch.tensor([0.0, 1e-5]).repeat(1, 8, 4)

    assert (grey_levels(torch.full((1, 8, 8), value) + rounding) == 16).all()


def test_pixels_at_each_level_are_counted_image_by_image() -> None:
    levels = torch.tensor([[[0, 0], [31, 2]], [[1, 1], [1, 1]]], dtype=torch.uint8)

    counts = level_counts(levels)

    assert counts.shape == (2, 32)
    assert counts[0, [0, 2, 31]].tolist() == [2, 1, 1]
    assert counts[1, 1] == counts[1].sum() == 4


def test_entropy_is_in_bits() -> None:
    probabilities = torch.tensor([[0.25, 0.25, 0.5, 0.0], [1.0, 0.0, 0.0, 0.0]]).double()

    assert entropy(probabilities).tolist() == pytest.approx([1.5, 0.0], abs=1e-12)
    assert entropy(torch.full((6,), 1 / 6).double()).item() == pytest.approx(math.log2(6))
