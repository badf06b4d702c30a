import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest

from shared.architectures import TensorSpec
from shared.errors import (
    ImpossibleWeightsError,
    NonFiniteWeightsError,
    NotSafetensorsError,
    WrongTensorsError,
)
from shared.weights import CHUNK_BYTES, inspect_weights
from tests.packages import TINY, safetensors_bytes

TWO = {"a": TensorSpec((2,)), "b": TensorSpec((2, 2))}


def _file(folder: Path, header: Any, data: bytes) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = folder / "weights.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def _header(**changes: Any) -> dict[str, Any]:
    return {
        "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
        "b": {"dtype": "F32", "shape": [2, 2], "data_offsets": [8, 24]},
        **changes,
    }


def test_a_file_with_the_architectures_tensors_passes(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(safetensors_bytes(TINY.generator_tensors()))

    inspect_weights(path, TINY.generator_tensors())


def test_the_format_mark_of_safetensors_for_torch_passes(tmp_path: Path) -> None:
    inspect_weights(_file(tmp_path, _header(__metadata__={"format": "pt"}), bytes(24)), TWO)


@pytest.mark.parametrize("value", [0.0, -0.0, 1e-45, 3.4028235e38, -3.4028235e38, 1.7e38, 2.0])
def test_finite_values_pass(tmp_path: Path, value: float) -> None:
    inspect_weights(_file(tmp_path, _header(), struct.pack("<f", value) * 6), TWO)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("position", range(6))
def test_one_value_that_is_not_finite_is_found_anywhere(
    tmp_path: Path, value: float, position: int
) -> None:
    values = [1.7e38] * 6
    values[position] = value
    path = _file(tmp_path, _header(), struct.pack("<6f", *values))

    with pytest.raises(NonFiniteWeightsError, match=f"tensor {'aabbbb'[position]} of"):
        inspect_weights(path, TWO)


def test_a_value_that_is_not_finite_is_found_beyond_the_first_chunk(tmp_path: Path) -> None:
    count = CHUNK_BYTES // 4 + 2
    header = {"a": {"dtype": "F32", "shape": [count], "data_offsets": [0, 4 * count]}}
    data = bytearray(4 * count)
    data[-4:] = struct.pack("<f", math.nan)

    with pytest.raises(NonFiniteWeightsError):
        inspect_weights(_file(tmp_path, header, bytes(data)), {"a": TensorSpec((count,))})


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"dtype": "F32", "shape": [4], "data_offsets": [8, 24]}, r"is F32 \[4\], but"),
        ({"dtype": "F16", "shape": [2, 2], "data_offsets": [8, 16]}, r"is F16 \[2, 2\], but"),
        ({"dtype": ["F32"], "shape": "x" * 9999, "data_offsets": [8, 24]}, r"x{80}, but"),
        ({"dtype": "F32", "shape": None, "data_offsets": [8, 24]}, "is F32 None, but"),
    ],
)
def test_another_shape_or_type_is_refused(
    tmp_path: Path, entry: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(WrongTensorsError, match=sentence):
        inspect_weights(_file(tmp_path, _header(b=entry), bytes(24)), TWO)


@pytest.mark.parametrize(
    ("header", "size", "sentence"),
    [
        (_header(b={"dtype": "F32", "shape": [2, 2]}), 24, "offsets of tensor b"),
        (
            _header(b={"dtype": "F32", "shape": [2, 2], "data_offsets": [8, 20]}),
            24,
            "offsets of tensor b",
        ),
        (
            _header(b={"dtype": "F32", "shape": [2, 2], "data_offsets": [4, 20]}),
            24,
            "gap or an overlap",
        ),
        (
            _header(b={"dtype": "F32", "shape": [2, 2], "data_offsets": [12, 28]}),
            28,
            "gap or an overlap",
        ),
        (
            _header(a={"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]}),
            24,
            "gap or an overlap",
        ),
        (_header(b=[1]), 24, "does not describe tensor b"),
        (_header(__metadata__={"patient": "P1"}), 24, "carries metadata"),
        (_header(), 25, "holds 25 bytes of tensors, but its header declares 24"),
        (_header(), 20, "holds 20 bytes of tensors, but its header declares 24"),
        (b"[]", 0, "its header is no object"),
        (b"{}}", 0, "is no safetensors file"),
        (b'{"a":1,"a":2}', 0, "a key of its header stands twice"),
        (b"[" * 200_000, 0, "is no safetensors file"),
        (b"\xff\xff", 0, "is no safetensors file"),
    ],
)
def test_a_header_that_does_not_fit_its_data_is_refused(
    tmp_path: Path, header: Any, size: int, sentence: str
) -> None:
    with pytest.raises(NotSafetensorsError, match=sentence):
        inspect_weights(_file(tmp_path, header, bytes(size)), TWO)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "its header would have 0 bytes"),
        (b"\x10", "its header would have 16 bytes"),
        ((1 << 63).to_bytes(8, "little"), "its header would have"),
        ((100).to_bytes(8, "little") + b"{", "truncated"),
        (b"PK\x03\x04" + bytes(100), "pickled"),
        (b"\x80\x04\x95" + bytes(100), "pickled"),
    ],
)
def test_what_is_no_safetensors_file_is_refused(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)

    with pytest.raises(NotSafetensorsError, match=sentence):
        inspect_weights(path, TWO)


def test_a_strange_tensor_name_cannot_reach_the_terminal(tmp_path: Path) -> None:
    path = _file(tmp_path, _header(**{"\x1b[2J" + "x" * 500: {}}), bytes(24))

    with pytest.raises(WrongTensorsError) as caught:
        inspect_weights(path, TWO)

    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [0.0, -0.0, 1e-45, 7.5])
def test_a_variance_may_be_zero_or_more(tmp_path: Path, value: float) -> None:
    inspect_weights(_variance(tmp_path, value), VARIANCE)


@pytest.mark.parametrize("value", [-1e-45, -7.5])
def test_a_negative_variance_is_refused(tmp_path: Path, value: float) -> None:
    with pytest.raises(ImpossibleWeightsError, match=r"^tensor v of weights\.safetensors holds a"):
        inspect_weights(_variance(tmp_path, value), VARIANCE)


def test_the_variances_of_a_dcgan_are_known_as_such() -> None:
    tensors = TINY.generator_tensors()

    assert [name for name, spec in tensors.items() if not spec.may_be_negative] == [
        "blocks.0.norm.running_var",
        "blocks.1.norm.running_var",
    ]


VARIANCE = {"v": TensorSpec((2,), may_be_negative=False)}


def _variance(folder: Path, value: float) -> Path:
    header = {"v": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    return _file(folder, header, struct.pack("<2f", 1.0, value))
