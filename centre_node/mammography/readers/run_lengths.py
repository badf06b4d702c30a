"""Decodes the masks of COCO: run lengths down the columns, as numbers or packed into a text."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import Contour
from centre_node.mammography.readers.masks import outlined, scaled
from centre_node.mammography.readers.outlines import is_alike

_FIRST_CHARACTER = 48
_LAST_CHARACTER = 48 + 63


def mask_outlines(
    segmentation: Mapping[str, Any], width: int, height: int
) -> tuple[Box, tuple[Contour, ...]] | None:
    """Return the box around what a mask marks and its outlines, in an image of width x height px.

    A mask of the image's proportions but of another scale is scaled to it.

    Returns:
        None where the mask cannot be read, is of another shape or marks nothing.
    """
    size = segmentation.get("size")
    if not (_are_counts(size) and len(size) == 2 and is_alike((size[1], size[0]), (width, height))):
        return None
    try:
        mask = decoded(segmentation.get("counts"), width=size[1], height=size[0])
    except ValueError:
        return None
    return outlined(scaled(mask, width, height)) if mask.any() else None


def decoded(counts: object, *, width: int, height: int) -> NDArray[np.uint8]:
    """Return a mask of 0 and 255, shape (height, width).

    Args:
        counts: Lengths of the runs of unmarked and of marked pixels in turn, down one column after
            the other; or the same as a packed text.

    Raises:
        ValueError: They are no such lengths, or do not fill the mask.
    """
    lengths = unpacked(counts) if isinstance(counts, str) else counts
    if not _are_counts(lengths) or sum(lengths) != width * height:
        raise ValueError("the runs do not fill the mask")
    values = np.resize(np.array([0, 255], dtype=np.uint8), len(lengths))
    return np.repeat(values, lengths).reshape((height, width), order="F")


def unpacked(text: str) -> list[int]:
    """Return the run lengths of a packed text.

    Each character holds six bits: five of a number, lowest first, and whether more follow. Numbers
    are signed, and from the fourth on differences to the last but one.

    Raises:
        ValueError: The text holds another character, or ends within a number.
    """
    lengths: list[int] = []
    value = shift = 0
    for code in map(ord, text):
        if not _FIRST_CHARACTER <= code <= _LAST_CHARACTER:
            raise ValueError("the text holds a character that packs no bits")
        bits = code - _FIRST_CHARACTER
        value |= (bits & 0x1F) << shift
        shift += 5
        if not bits & 0x20:
            signed = value - (1 << shift) if bits & 0x10 else value
            lengths.append(signed + (lengths[-2] if len(lengths) > 2 else 0))
            value = shift = 0
    if shift:
        raise ValueError("the text ends within a number")
    return lengths


def _are_counts(values: object) -> TypeGuard[Sequence[int]]:
    return isinstance(values, Sequence) and all(
        type(value) is int and value >= 0 for value in values
    )
