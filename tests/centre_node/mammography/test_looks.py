import numpy as np
import pytest
from numpy.typing import NDArray

from centre_node.mammography.frequency_bands import BandGains, strengths
from centre_node.mammography.grey_curves import LEVELS, fitted_curve
from centre_node.mammography.looks import AS_IT_IS, fitted_look
from node_api.looks import HarmonisedBy
from tests.centre_node.mammography.tissue import tissue

NONE = np.empty((0, 32, 32), dtype=np.uint8)


@pytest.mark.parametrize("by", ["greys", "greys_and_bands"])
def test_patches_that_have_the_look_already_keep_it(by: HarmonisedBy) -> None:
    own = tissue()

    np.testing.assert_array_equal(fitted_look(own, own[::-1], by).applied(own), own)


@pytest.mark.parametrize("by", ["greys", "greys_and_bands"])
@pytest.mark.parametrize(("patches", "towards"), [(NONE, tissue()), (tissue(), NONE)])
def test_without_patches_on_both_sides_nothing_is_changed(
    patches: NDArray[np.uint8], towards: NDArray[np.uint8], by: HarmonisedBy
) -> None:
    look = fitted_look(patches, towards, by)

    assert look == AS_IT_IS
    np.testing.assert_array_equal(look.applied(patches), patches)


def test_by_greys_it_is_one_curve_alone() -> None:
    own, other = tissue(), tissue(seed=1) // 2

    np.testing.assert_array_equal(
        fitted_look(other, own, "greys").applied(other), fitted_curve(other, own).applied(other)
    )


def test_by_bands_both_greys_and_strengths_come_near_to_the_others() -> None:
    own = tissue()
    gains = BandGains((0.5, 0.6, 0.8, 1.0))
    other = (gains.applied(own) * 0.6 + 20).astype(np.uint8)

    greys, both = (
        fitted_look(other, own, by).applied(other) for by in ("greys", "greys_and_bands")
    )

    np.testing.assert_allclose(strengths(both), strengths(own), rtol=0.1)
    assert strengths(greys)[0] < 0.75 * strengths(own)[0]
    np.testing.assert_allclose(np.quantile(both, LEVELS), np.quantile(own, LEVELS), atol=1)
    assert np.abs(both.astype(int) - own).mean() < np.abs(greys.astype(int) - own).mean() / 2


def test_what_is_changed_is_no_other_for_being_one_of_fewer() -> None:
    other = tissue(seed=1)
    look = fitted_look(other, tissue() // 2, "greys_and_bands")

    np.testing.assert_array_equal(look.applied(other)[3:5], look.applied(other[3:5]))
