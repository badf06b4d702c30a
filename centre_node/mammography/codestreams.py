"""Looks at the head of a compressed image before a decoder does.

GDCM ends the whole process on some heads that contradict themselves or the DICOM header.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_JPEG_START = b"\xff\xd8"
_JPEG_2000_START = b"\xff\x4f\xff\x51"
_HUFFMAN_TABLE, _SCAN = 0xC4, 0xDA
_LOSSLESS_FRAME = 0xC3
_FRAMES = (0xC0, 0xC1, 0xC2, _LOSSLESS_FRAME, 0xF7)  # baseline, ..., lossless, JPEG-LS
_WITHOUT_LENGTH = (0x01, *range(0xD0, 0xDA))


@dataclass(frozen=True, slots=True)
class _Size:
    width: int
    height: int
    components: int
    bits: int


def check_codestream(codestream: bytes, *, width: int, height: int, largest_bits: int) -> int:
    """Check that a JPEG, JPEG-LS or JPEG 2000 image is grey and of a size in pixels.

    Returns:
        The bits that a value has.

    Args:
        largest_bits: What a value may have at most.

    Raises:
        ValueError: It is not, or it is none of the three.
        struct.error: It ends too early.

    Source: ISO/IEC 10918-1, B.2; ISO/IEC 14495-1, C.2; ISO/IEC 15444-1, A.5.1.
    """
    is_jpeg = codestream.startswith(_JPEG_START)
    size = _jpeg_size(codestream) if is_jpeg else _jpeg_2000_size(codestream)
    if size != _Size(width, height, 1, size.bits) or not 2 <= size.bits <= largest_bits:
        raise ValueError("the image is of another size than its file says")
    return size.bits


def _jpeg_size(codestream: bytes) -> _Size:
    size, has_table, needs_table = None, False, False
    for marker, start in _segments(codestream):
        if marker in _FRAMES and size is None:
            bits, height, width, components = struct.unpack_from(">BHHB", codestream, start)
            size = _Size(width, height, components, bits)
            needs_table = marker == _LOSSLESS_FRAME
        has_table = has_table or marker == _HUFFMAN_TABLE
    if size is None or (needs_table and not has_table):
        raise ValueError("the image lacks a part that it needs before its first scan")
    return size


def _segments(codestream: bytes) -> Iterator[tuple[int, int]]:
    """Yield marker and start of the content of each segment before the first scan."""
    place = len(_JPEG_START)
    while True:
        prefix, marker, length = struct.unpack_from(">BBH", codestream, place)
        if prefix != 0xFF or marker in _WITHOUT_LENGTH:
            raise ValueError("the image has a head that is damaged")
        if marker == _SCAN:
            return
        if marker == 0xFF:  # fills
            place += 1
            continue
        yield marker, place + 4
        place += 2 + length


def _jpeg_2000_size(codestream: bytes) -> _Size:
    start = codestream.index(_JPEG_2000_START) + len(_JPEG_2000_START)
    right, bottom, left, top = struct.unpack_from(">4I", codestream, start + 4)
    components, depth = struct.unpack_from(">HB", codestream, start + 36)
    return _Size(right - left, bottom - top, components, (depth & 0x7F) + 1)
