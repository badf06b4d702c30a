from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from centre_node.painting.blobs import blob_marks
from centre_node.painting.ellipses import Ellipse
from centre_node.painting.marks import Marks, residual_marks
from centre_node.painting.painting import drawn_scales, paint
from centre_node.painting.places import Places, in_the_middle

Pixels = NDArray[np.uint8]
SIZE = 32
ELLIPSE = Ellipse(13.0, 18.0, 9.0, 6.0)
ALL_TISSUE = np.ones((4, SIZE, SIZE), dtype=np.float32)


def backgrounds() -> Pixels:
    return np.random.default_rng(5).integers(60, 90, (4, SIZE, SIZE), dtype=np.uint8)


def bright_marks(grey: float = 40.0) -> Marks:
    """Return the marks of one lesion that is brighter than a ramp by so many grey values."""
    ramp = 50 + np.arange(SIZE)[None, :] + np.zeros((SIZE, 1))
    lesion = ramp + grey * (ELLIPSE.radii(SIZE) < 0.7)
    return residual_marks(lesion[None].astype(np.uint8), [ELLIPSE])


def painted(
    marks: Marks,
    tissue: NDArray[np.float32] = ALL_TISSUE,
    scale: float = 1,
    seed: int = 0,
    middles: Places | None = None,
) -> Pixels:
    return paint(
        backgrounds(),
        tissue,
        marks,
        which=np.zeros(4, dtype=np.int64),
        middles=in_the_middle(4, SIZE) if middles is None else middles,
        scales=np.full(4, float(scale)),
        random=np.random.default_rng(seed),
    )


def test_a_residual_is_the_lesion_without_the_ramp_that_it_lies_on() -> None:
    marks = bright_marks()

    middle = ELLIPSE.radii(SIZE) < 0.6
    assert marks.contrasts[0] == pytest.approx(40, abs=0.01)
    np.testing.assert_allclose(marks.residuals[0][middle], 40, atol=0.01)
    np.testing.assert_allclose(marks.residuals[0][ELLIPSE.radii(SIZE) > 0.8], 0, atol=0.01)


def test_a_mark_is_painted_where_it_is_told_and_cut_off_at_the_patchs_edge() -> None:
    corner, inside = (painted(bright_marks(), middles=np.full((4, 2), at)) for at in (0.0, 12.0))

    for at, patches in ((0.0, corner), (12.0, inside)):
        changed = patches.astype(int) - backgrounds()
        radii = Ellipse(at, at, 9.0, 9.0).radii(SIZE)
        assert (changed[:, radii > 1.15] == 0).all()
        np.testing.assert_allclose(changed[:, radii < 0.3], 40, atol=5)


def test_painting_at_no_strength_gives_the_patch_back() -> None:
    np.testing.assert_array_equal(painted(bright_marks(), scale=0), backgrounds())


def test_only_the_ellipse_changes_however_it_is_turned_and_it_lies_in_the_middle() -> None:
    changed = painted(bright_marks()).astype(int) - backgrounds()

    middle = Ellipse(SIZE / 2, SIZE / 2, 9.0, 9.0).radii(SIZE)
    assert (changed[:, middle > 1.15] == 0).all()
    np.testing.assert_allclose(changed[:, middle < 0.3], 40, atol=5)  # it is interpolated
    assert len({patch.tobytes() for patch in changed}) == 4  # each is turned by itself


def test_the_same_seed_paints_the_same_and_another_one_does_not() -> None:
    first, again, other = (painted(bright_marks(), seed=seed) for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_nothing_is_painted_beside_the_tissue() -> None:
    tissue = ALL_TISSUE.copy()
    tissue[:, :, : SIZE // 2] = 0

    changed = painted(bright_marks(), tissue) != backgrounds()

    assert not changed[:, :, : SIZE // 2].any()
    assert changed[:, :, SIZE // 2 :].any(axis=(1, 2)).all()


def test_greys_end_at_white_and_at_black() -> None:
    for scale, end in ((50, 255), (-50, 0)):
        assert (painted(bright_marks(), scale=scale)[:, 15:17, 15:17] == end).all()


def test_contrasts_are_those_of_own_lesions_between_their_quantiles() -> None:
    random = np.random.default_rng(0)
    own = random.uniform(20, 30, 200)
    own[:4] = 500.0

    reached = own[4:] * drawn_scales(own[4:], own, random=random)

    low, high = np.quantile(own, (0.1, 0.9))
    assert low - 1e-9 <= reached.min() < reached.max() <= high + 1e-9


def test_a_lesion_is_not_stretched_beyond_belief_and_a_faint_one_not_at_all() -> None:
    own = np.array([30.0, 30.0, 30.0, 30.0, 30.0, 30.0, 30.0, 30.0, 30.0, 30.0])

    scales = drawn_scales(np.array([-5.0, 0.0, 1000.0, 30.0]), own, random=np.random.default_rng(0))

    np.testing.assert_allclose(scales, [1, 1, 1 / 1.5, 1])


def test_blobs_are_brightest_inside_fade_to_nothing_and_have_edges_of_their_own() -> None:
    marks = blob_marks(20, 30.0, size=SIZE, random=np.random.default_rng(0))

    radii = marks.ellipses[0].radii(SIZE)
    assert (marks.residuals[:, radii > 1] == 0).all()
    np.testing.assert_allclose(marks.residuals[:, radii < 0.2].mean(axis=1), 30, rtol=0.1)
    assert marks.residuals[:, (radii > 0.6) & (radii < 0.8)].std(axis=0).min() > 1


def test_a_blob_gets_the_axes_of_a_lesion() -> None:
    marks = blob_marks(4, 100.0, size=SIZE, random=np.random.default_rng(0))
    small = [Ellipse(16.0, 16.0, 5.0, 5.0)] * 4

    changed = (
        paint(
            backgrounds(),
            ALL_TISSUE,
            marks,
            which=np.arange(4),
            middles=in_the_middle(4, SIZE),
            ellipses=small,
            scales=np.ones(4),
            random=np.random.default_rng(0),
        )
        != backgrounds()
    )

    radii = replace(small[0]).radii(SIZE)
    assert not changed[:, radii > 1.3].any()
    assert changed[:, radii < 0.5].all()
