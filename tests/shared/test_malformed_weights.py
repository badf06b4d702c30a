"""Thousands of malformed weight files: refused with a reason, or loaded by the safetensors library.

Every file is made from a good one by one to three of the changes below, from a seed.
"""

import json
import random
import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors import SafetensorError
from safetensors.numpy import load_file

from shared.architectures import TensorSpec
from shared.errors import NotSafetensorsError, WeightsRefusedError
from shared.weights import LARGEST_HEADER_BYTES, inspect_weights

SPECS = {"a": TensorSpec((2,)), "b.norm": TensorSpec((2, 2)), "c": TensorSpec((3,))}
VALUES = 9
ODD_NUMBERS = ("-0", "0.0", "8.0", "8e0", "true", "null", "08", "-8", "1" * 25, "1" * 4300, "1e999")
ODD_TEXTS = ("", "\ufeff", " ", "\n" * 9, "\0", "[", "}", '"', "{}", '"x":1,', "\\u0061", "NaN")

Header = dict[str, Any]
Draw = random.Random


def _good() -> Header:
    return {
        "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
        "b.norm": {"dtype": "F32", "shape": [2, 2], "data_offsets": [8, 24]},
        "c": {"dtype": "F32", "shape": [3], "data_offsets": [24, 36]},
    }


def _other_offsets(header: Header, draw: Draw) -> None:
    entry = header[draw.choice(sorted(SPECS))]
    if isinstance(entry, dict):
        start = draw.randrange(-8, 40)
        entry["data_offsets"] = [start, start + draw.choice((0, 4, 8, 12, 16, -4))]


def _other_shape(header: Header, draw: Draw) -> None:
    entry = header[draw.choice(sorted(SPECS))]
    if isinstance(entry, dict):
        entry["shape"] = draw.choice(
            ([], [2.0], [True], ["2"], [4], [1, 2], [2, -2], [2**64], None, {}, [[2]], [2, 2.0])
        )


def _other_type(header: Header, draw: Draw) -> None:
    entry = header[draw.choice(sorted(SPECS))]
    if isinstance(entry, dict):
        entry["dtype"] = draw.choice(("F16", "f32", "F64", "", None, 1, ["F32"], "BF16", "F32 "))


def _another_key(header: Header, draw: Draw) -> None:
    entry = header[draw.choice(sorted(SPECS))]
    if isinstance(entry, dict):
        entry[draw.choice(("note", "DTYPE", "x" * 900, "", "patient"))] = "born 1961-03-07"


def _lost_key(header: Header, draw: Draw) -> None:
    entry = header[draw.choice(sorted(SPECS))]
    if isinstance(entry, dict):
        entry.pop(draw.choice(("dtype", "shape", "data_offsets")), None)


def _another_tensor(header: Header, draw: Draw) -> None:
    name = draw.choice(("d", "", "a ", "\u0410", "__metadata", "b"))
    header[name] = {"dtype": "F32", "shape": [0], "data_offsets": [36, 36]}


def _no_entry(header: Header, draw: Draw) -> None:
    header[draw.choice(sorted(SPECS))] = draw.choice((None, [], 1, "x", {}))


def _metadata(header: Header, draw: Draw) -> None:
    header["__metadata__"] = draw.choice(
        (None, {}, {"format": "pt"}, {"format": "tf"}, {"format": 1}, {"name": "Anna"}, [], "pt")
    )


def _other_order(header: Header, draw: Draw) -> None:
    entries = list(header.items())
    draw.shuffle(entries)
    header.clear()
    header.update(entries)


OF_THE_HEADER = (
    _other_offsets,
    _other_shape,
    _other_type,
    _another_key,
    _lost_key,
    _another_tensor,
    _no_entry,
    _metadata,
    _other_order,
)


def _odd_number(text: str, draw: Draw) -> str:
    return text.replace(draw.choice(("0", "8", "24", "36", "2")), draw.choice(ODD_NUMBERS), 1)


