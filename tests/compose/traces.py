"""Looks for what belongs to patients in what was said on a line, however it was wrapped."""

import base64
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

PIXELS = 24
LEAST_SHADES = 8
CHUNK_LINE = re.compile(rb"\r\n[0-9A-Fa-f]{1,8}\r\n")
DEFLATED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
PICTURE = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff")
LARGEST_UNPACKED = 64 << 20


def forms_of_text(text: str) -> set[bytes]:
    """Return how a text may be written."""
    plain = text.encode()
    wide = text.encode("utf-16-le")
    quoted = quote(text, safe="").encode()
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in text).encode()
    return {plain, wide, quoted, escaped, plain.hex().encode(), *_in_base64(plain)}


def forms_of_pixels(pixels: NDArray[np.uint8]) -> set[bytes]:
    """Return how a piece of an image's row may be written: as bytes or as floats of any range."""
    plain = pixels.tobytes()
    scaled = pixels.astype("<f4")
    floats = {
        form.astype(kind).tobytes()
        for form in (scaled, scaled / 255, scaled / 127.5 - 1)
        for kind in ("<f4", "<f2", "<f8")
    }
    return {plain, plain.hex().encode(), *floats, *_in_base64(plain)}


def pieces_of(image: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Yield pieces of an image that no other image has: of rows in its middle, with many shades."""
    flat = image.reshape(-1)
    for begin in range(0, flat.size - PIXELS, max(PIXELS, flat.size // 4)):
        piece = flat[begin : begin + PIXELS]
        if len(np.unique(piece)) >= LEAST_SHADES:
            yield piece


def unwrapped(said: bytes) -> Iterator[bytes]:
    """Yield what was said: as it came, without the lines between chunks, unpacked, as pixels."""
    joined = CHUNK_LINE.sub(b"", said)
    yield said
    yield joined
    for stream in {said, joined}:
        for found in DEFLATED.finditer(stream):
            if unpacked := _inflated(stream[found.start() :]):
                yield unpacked
        for found in PICTURE.finditer(stream):
            if (pixels := _pixels(stream[found.start() :])) is not None:
                yield pixels


def found(forms: Iterable[bytes], streams: Iterable[bytes]) -> set[bytes]:
    """Return which of the forms are somewhere in the streams."""
    wanted = set(forms)
    return {
        form
        for stream in streams
        for content in unwrapped(stream)
        for form in wanted
        if form in content
    }


def _in_base64(plain: bytes) -> set[bytes]:
    """Return the letters that stand for it wherever in a longer text it begins."""
    forms = set[bytes]()
    for before in range(3):
        written = base64.b64encode(bytes(before) + plain)
        begin = -(-before * 8 // 6)
        end = (before + len(plain)) * 8 // 6
        forms |= {written[begin:end], written[begin:end].translate(bytes.maketrans(b"+/", b"-_"))}
    return forms


def _inflated(stream: bytes) -> bytes:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        return unpacker.decompress(stream, LARGEST_UNPACKED)
    except zlib.error:
        return b""


def _pixels(stream: bytes) -> bytes | None:
    try:
        with Image.open(io.BytesIO(stream)) as image:
            return image.convert("L").tobytes()
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError):
        return None
