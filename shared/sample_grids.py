"""The picture of synthetic patches that a package may carry, as strict as weights are.

It is a grey PNG of 8 bits with nothing but its size and its pixels: no colour, no text, no profile,
no second picture. Rows are not filtered, so that reading it takes no decoder of pictures, which the
hub does not have.

Source: W3C, Portable Network Graphics, third edition, sections 5.2 to 5.6 and 11.2.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from shared.errors import SamplesRefusedError

SAMPLES = "samples.png"
LARGEST_SAMPLES_BYTES = 1_200_000
LARGEST_SIDE_PX = 1024
SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY_8_BIT = bytes([8, 0, 0, 0, 0])  # depth, colour type, compression, filtering, interlacing
NOT_FILTERED = 0


class Grid(NamedTuple):
    """Grey pixels, row by row, 0 is black."""

    width: int
    height: int
    pixels: bytes


def grid_png(grid: Grid) -> bytes:
    """Return a grid as PNG."""
    width, height, pixels = grid
    rows = b"".join(
        bytes([NOT_FILTERED]) + pixels[start : start + width]
        for start in range(0, width * height, width)
    )
    head = struct.pack(">II", width, height) + GREY_8_BIT
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def read_grid(content: bytes) -> Grid:
    """Return the grid that a PNG holds, and never unpack more than its size says.

    Raises:
        SamplesRefusedError: It is larger than it may be, damaged, or holds anything else.
    """
    if len(content) > LARGEST_SAMPLES_BYTES:
        raise SamplesRefusedError(f"{SAMPLES} has more than {LARGEST_SAMPLES_BYTES} bytes")
    chunks = list(_chunks(content))
    kinds = [kind for kind, _ in chunks]
    if kinds != [b"IHDR", *[b"IDAT"] * (len(kinds) - 2), b"IEND"] or len(kinds) < 3:
        raise SamplesRefusedError(f"{SAMPLES} holds more than a picture's size and pixels")
    width, height = _size(chunks[0][1])
    rows = _unpacked(b"".join(data for _, data in chunks[1:-1]), (width + 1) * height)
    if any(rows[:: width + 1]):
        raise SamplesRefusedError(f"{SAMPLES} has filtered rows; have genshare write it")
    pixels = b"".join(
        rows[start + 1 : start + 1 + width] for start in range(0, len(rows), width + 1)
    )
    return Grid(width, height, pixels)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield what a PNG consists of; nothing is left over."""
    if not content.startswith(SIGNATURE):
        raise SamplesRefusedError(f"{SAMPLES} is no PNG")
    place = len(SIGNATURE)
    while place < len(content):
        kind = content[place + 4 : place + 8]
        length = int.from_bytes(content[place : place + 4])
        data = content[place + 8 : place + 8 + length]
        end = place + 12 + length
        if end > len(content) or content[place:end] != _chunk(kind, data):
            raise SamplesRefusedError(f"{SAMPLES} is damaged")
        yield kind, data
        place = end


def _size(head: bytes) -> tuple[int, int]:
    if len(head) != 13 or head[8:] != GREY_8_BIT:
        raise SamplesRefusedError(f"{SAMPLES} is not grey with 8 bits a pixel")
    width, height = struct.unpack(">II", head[:8])
    if not (1 <= width <= LARGEST_SIDE_PX and 1 <= height <= LARGEST_SIDE_PX):
        raise SamplesRefusedError(
            f"{SAMPLES} has {width} x {height} pixels; it may have {LARGEST_SIDE_PX} on a side"
        )
    return width, height


def _unpacked(packed: bytes, size_bytes: int) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        rows = unpacking.decompress(packed, size_bytes + 1)
    except zlib.error as error:
        raise SamplesRefusedError(f"{SAMPLES} is damaged") from error
    if len(rows) != size_bytes or not unpacking.eof or unpacking.unused_data:
        raise SamplesRefusedError(f"{SAMPLES} does not hold exactly the pixels of its size")
    return rows