def _odd_text(text: str, draw: Draw) -> str:
    place = draw.choice((0, 1, len(text) // 2, len(text) - 1, len(text)))
    return text[:place] + draw.choice(ODD_TEXTS) + text[place:]


def _key_twice(text: str, draw: Draw) -> str:
    key = draw.choice(('"dtype":"F32",', '"shape":[2],', '"a":{},', '"\\u0061":{},'))
    place = draw.choice((1, text.find("{", 1) + 1))
    return text[:place] + key + text[place:]


def _blanks(text: str, draw: Draw) -> str:
    return text + " " * draw.choice((1, 7, 8, 900, LARGEST_HEADER_BYTES))


def _escape(text: str, draw: Draw) -> str:
    return text.replace(draw.choice("abcF"), "\\u0061", 1)


def _same(text: str, _draw: Draw) -> str:
    return text


OF_THE_TEXT = (_odd_number, _odd_text, _key_twice, _blanks, _escape, _same, _same)


def _encoded(text: str, draw: Draw) -> bytes:
    encoding = draw.choice(("utf-8",) * 6 + ("utf-16", "utf-16-le", "utf-32", "utf-8-sig"))
    return text.encode(encoding, "surrogatepass")


def _data(draw: Draw) -> bytes:
    values = [draw.choice((0.5, 0.0, -0.0, 1e-45, -3.0)) for _ in range(VALUES)]
    if draw.random() < 0.1:
        values[draw.randrange(VALUES)] = draw.choice((float("nan"), float("inf")))
    data = struct.pack(f"<{VALUES}f", *values)
    return draw.choice((data,) * 8 + (data[:-1], data + b"\0", b"", data * 2))


def _file(draw: Draw) -> bytes:
    header = _good()
    for _ in range(draw.randrange(3)):
        draw.choice(OF_THE_HEADER)(header, draw)
    text = draw.choice(OF_THE_TEXT)(json.dumps(header, separators=(",", ":")), draw)
    content = _encoded(text, draw)
    length = len(content) + draw.choice((0,) * 12 + (1, -1, 8, 1 << 40))
    whole = max(length, 0).to_bytes(8, "little") + content + _data(draw)
    return whole[: draw.randrange(len(whole))] if draw.random() < 0.05 else whole


def test_every_malformed_file_is_refused_with_a_reason_or_loaded_by_the_library(
    tmp_path: Path,
) -> None:
    path, seen = tmp_path / "weights.safetensors", Counter[str]()
    for seed in range(3000):
        path.write_bytes(_file(random.Random(seed)))
        seen[_outcome(path, seed)] += 1

    assert seen["loaded"] > 50
    assert seen["NotSafetensorsError"] > 1000
    assert seen["WrongTensorsError"] > 300
    assert seen["NonFiniteWeightsError"] > 0


def _outcome(path: Path, seed: int) -> str:
    try:
        inspect_weights(path, SPECS)
    except WeightsRefusedError as error:
        said = str(error)
        told = [word for word in ("Anna", "1961") if word in said]
        assert (path.name in said, told, len(said) < 400) == (True, [], True), (seed, said)
        return type(error).__name__
    try:
        loaded = load_file(path)
    except SafetensorError as error:
        pytest.fail(f"seed {seed} passed, but the library says: {error}")
    assert {name: tensor.shape for name, tensor in loaded.items()} == {
        name: spec.shape for name, spec in SPECS.items()
    }
    return "loaded"


PLAIN = json.dumps(_good(), separators=(",", ":"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: f"\ufeff{text}".encode(), "no safetensors file: "),
        (lambda text: text.encode("utf-16"), "its header is no UTF-8"),
        (lambda text: text.encode("utf-16-le"), "no safetensors file: "),
        (lambda text: f" {text}".encode(), "must begin with a brace"),
        (lambda text: text.replace("[0,8]", "[-0,8]").encode(), "only plain numbers"),
        (lambda text: text.replace("[0,8]", "[false,8]").encode(), "offsets of tensor a"),
        (lambda text: text.replace('"a"', '"\\u0061"').encode(), "hold no escapes"),
        (lambda text: (text + " " * 900).encode(), "the rest is blanks"),
        (lambda text: text.replace("[0,8]", f"[0,{'8' * 4300}]").encode(), "has 4300 digits"),
        (
            lambda text: text.replace("[0,8]", '[0,8],"note":"born 1961"').encode(),
            "says more of tensor a than its data_offsets, dtype, shape; nothing else may",
        ),
        (lambda text: text.encode() + b" " * LARGEST_HEADER_BYTES, "65536 are allowed"),
    ],
)
def test_what_only_python_would_read_or_could_carry_words_is_told(
    tmp_path: Path, change: Callable[[str], bytes], sentence: str
) -> None:
    content, path = change(PLAIN), tmp_path / "weights.safetensors"
    path.write_bytes(len(content).to_bytes(8, "little") + content + bytes(36))

    with pytest.raises(NotSafetensorsError, match=sentence):
        inspect_weights(path, SPECS)
