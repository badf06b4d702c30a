"""Looks into a safetensors file without a tensor library: header, names, shapes, finite values."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shared.architectures import TensorSpec
from shared.errors import NonFiniteWeightsError, NotSafetensorsError, WrongTensorsError

LARGEST_HEADER_BYTES = 1 << 20
BYTES_PER_FLOAT32 = 4
CHUNK_BYTES = 4 << 20
ALLOWED_METADATA = (None, {"format": "pt"})
LONGEST_SHOWN = 80
PICKLE_STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")

# A little-endian float32 is NaN or infinite when all eight exponent bits are set: the low seven
# bits of its last byte and the high bit of the byte before.
_EXPONENT_HIGH = bytes(int(byte & 0x7F == 0x7F) for byte in range(256))
_EXPONENT_LOW = bytes(byte >> 7 for byte in range(256))


def inspect_weights(path: Path, expected: Mapping[str, TensorSpec]) -> None:
    """Check that a file holds exactly the expected tensors, all finite.

    Raises:
        NotSafetensorsError: It is pickled, truncated, padded, or has a bad or oversized header.
        WrongTensorsError: Names, shapes or dtypes differ.
        NonFiniteWeightsError: A value is NaN or infinite.
    """
    header, data_start = _header(path)
    if header.pop("__metadata__", None) not in ALLOWED_METADATA:
        raise NotSafetensorsError(
            f"{path.name} carries metadata; only {{'format': 'pt'}} may cross the border"
        )
    _check_names(path, set(header), set(expected))
    spans = {name: _span(path, name, header[name], spec) for name, spec in expected.items()}
    _check_layout(path, spans, data_start)
    for name, (start, end) in spans.items():
        if any(_has_non_finite(chunk) for chunk in _chunks(path, data_start + start, end - start)):
            raise NonFiniteWeightsError(f"tensor {name} of {path.name} holds NaN or infinity")


def _header(path: Path) -> tuple[dict[str, Any], int]:
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
        text = file.read(length)
    if len(text) < length:
        raise NotSafetensorsError(f"{path.name} is truncated: it ends within its header")
    try:
        header = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise NotSafetensorsError(f"{path.name} is no safetensors file: {error}") from error
    if not isinstance(header, dict):
        raise NotSafetensorsError(f"{path.name} is no safetensors file: its header is no object")
    return header, 8 + length


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key of its header stands twice")
    return dict(pairs)


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
    if shape != list(spec.shape) or dtype != spec.dtype:
        raise WrongTensorsError(
            f"tensor {name} of {path.name} is {_shown(str(dtype))} {_shown(str(shape))}, "
            f"but the architecture says {spec.dtype} {list(spec.shape)}"
        )
    match entry.get("data_offsets"):
        case [int(start), int(end)] if end - start == math.prod(shape) * BYTES_PER_FLOAT32:
            return start, end
    raise NotSafetensorsError(f"the offsets of tensor {name} in {path.name} do not fit its shape")


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


def _chunks(path: Path, start: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while length > 0:
            chunk = file.read(min(length, CHUNK_BYTES))
            length -= len(chunk)
            yield chunk


def _has_non_finite(chunk: bytes) -> bool:
    high = chunk[3::4].translate(_EXPONENT_HIGH)
    if 1 not in high:
        return False
    low = chunk[2::4].translate(_EXPONENT_LOW)
    return bool(int.from_bytes(high, "little") & int.from_bytes(low, "little"))
