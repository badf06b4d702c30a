"""Laws of boxes: any image size, any lesion, any jitter."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from centre_node.mammography.boxes import Box, jitter_reach, jittered, patch_box
from centre_node.mammography.errors import PatchDoesNotFitError
from node_api.patches import Jitter

SIDES = st.integers(1, 5000)
JITTERS = st.builds(
    Jitter,
    zoom_mean=st.floats(-0.5, 1),
    zoom_std=st.floats(0, 1),
    zoom_limit=st.floats(0, 1),
    translation_std=st.floats(0, 1),
    translation_limit=st.floats(0, 1),
)


@st.composite
def lesions(draw: st.DrawFn) -> tuple[Box, int, int]:
    """Draw an image's width and height, and a box inside it."""
    width, height = draw(SIDES), draw(SIDES)
    left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    right, bottom = draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height))
    return Box(left, top, right, bottom), width, height


@given(lesions(), st.integers(0, 200), st.integers(1, 300))
def test_a_patch_is_a_square_inside_the_image_that_holds_its_lesion(
    drawn: tuple[Box, int, int], margin: int, smallest_side: int
) -> None:
    lesion, width, height = drawn
    assume(lesion.larger_side <= min(width, height))

    square = patch_box(
        lesion, image_width=width, image_height=height, margin=margin, smallest_side=smallest_side
    )

    assert square.width == square.height
    assert Box(0, 0, width, height).contains(square)
    assert square.contains(lesion)
    wanted = max(lesion.larger_side + 2 * margin, smallest_side)
    assert square.width == min(wanted, width, height)


@given(lesions())
def test_a_lesion_longer_than_the_images_smaller_side_has_no_patch(
    drawn: tuple[Box, int, int],
) -> None:
    lesion, width, height = drawn
    assume(lesion.larger_side > min(width, height))

    with pytest.raises(PatchDoesNotFitError, match="does not fit a square"):
        patch_box(lesion, image_width=width, image_height=height)


@given(lesions(), JITTERS, st.integers(0, 100), st.integers(1, 300), st.integers(0, 2**32))
def test_a_jittered_patch_is_a_square_inside_the_image_that_holds_its_lesion(
    drawn: tuple[Box, int, int], jitter: Jitter, margin: int, smallest_side: int, seed: int
) -> None:
    lesion, width, height = drawn
    assume(lesion.larger_side <= min(width, height))
    square = patch_box(
        lesion, image_width=width, image_height=height, margin=margin, smallest_side=smallest_side
    )

    box = jittered(
        square,
        lesion,
        image_width=width,
        image_height=height,
        jitter=jitter,
        smallest_side=smallest_side,
        random=np.random.default_rng(seed),
    )

    assert box.width == box.height
    assert Box(0, 0, width, height).contains(box)
    assert box.contains(lesion)


@given(lesions(), JITTERS, st.integers(0, 2**32))
def test_jitter_from_the_stored_surroundings_is_jitter_from_the_whole_image(
    drawn: tuple[Box, int, int], jitter: Jitter, seed: int
) -> None:
    lesion, width, height = drawn
    assume(lesion.larger_side <= min(width, height))
    square = patch_box(lesion, image_width=width, image_height=height, smallest_side=32)
    around = jitter_reach(square, image_width=width, image_height=height, jitter=jitter)

    whole = jittered(
        square,
        lesion,
        image_width=width,
        image_height=height,
        jitter=jitter,
        smallest_side=32,
        random=np.random.default_rng(seed),
    )
    inside = jittered(
        square.moved(-around.left, -around.top),
        lesion.moved(-around.left, -around.top),
        image_width=around.width,
        image_height=around.height,
        jitter=jitter,
        smallest_side=32,
        random=np.random.default_rng(seed),
    )

    assert inside.moved(around.left, around.top) == whole


@pytest.mark.slow
@given(st.integers(0, 2**32))
def test_the_mean_translation_is_zero_on_both_axes(seed: int) -> None:
    """The published code moved every crop up and left by at least a third of its side."""
    square, random = Box(4000, 4000, 4400, 4400), np.random.default_rng(seed)

    boxes = [
        jittered(
            square,
            None,
            image_width=8400,
            image_height=8400,
            jitter=Jitter(),
            smallest_side=128,
            random=random,
        )
        for _ in range(400)
    ]

    moves = [
        (box.left + box.right - 8400, box.top + box.bottom - 8400) for box in boxes
    ]  # twice the pixels by which the centre moved
    # Standard error of the mean: at most 0.25 * 400 * 2 / sqrt(400) = 10 doubled pixels.
    assert np.abs(np.mean(moves, axis=0)).max() < 55


@given(st.integers(0, 2**32))
def test_zoom_and_translation_are_clipped_alike_on_both_sides(seed: int) -> None:
    wild = Jitter(zoom_std=5, translation_std=5)
    square, random = Box(1000, 1000, 1200, 1200), np.random.default_rng(seed)

    for _ in range(20):
        box = jittered(
            square,
            None,
            image_width=2200,
            image_height=2200,
            jitter=wild,
            smallest_side=1,
            random=random,
        )
        # Half of a zoom of 0.2 +- 0.66 is added to a side of 200 px.
        assert 200 * (1 - 0.23) <= box.width <= 200 * (1 + 0.43)
        assert abs(box.left + box.right - 2200) <= 2 * (0.33 * 200 + 1)
        assert abs(box.top + box.bottom - 2200) <= 2 * (0.33 * 200 + 1)
