"""Looks into a safetensors file without a tensor library: header, names, shapes, values."""

import array
import json
import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shared.architectures import TensorSpec
from shared.errors import (
    ImpossibleWeightsError,
    NonFiniteWeightsError,
    NotSafetensorsError,
    WrongTensorsError,
)

LARGEST_HEADER_BYTES = 1 << 16  # the deepest generator has a quarter of it
BYTES_PER_FLOAT32 = 4
CHUNK_BYTES = 4 << 20
ALLOWED_METADATA = (None, {"format": "pt"})
ENTRY_KEYS = {"dtype", "shape", "data_offsets"}
MOST_DIGITS = 20
LARGEST_PADDING_BYTES = 7  # writers fill up to the next multiple of eight
BLANKS = str.maketrans("", "", " \t\r\n")
LONGEST_SHOWN = 80
PICKLE_STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")

# A little-endian float32 is NaN or infinite when all eight exponent bits are set: the low seven
# bits of its last byte and the high bit of the byte before.
_EXPONENT_HIGH = bytes(int(byte & 0x7F == 0x7F) for byte in range(256))
_EXPONENT_LOW = bytes(byte >> 7 for byte in range(256))


def inspect_weights(path: Path, expected: Mapping[str, TensorSpec]) -> None:
    """Check that a file holds exactly the expected tensors, and values that they can have.

    What passes can be read with the safetensors library, and its header says nothing but what the
    architecture says too.

    Raises:
        NotSafetensorsError: It is pickled, truncated, padded, or has a bad or oversized header.
        WrongTensorsError: Names, shapes or dtypes differ.
        NonFiniteWeightsError: A value is NaN or infinite.
        ImpossibleWeightsError: A value is negative where none can be.
    """
    text, data_start = _header(path)
    header = _parsed(path, text)
    if header.get("__metadata__") not in ALLOWED_METADATA:
        raise NotSafetensorsError(
            f"{path.name} carries metadata; only {{'format': 'pt'}} may cross the border"
        )
    entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
    _check_names(path, set(entries), set(expected))
    spans = {name: _span(path, name, entries[name], spec) for name, spec in expected.items()}
    _check_layout(path, spans, data_start)
    _check_says_no_more(path, text, header)
    for name, (start, end) in spans.items():
        for chunk in _chunks(path, data_start + start, end - start):
            _check_values(path, name, chunk, expected[name])


def _header(path: Path) -> tuple[str, int]:
    """Return the header's text and where the data begin."""
    with path.open("rb") as file:
        first = file.read(8)
        length = int.from_bytes(first, "little")
        plausible = len(first) == 8 and 2 <= length <= LARGEST_HEADER_BYTES
        if first.startswith(PICKLE_STARTS) and not (plausible and file.peek(1)[:1] == b"{"):
            raise NotSafetensorsError(
                f"{path.name} looks like a pickled PyTorch file; only safetensors is accepted"
            )
        if not plausible:
            raise NotSafetensorsError(
                f"{path.name} is no safetensors file: its header would have {length} bytes, "
                f"2 to {LARGEST_HEADER_BYTES} are allowed"
            )
        content = file.read(length)
    if len(content) < length:
        raise NotSafetensorsError(f"{path.name} is truncated: it ends within its header")
    try:
        return content.decode(), 8 + length
    except UnicodeDecodeError as error:
        raise NotSafetensorsError(
            f"{path.name} is no safetensors file: its header is no UTF-8"
        ) from error


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        header = json.loads(text, object_pairs_hook=_unique, parse_int=_short_integer)
    except (ValueError, RecursionError) as error:
        raise NotSafetensorsError(f"{path.name} is no safetensors file: {error}") from error
    if not isinstance(header, dict):
        raise NotSafetensorsError(f"{path.name} is no safetensors file: its header is no object")
    return header


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key of its header stands twice")
    return dict(pairs)


