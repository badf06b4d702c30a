from itertools import groupby

import numpy as np
import pytest
import torch

from centre_node.fidelity.radiomics.run_lengths import NAMES, run_length_features, run_lengths
from tests.centre_node.fidelity.radiomics.textures import levels


def features(image: torch.Tensor) -> dict[str, float]:
    return dict(zip(NAMES, run_length_features(image)[0].tolist(), strict=True))


def test_runs_are_counted_in_four_directions() -> None:
    image = levels([3, 3, 3], [1, 3, 1], [1, 1, 3])

    across, down, falling, rising = run_lengths(image)[0]

    assert across[3].tolist() == [2, 0, 1]
    assert across[1].tolist() == [2, 1, 0]
    assert down[3].tolist() == [3, 1, 0]
    assert down[1].tolist() == [2, 1, 0]
    assert falling[3].tolist() == [2, 0, 1]
    assert falling[1].tolist() == [2, 1, 0]
    assert rising[3].tolist() == [3, 1, 0]
    assert rising[1].tolist() == [2, 1, 0]


@pytest.mark.parametrize("side", [7, 16, 255, 256])
def test_runs_are_those_that_a_plain_count_finds(side: int) -> None:
    random = torch.Generator().manual_seed(0)
    images = (torch.rand(2, side, side, generator=random) > 0.97).to(torch.uint8)
    images[1, -1] = 1  # runs that reach from edge to edge

    found = run_lengths(images)

    expected = torch.zeros_like(found)
    for number, image in enumerate(images.numpy()):
        for direction, lines in enumerate(lines_of(image)):
            for line in lines:
                for level, run in groupby(line.tolist()):
                    expected[number, direction, level, len(list(run)) - 1] += 1
    assert torch.equal(found, expected)


def lines_of(image: np.ndarray) -> list[list[np.ndarray]]:
    """The rows, the columns, and the diagonals that fall and rise to the right."""
    offsets = range(1 - len(image), len(image))
    falling = [image.diagonal(offset) for offset in offsets]
    return [list(image), list(image.T), falling, [image[::-1].diagonal(one) for one in offsets]]


def test_a_flat_image_has_one_run_a_line() -> None:
    found = features(torch.full((1, 4, 4), 1, dtype=torch.uint8))

    # across and down: 4 runs of 4; each diagonal: 2 of 1, 2 of 2, 2 of 3, 1 of 4; level 2
    assert found["RunPercentage"] == pytest.approx((4 / 16 + 7 / 16) / 2)
    assert found["ShortRunEmphasis"] == pytest.approx(
        (1 / 16 + (2 + 2 / 4 + 2 / 9 + 1 / 16) / 7) / 2
    )
    assert found["LongRunEmphasis"] == pytest.approx((16 + (2 + 8 + 18 + 16) / 7) / 2)
    assert found["GrayLevelNonUniformity"] == pytest.approx((4 + 7) / 2)
    assert found["GrayLevelNonUniformityNormalized"] == pytest.approx(1)
    assert found["RunLengthNonUniformity"] == pytest.approx((4 + 13 / 7) / 2)
    assert found["GrayLevelVariance"] == 0
    assert found["RunVariance"] == pytest.approx((44 / 7 - (16 / 7) ** 2) / 2)
    assert found["LowGrayLevelRunEmphasis"] == pytest.approx(1 / 4)
    assert found["HighGrayLevelRunEmphasis"] == pytest.approx(4)
    assert found["LongRunHighGrayLevelEmphasis"] == pytest.approx(4 * found["LongRunEmphasis"])
    assert found["LongRunLowGrayLevelEmphasis"] == pytest.approx(found["LongRunEmphasis"] / 4)
    assert found["ShortRunLowGrayLevelEmphasis"] == pytest.approx(found["ShortRunEmphasis"] / 4)


def test_a_chessboard_has_only_runs_of_one_across() -> None:
    board = torch.tensor([[[(x + y) % 2 for x in range(6)] for y in range(6)]], dtype=torch.uint8)

    runs = run_lengths(board)[0]

    assert runs[:2, :, 0].sum() == runs[:2].sum() == 72
    assert runs[2:, :, 5].sum() == 2  # the two main diagonals


def test_every_pixel_lies_in_one_run_of_each_direction() -> None:
    image = torch.randint(0, 3, (3, 20, 20)).to(torch.uint8)

    runs = run_lengths(image)

    lengths = torch.arange(1, runs.shape[3] + 1).double()
    assert (runs.sum(2) @ lengths == 400).all()
    assert (runs >= 0).all()
