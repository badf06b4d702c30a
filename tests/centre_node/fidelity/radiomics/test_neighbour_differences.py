import pytest
import torch

from centre_node.fidelity.radiomics.grey_levels import level_counts
from centre_node.fidelity.radiomics.neighbour_differences import (
    NAMES,
    neighbour_difference_features,
    neighbour_differences,
)
from tests.centre_node.fidelity.radiomics.textures import levels


def features(image: torch.Tensor) -> dict[str, float]:
    found = neighbour_difference_features(image, level_counts(image))[0]
    return dict(zip(NAMES, found.tolist(), strict=True))


def test_differences_are_to_the_mean_of_the_neighbours_that_there_are() -> None:
    image = levels([0, 0, 0], [0, 3, 0], [0, 0, 0])

    sums = neighbour_differences(image)[0]

    assert sums[3] == 3
    assert sums[0].item() == pytest.approx(4 * 3 / 3 + 4 * 3 / 5)  # corners, edges
    assert sums.sum() == sums[0] + sums[3]


def test_a_bright_pixels_features_are_known() -> None:
    found = features(levels([0, 0, 0], [0, 3, 0], [0, 0, 0]))  # levels 1 and 4

    low, high = 4 + 2.4, 3.0
    rough = 8 / 9 * low + 1 / 9 * high
    assert found["Coarseness"] == pytest.approx(1 / rough)
    assert found["Contrast"] == pytest.approx(8 / 81 * 9 * 2 / 2 * (low + high) / 9)
    assert found["Busyness"] == pytest.approx(rough / (2 * abs(8 / 9 - 4 / 9)))
    assert found["Complexity"] == pytest.approx(2 * 3 * rough / 9)
    assert found["Strength"] == pytest.approx(2 * 9 / (low + high))


def test_a_flat_image_is_as_coarse_as_can_be() -> None:
    found = features(torch.full((1, 8, 8), 16, dtype=torch.uint8))

    assert found.pop("Coarseness") == 1e6
    assert set(found.values()) == {0}
