import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from centre_node.mammography.grey_curves import LEVELS, fitted_curve

GREYS = np.arange(256, dtype=np.uint8)


@st.composite
def some_patches(draw: st.DrawFn) -> NDArray[np.uint8]:
    """Return patches of few or many greys, anywhere between black and white."""
    low = draw(st.integers(0, 255))
    high = draw(st.integers(low, 255))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    pixels = random.integers(low, high + 1, (draw(st.integers(1, 5)), 8, 8), dtype=np.uint8)
    pixels[random.random(pixels.shape) < draw(st.sampled_from([0.0, 0.5]))] = 0  # beside the breast
    return pixels


@given(some_patches())
def test_patches_that_have_the_greys_already_keep_them(patches: NDArray[np.uint8]) -> None:
    shuffled = np.random.default_rng(0).permutation(patches.ravel()).reshape(patches.shape)

    np.testing.assert_array_equal(fitted_curve(patches, shuffled).applied(patches), patches)


@given(some_patches(), some_patches())
def test_a_lighter_grey_never_becomes_a_darker_one(
    patches: NDArray[np.uint8], towards: NDArray[np.uint8]
) -> None:
    assert (np.diff(fitted_curve(patches, towards).applied(GREYS).astype(int)) >= 0).all()


def test_patches_get_the_quantiles_of_the_others_whatever_curve_parted_them() -> None:
    own = np.random.default_rng(0).normal(100, 20, (40, 16, 16)).clip(0, 255).astype(np.uint8)
    lighter = (255 * (own / 255) ** 0.6).astype(np.uint8)

    back = fitted_curve(lighter, own).applied(lighter)

    np.testing.assert_allclose(np.quantile(back, LEVELS), np.quantile(own, LEVELS), atol=1)
    assert np.abs(back.astype(int) - own).mean() < 1.5


def test_patches_of_one_grey_become_one_grey() -> None:
    flat = np.full((2, 4, 4), 200, dtype=np.uint8)

    assert fitted_curve(flat, flat - 90).applied(flat) == pytest.approx(110)


def test_a_few_spoilt_pixels_do_not_bend_the_curve() -> None:
    patches = np.random.default_rng(0).integers(80, 121, (10, 16, 16), dtype=np.uint8)
    towards = patches + np.uint8(30)
    spoilt = towards.copy()
    spoilt[0, 0] = 255

    table = fitted_curve(patches, spoilt).applied(GREYS[80:121])

    np.testing.assert_allclose(table, GREYS[80:121] + 30.0, atol=1)
