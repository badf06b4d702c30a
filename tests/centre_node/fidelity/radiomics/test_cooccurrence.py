import numpy as np
import pytest
import torch

from centre_node.fidelity.radiomics.cooccurrence import (
    NAMES,
    cooccurrence_features,
    cooccurrences,
)
from tests.centre_node.fidelity.radiomics.textures import levels


def features(image: torch.Tensor) -> dict[str, float]:
    return dict(zip(NAMES, cooccurrence_features(image)[0].tolist(), strict=True))


def test_neighbours_are_counted_both_ways_in_four_directions() -> None:
    image = levels([0, 1], [2, 1])

    right, below, below_right, below_left = cooccurrences(image)[0]

    assert (right[0, 1], right[1, 0], right[2, 1], right[1, 2], right.sum()) == (1, 1, 1, 1, 4)
    assert (below[0, 2], below[2, 0], below[1, 1], below.sum()) == (1, 1, 2, 4)
    assert (below_right[0, 1], below_right[1, 0], below_right.sum()) == (1, 1, 2)
    assert (below_left[1, 2], below_left[2, 1], below_left.sum()) == (1, 1, 2)


def test_a_chessboards_features_are_known() -> None:
    # Levels 1 and 2. Across and down only unlike pixels meet (P is 1/2 twice off the diagonal),
    # diagonally only like ones (1/2 twice on it).
    board = torch.tensor([[[(x + y) % 2 for x in range(5)] for y in range(5)]], dtype=torch.uint8)

    found = features(board)

    assert found["Contrast"] == pytest.approx(0.5)  # 1 in two directions, 0 in two
    assert found["JointAverage"] == pytest.approx(1.5)
    assert found["SumAverage"] == pytest.approx(3)
    assert found["Correlation"] == pytest.approx(0)  # -1 and 1
    assert found["MCC"] == pytest.approx(1)
    assert found["JointEnergy"] == pytest.approx(0.5)
    assert found["JointEntropy"] == pytest.approx(1)
    assert found["MaximumProbability"] == pytest.approx(0.5)
    assert found["Autocorrelation"] == pytest.approx((2 + 2.5) / 2)
    assert found["Id"] == pytest.approx((0.5 + 1) / 2)
    assert found["Idm"] == pytest.approx((0.5 + 1) / 2)
    assert found["Idn"] == pytest.approx((1 / (1 + 1 / 32) + 1) / 2)
    assert found["Idmn"] == pytest.approx((1 / (1 + 1 / 32**2) + 1) / 2)
    assert found["InverseVariance"] == pytest.approx(0.5)
    assert found["SumSquares"] == pytest.approx(0.25)
    assert found["SumEntropy"] == pytest.approx(0.5)  # of (1,) and of (1/2, 1/2)
    assert found["ClusterTendency"] == pytest.approx(0.5)  # 0 and 1
    assert found["ClusterShade"] == pytest.approx(0)
    assert found["ClusterProminence"] == pytest.approx(0.5)
    assert found["Imc1"] == pytest.approx(-1)  # one pixel tells the other
    assert found["Imc2"] == pytest.approx(np.sqrt(1 - np.exp(-2)))


def test_a_flat_image_is_wholly_even() -> None:
    found = features(torch.full((1, 8, 8), 16, dtype=torch.uint8))

    ones = ("Correlation", "MCC", "JointEnergy", "MaximumProbability", "Id", "Idm", "Idn", "Idmn")
    assert [found.pop(name) for name in ones] == pytest.approx([1] * len(ones))
    assert (found.pop("JointAverage"), found.pop("SumAverage")) == (17, 34)
    assert found.pop("Autocorrelation") == 17**2
    assert list(found.values()) == pytest.approx([0] * len(found), abs=1e-12)


def test_noise_has_hardly_any_correlation() -> None:
    noise = torch.randint(0, 32, (1, 128, 128), generator=torch.Generator().manual_seed(0))

    found = features(noise.to(torch.uint8))

    assert found["Correlation"] == pytest.approx(0, abs=0.02)
    assert found["Contrast"] == pytest.approx(2 * (32**2 - 1) / 12, rel=0.02)
    assert found["MCC"] < 0.15


def test_turning_an_image_changes_nothing() -> None:
    image = torch.randint(0, 32, (1, 12, 12)).to(torch.uint8)

    assert torch.allclose(
        cooccurrence_features(image), cooccurrence_features(image.rot90(dims=(1, 2)))
    )
