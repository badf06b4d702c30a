"""Writes grey JPEGs of 12 bit as the standard has them; no library here encodes them so."""

import struct
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

_ZIGZAG = sorted(
    ((row, column) for row in range(8) for column in range(8)),
    key=lambda place: (sum(place), place[1 - sum(place) % 2]),
)
# Symbols in the order of their codes, which all have one length: 4 bit and 8 bit are too short
# for 16 and 226 of them, for a code of ones alone is not allowed.
_DC_SYMBOLS, _DC_BITS = list(range(16)), 5
_AC_SYMBOLS, _AC_BITS = [0x00, 0xF0, *(run << 4 | n for run in range(16) for n in range(1, 15))], 8
_END, _SIXTEEN_ZEROS = 0x00, 0xF0


def jpeg_12_bit(pixels: NDArray[np.uint16]) -> bytes:
    """Encode values 0 to 4095, with every quantiser 1.

    Source: ISO/IEC 10918-1, annexes B and F.
    """
    height, width = pixels.shape
    frame = struct.pack(">BHHBBBB", 12, height, width, 1, 1, 0x11, 0)
    return b"".join(
        [
            b"\xff\xd8",
            _segment(0xDB, bytes([0, *[1] * 64])),
            _segment(0xC1, frame),
            _segment(0xC4, _table(0x00, _DC_SYMBOLS, _DC_BITS)),
            _segment(0xC4, _table(0x10, _AC_SYMBOLS, _AC_BITS)),
            _segment(0xDA, bytes([1, 1, 0, 0, 63, 0])),
            _packed("".join(_scan(pixels))),
            b"\xff\xd9",
        ]
    )


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _table(name: int, symbols: list[int], bits: int) -> bytes:
    counts = [len(symbols) if length == bits else 0 for length in range(1, 17)]
    return bytes([name, *counts, *symbols])


def _scan(pixels: NDArray[np.uint16]) -> Iterator[str]:
    """Yield the codes of all blocks, as texts of 0 and 1."""
    height, width = pixels.shape
    padded = np.pad(pixels, ((0, -height % 8), (0, -width % 8)), mode="edge")
    before = 0
    for top in range(0, padded.shape[0], 8):
        for left in range(0, padded.shape[1], 8):
            block = padded[top : top + 8, left : left + 8].astype(np.float64) - 2048
            waves = np.rint(cv2.dct(block)).astype(int)
            values = [int(waves[place]) for place in _ZIGZAG]
            yield from _block(values, values[0] - before)
            before = values[0]


def _block(values: list[int], difference: int) -> Iterator[str]:
    size, extra = _magnitude(difference)
    yield f"{_DC_SYMBOLS.index(size):0{_DC_BITS}b}{extra}"
    run = 0
    last = max((place for place in range(1, 64) if values[place]), default=0)
    for value in values[1 : last + 1]:
        if value == 0:
            run += 1
            continue
        yield from [_ac(_SIXTEEN_ZEROS)] * (run // 16)
        size, extra = _magnitude(value)
        yield _ac(run % 16 << 4 | size) + extra
        run = 0
    if last < 63:
        yield _ac(_END)


def _ac(symbol: int) -> str:
    return f"{_AC_SYMBOLS.index(symbol):0{_AC_BITS}b}"


def _magnitude(value: int) -> tuple[int, str]:
    size = abs(value).bit_length()
    low = value if value > 0 else value + 2**size - 1
    return size, f"{low:0{size}b}" if size else ""


def _packed(bits: str) -> bytes:
    whole = bits + "1" * (-len(bits) % 8)
    content = bytes(int(whole[place : place + 8], 2) for place in range(0, len(whole), 8))
    return content.replace(b"\xff", b"\xff\x00")
