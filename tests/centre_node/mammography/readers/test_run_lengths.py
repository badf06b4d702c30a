from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from centre_node.mammography.boxes import Box
from centre_node.mammography.readers.run_lengths import decoded, mask_outlines, unpacked

# A mask of 4 rows and 3 columns; columns 1 and 2 are marked in rows 1 and 2:
#   . . .
#   . # #
#   . # #
#   . . .
COUNTS = [5, 2, 2, 2, 1]
PACKED = "5220O"  # 5, 2, 2, then 2 - 2 = 0 and 1 - 2 = -1


def packed(lengths: list[int]) -> str:
    """Pack run lengths by the format's definition: six bits a character, lowest first."""
    text = ""
    for index, length in enumerate(lengths):
        value = length - (lengths[index - 2] if index > 2 else 0)
        more = True
        while more:
            bits, value = value & 0x1F, value >> 5
            more = value != (-1 if bits & 0x10 else 0)
            text += chr(48 + (bits | (0x20 if more else 0)))
    return text


def counts_of(mask: Any) -> list[int]:
    """Count runs down the columns, beginning with unmarked pixels."""
    lengths, marked = [0], False
    for pixel in mask.T.ravel():
        if bool(pixel) != marked:
            lengths.append(0)
            marked = not marked
        lengths[-1] += 1
    return lengths


@pytest.mark.parametrize("counts", [COUNTS, PACKED])
def test_runs_go_down_the_columns_and_begin_unmarked(counts: object) -> None:
    mask = decoded(counts, width=3, height=4)

    assert (mask // 255).tolist() == [[0, 0, 0], [0, 1, 1], [0, 1, 1], [0, 0, 0]]


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("0", [0]),
        ("?", [15]),  # 63 - 48: the largest of one character, for the fifth bit is the sign
        ("O", [-1]),  # 79 - 48 = 0b011111
        ("`0", [16]),  # 96 - 48 = 0b110000: 16, and more follow
        ("o0", [31]),
        ("P1", [32]),  # 80 - 48 = 0b100000: 0, and more follow; then 1 x 32
        ("T3", [100]),  # 4 + 3 x 32
        ("PPX1", [8 * 1024 + 32 * 1024]),
        ("5220O", [5, 2, 2, 2, 1]),
    ],
)
def test_a_character_holds_five_bits_and_whether_more_follow(text: str, lengths: list[int]) -> None:
    assert unpacked(text) == lengths


@given(
    mask=arrays(
        np.uint8,
        st.tuples(st.integers(1, 40), st.integers(1, 40)),
        elements=st.sampled_from([0, 255]),
    )
)
def test_every_mask_comes_back_from_numbers_and_from_text(mask: Any) -> None:
    height, width = mask.shape
    counts = counts_of(mask)

    np.testing.assert_array_equal(decoded(counts, width=width, height=height), mask)
    np.testing.assert_array_equal(decoded(packed(counts), width=width, height=height), mask)


@pytest.mark.parametrize(
    "counts",
    [
        None,
        [],
        "",
        [12, 1],
        [5, 2, 2],
        [-1, 13],
        [5.0, 7],
        [True, 11],
        ["5", 7],
        {"a": 1},
        "5220",
        "522\x7f",
        "522 ",
        "5220P",
        "é",
    ],
)
def test_counts_that_do_not_fill_the_mask_are_refused(counts: object) -> None:
    with pytest.raises(ValueError, match=r"the (runs|text)"):
        decoded(counts, width=3, height=4)


def test_a_mask_has_a_box_and_outlines() -> None:
    # 80 rows: column 10 begins at 800, and three columns are marked in rows 20 to 31.
    counts = [820, 12, 68, 12, 68, 12, 3808]
    found = mask_outlines({"size": [80, 60], "counts": counts}, 60, 80)

    assert found is not None
    box, (contour,) = found
    assert box == Box(10, 20, 13, 32)
    assert {(10.0, 20.0), (12.0, 31.0)} <= set(contour)


@pytest.mark.parametrize("factor", [0.5, 1.149, 2])
def test_a_mask_of_another_scale_is_scaled_to_its_image(factor: float) -> None:
    width, height = round(200 * factor), round(400 * factor)
    mask = np.zeros((height, width), dtype=np.uint8)
    left, top, right, bottom = (round(edge * factor) for edge in (50, 60, 110, 100))
    mask[top:bottom, left:right] = 255

    found = mask_outlines({"size": [height, width], "counts": counts_of(mask)}, 200, 400)

    assert found is not None
    edges = np.array([found[0].left, found[0].top, found[0].right, found[0].bottom])
    assert np.abs(edges - (50, 60, 110, 100)).max() <= 1


def test_a_marked_pixel_stays_marked_where_the_mask_is_larger_than_the_image() -> None:
    mask = np.zeros((400, 200), dtype=np.uint8)
    mask[101, 51] = 255

    found = mask_outlines({"size": [400, 200], "counts": counts_of(mask)}, 50, 100)

    assert found is not None
    assert found[0] == Box(12, 25, 13, 26)


@pytest.mark.parametrize(
    "segmentation",
    [
        {},
        {"size": [4, 3]},
        {"counts": COUNTS},
        {"size": [3, 4], "counts": COUNTS},
        {"size": [4, 3, 1], "counts": COUNTS},
        {"size": "43", "counts": COUNTS},
        {"size": [0, 0], "counts": []},
        {"size": [4, 3], "counts": [12]},
        {"size": [400_000, 300_000], "counts": [120_000_000_000]},
    ],
)
def test_a_mask_of_no_use_is_none(segmentation: dict[str, object]) -> None:
    assert mask_outlines(segmentation, 3, 4) is None
