import json
import time

import pytest

from shared.json_documents import DEEPEST, MOST_ENTRIES, read_json


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "null",
        '{"a": [1, -2.5e3, "x, y", true, null], "b": {"a": 1}}',
        "[" * DEEPEST + "]" * DEEPEST,
        json.dumps([0] * (MOST_ENTRIES - 1)),
        '"\\u0000"',
        "9" * 40,
    ],
)
def test_ordinary_json_is_read(text: str) -> None:
    assert json.dumps(read_json(text.encode())) == json.dumps(json.loads(text))


def test_lists_are_read_as_tuples() -> None:
    assert read_json(b'[[1], {"a": [2.5]}]') == ((1,), {"a": (2.5,)})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (json.dumps([0] * (MOST_ENTRIES + 1)).encode(), "has 10001 entries, 10000 are allowed"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "nested deeper than the 20 levels"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "nested deeper than the 20 levels"),
        (b'{"a": {"b": 1, "b": 2}}', "has the same key twice"),
        (b'{"a": 1, "\\u0061": 2}', "has the same key twice"),
        (b"[" + b"1" * 4300 + b"]", "a number in it has 4300 digits, 40 are allowed"),
        (b"[0." + b"1" * 400_000 + b"]", "a number in it has 400002 digits"),
        (b"[NaN]", "NaN is no JSON; write null"),
        (b"[-Infinity]", "-Infinity is no JSON"),
        (b'["\xff"]', "not in UTF-8"),
        (b'{"\\ud800": 1}', "half of a surrogate pair"),
        (b"\xef\xbb\xbf{}", "BOM"),
        ("{}".encode("utf-16"), "not in UTF-8"),
        (b'{"a": }', "Expecting value"),
        (b"", "Expecting value"),
    ],
)
def test_what_is_large_deep_or_ambiguous_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_json(content)


@pytest.mark.parametrize(
    "content",
    [
        b"[" + b"0," * 490_000 + b"0]",
        b"[" * 1_000_000,
        b'"' + b'\\"' * 499_000,
        b"1" * 1_000_000,
        b'{"' + b"k" * 1_000_000,
    ],
)
def test_a_megabyte_is_refused_before_it_costs_anything(content: bytes) -> None:
    began = time.process_time()

    with pytest.raises(ValueError, match=r"entries|digits|[Uu]nterminated"):
        read_json(content)

    assert time.process_time() - began < 0.1
