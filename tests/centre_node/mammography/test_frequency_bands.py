import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centre_node.mammography.frequency_bands import (
    LARGEST_GAIN,
    SIGMAS_PX,
    BandGains,
    bands,
    fitted_gains,
    strengths,
)
from tests.centre_node.mammography.tissue import tissue

NOTHING = BandGains((1.0,) * len(SIGMAS_PX))


def test_bands_and_the_most_blurred_add_up_to_the_patch() -> None:
    (patch,) = tissue(patches=1)
    blurred = cv2.GaussianBlur(
        patch.astype(np.float32), (0, 0), SIGMAS_PX[-1], borderType=cv2.BORDER_REFLECT
    )

    np.testing.assert_allclose(bands(patch).sum(axis=0) + blurred, patch, atol=1e-4)


@pytest.mark.parametrize("band", range(len(SIGMAS_PX)))
def test_a_band_that_was_made_stronger_comes_back(band: int) -> None:
    own = tissue()
    gains = [1.0] * len(SIGMAS_PX)
    gains[band] = 1.6
    other = BandGains(tuple(gains)).applied(own)

    back = fitted_gains(other, own)

    # Bands overlap, so that its neighbours take a part of it.
    assert int(np.argmin(back.gains)) == band
    assert 1 / 1.6 <= back.gains[band] < 0.75
    assert np.delete(back.gains, band).min() > 0.8
    np.testing.assert_allclose(strengths(back.applied(other)), strengths(own), rtol=0.06)
    assert np.abs(strengths(other) / strengths(own) - 1).max() > 0.2


def test_every_band_of_half_the_strength_gets_a_gain_of_two() -> None:
    own = tissue()
    flat = (own / 2 + 60).round().astype(np.uint8)

    back = fitted_gains(flat, own)

    # What is coarser than all bands keeps its strength, and some of it is in the coarsest band.
    np.testing.assert_allclose(back.gains[:3], 2, rtol=0.01)
    assert 2 < back.gains[3] < 2.4
    np.testing.assert_allclose(strengths(back.applied(flat)), strengths(own), rtol=0.03)


def test_a_blurred_archive_gets_its_sharpness_back_and_keeps_what_is_coarse() -> None:
    own = tissue()
    blurred = np.stack([cv2.GaussianBlur(patch, (0, 0), 0.7) for patch in own])

    fine, *_, coarse = fitted_gains(blurred, own).gains

    assert fine > 1.5
    assert coarse == pytest.approx(1, abs=0.1)


@given(st.integers(0, 99))
def test_patches_that_have_the_strengths_already_are_not_changed(seed: int) -> None:
    own = tissue(patches=5, seed=seed)

    assert fitted_gains(own, own[::-1]) == NOTHING
    np.testing.assert_array_equal(NOTHING.applied(own), own)


@given(st.floats(0.01, 1), st.floats(0.01, 1))
def test_no_gain_is_beyond_the_limits(one: float, other: float) -> None:
    patches, towards = (
        (128 + factor * (tissue(patches=3) - 128.0)).round().astype(np.uint8)
        for factor in (one, other)
    )

    gains = fitted_gains(patches, towards).gains

    assert all(1 / LARGEST_GAIN <= gain <= LARGEST_GAIN for gain in gains)


def test_patches_of_one_grey_stay_so() -> None:
    flat = np.full((2, 16, 16), 200, dtype=np.uint8)

    gains = fitted_gains(flat, tissue())

    assert gains == NOTHING
    np.testing.assert_array_equal(BandGains((LARGEST_GAIN,) * 4).applied(flat), flat)


def test_a_few_spoilt_patches_do_not_move_the_strengths() -> None:
    own = tissue()
    spoilt = own.copy()
    spoilt[0, :, :8] = 255  # a label

    np.testing.assert_allclose(strengths(spoilt), strengths(own), rtol=0.1)


def test_black_and_white_are_the_ends() -> None:
    steep = np.zeros((1, 16, 16), dtype=np.uint8)
    steep[:, :, 8:] = 255

    made = BandGains((LARGEST_GAIN,) * 4).applied(steep)

    assert made.dtype == np.uint8
    np.testing.assert_array_equal(made[:, :, [0, 7]], 0)
    np.testing.assert_array_equal(made[:, :, [8, 15]], 255)
