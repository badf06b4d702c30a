import cv2
import numpy as np
import pytest

from centre_node.fidelity.pictures import (
    metric_curves,
    nearest_neighbours,
    nearest_title,
    side_by_side,
)
from tests.centre_node.fidelity.radiomics.textures import clouds


def decoded(png: bytes) -> np.ndarray:
    assert png.startswith(b"\x89PNG")
    return np.asarray(cv2.imdecode(np.frombuffer(png, dtype=np.uint8), cv2.IMREAD_COLOR))


def area(picture: np.ndarray, grey: int) -> int:
    """Pixels of about that grey; letters' edges have a few of any."""
    return int((np.abs(picture.astype(int) - grey) <= 2).all(axis=2).sum())


def flat(patches: np.ndarray) -> np.ndarray:
    return patches.reshape(len(patches), -1).astype(np.float64)


@pytest.mark.parametrize("counts", [(1, 1), (7, 4), (60, 90)])
def test_real_patches_are_left_and_synthetic_ones_right(counts: tuple[int, int]) -> None:
    dark = np.full((counts[0], 16, 16), 10, dtype=np.uint8)
    bright = np.full((counts[1], 16, 16), 200, dtype=np.uint8)

    picture = decoded(side_by_side(dark, bright))

    half = picture.shape[1] // 2
    left, right = picture[:, :half], picture[:, half:]
    assert area(left, 10) > 1000 > area(right, 10)
    assert area(right, 200) > 1000 > area(left, 200)


def test_each_sample_stands_above_its_nearest_real_patch() -> None:
    values = np.array([20, 90, 160])
    real = np.broadcast_to(values[:, None, None], (3, 16, 16)).astype(np.uint8)
    sample = np.full((1, 16, 16), 100, dtype=np.uint8)

    picture = decoded(
        nearest_neighbours(sample, real, synthetic_features=flat(sample), real_features=flat(real))
    )

    assert area(picture, 90) > 1000 > area(picture, 160)
    upper, lower = ((np.abs(picture[:, :, 0].astype(int) - grey) <= 2) for grey in (100, 90))
    assert np.median(np.nonzero(upper)[0]) < np.median(np.nonzero(lower)[0]) - 50


@pytest.mark.slow
def test_the_same_input_gives_the_same_picture() -> None:
    patches = clouds(20)

    first, second = (
        nearest_neighbours(
            patches[:14],
            patches[14:],
            synthetic_features=flat(patches[:14]),
            real_features=flat(patches[14:]),
        )
        for _ in range(2)
    )

    assert first == second


def test_curves_have_a_panel_a_metric_and_gaps_where_undefined() -> None:
    one = decoded(metric_curves([50], {"kid": [0.5]}, {"kid": None}))
    four = decoded(
        metric_curves(
            [50, 100],
            {"kid": [None, 0.5], "auroc": [1.0, 0.9], "recall": [None, None], "frechet": [2, 1]},
            {"kid": 0.0, "auroc": 0.5},
        )
    )

    assert four.shape[0] == 2 * one.shape[0]
    assert four.shape[1] == 2 * one.shape[1]


def test_the_title_says_how_near_real_patches_are_to_each_other() -> None:
    features = np.array([[0.0], [1.0], [3.0], [10.0]])  # to the nearest other: 1, 1, 2, 7

    assert "another real one within 1.5" in nearest_title(features)
    assert "within" not in nearest_title(features[:1])