def _short_integer(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number of its header has {len(digits)} digits")
    return int(digits)


def _check_names(path: Path, found: set[str], expected: set[str]) -> None:
    for what, names in (("lacks", expected - found), ("has the unknown", found - expected)):
        if names:
            raise WrongTensorsError(
                f"{path.name} {what} tensor {_shown(min(names))}"
                + (f" and {len(names) - 1} more" if len(names) > 1 else "")
            )


def _shown(text: str) -> str:
    """Return a stranger's text so that no log or terminal is harmed by it."""
    return ascii(text[:LONGEST_SHOWN]).strip("'")


def _span(path: Path, name: str, entry: Any, spec: TensorSpec) -> tuple[int, int]:
    if not isinstance(entry, dict):
        raise NotSafetensorsError(f"the header of {path.name} does not describe tensor {name}")
    shape, dtype = entry.get("shape"), entry.get("dtype")
    if _integers(shape) != spec.shape or dtype != spec.dtype:
        raise WrongTensorsError(
            f"tensor {name} of {path.name} is {_shown(str(dtype))} {_shown(str(shape))}, "
            f"but the architecture says {spec.dtype} {list(spec.shape)}"
        )
    size = math.prod(spec.shape) * BYTES_PER_FLOAT32
    match _integers(entry.get("data_offsets")):
        case (start, end) if end - start == size:
            _check_entry_says_no_more(path, name, entry)
            return start, end
    raise NotSafetensorsError(f"the offsets of tensor {name} in {path.name} do not fit its shape")


def _integers(value: Any) -> tuple[int, ...] | None:
    """Return a list of whole numbers, or None; to Python, 2.0 and True are whole numbers too."""
    if isinstance(value, list) and all(type(number) is int for number in value):
        return tuple(value)
    return None


def _check_entry_says_no_more(path: Path, name: str, entry: dict[str, Any]) -> None:
    if set(entry) != ENTRY_KEYS:
        raise NotSafetensorsError(
            f"the header of {path.name} says more of tensor {name} than its "
            f"{', '.join(sorted(ENTRY_KEYS))}; nothing else may cross the border"
        )


def _check_layout(path: Path, spans: Mapping[str, tuple[int, int]], data_start: int) -> None:
    position = 0
    for start, end in sorted(spans.values()):
        if start != position:
            raise NotSafetensorsError(f"{path.name} has a gap or an overlap at byte {position}")
        position = end
    size = path.stat().st_size - data_start
    if size != position:
        raise NotSafetensorsError(
            f"{path.name} holds {size} bytes of tensors, but its header declares {position}"
        )


def _check_says_no_more(path: Path, text: str, header: dict[str, Any]) -> None:
    """Refuse blanks, escapes and spellings of numbers that could carry something."""
    plain = json.dumps(header, ensure_ascii=False)
    longest = len(plain) + LARGEST_PADDING_BYTES
    if not text.startswith("{") or text.translate(BLANKS) != plain.translate(BLANKS):
        raise NotSafetensorsError(
            f"the header of {path.name} is not written as safetensors writes it: it must begin "
            "with a brace and hold no escapes and only plain numbers"
        )
    if len(text) > longest:
        raise NotSafetensorsError(
            f"the header of {path.name} has {len(text)} characters, but what it says needs "
            f"{longest} at most; the rest is blanks"
        )


def _chunks(path: Path, start: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while length > 0:
            chunk = file.read(min(length, CHUNK_BYTES))
            length -= len(chunk)
            yield chunk


def _check_values(path: Path, name: str, chunk: bytes, spec: TensorSpec) -> None:
    if _has_non_finite(chunk):
        raise NonFiniteWeightsError(f"tensor {name} of {path.name} holds NaN or infinity")
    if not spec.may_be_negative and min(_floats(chunk)) < 0:
        raise ImpossibleWeightsError(
            f"tensor {name} of {path.name} holds a negative value, but it is a variance"
        )


def _has_non_finite(chunk: bytes) -> bool:
    high = chunk[3::4].translate(_EXPONENT_HIGH)
    if 1 not in high:
        return False
    low = chunk[2::4].translate(_EXPONENT_LOW)
    return bool(int.from_bytes(high, "little") & int.from_bytes(low, "little"))


def _floats(chunk: bytes) -> "array.array[float]":
    values = array.array("f", chunk)
    if sys.byteorder == "big":
        values.byteswap()
    return values
