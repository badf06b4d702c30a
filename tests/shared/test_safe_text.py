import json

import pytest

from shared.safe_text import shown, shown_json, shown_lines


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Läsionen, 64 px: 病変", "Läsionen, 64 px: 病変"),
        ("\x1b[2J\x9b0m", r"\x1b[2J\x9b0m"),
        ("a\r\nb\tc\x00\x7f", r"a\r\nb\tc\x00\x7f"),
        ("\u202egnp.exe\u2066\u200f", r"\u202egnp.exe\u2066\u200f"),
        ("zero\u200bwidth\ufeff\u200d\u00ad", r"zero\u200bwidth\ufeff\u200d\xad"),
        ("line\u2028paragraph\u2029\x85", r"line\u2028paragraph\u2029\x85"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_steers_or_hides_is_spelled_out(text: str, told: str) -> None:
    assert shown(text) == told


@pytest.mark.slow
def test_no_single_character_gets_through_that_is_not_seen() -> None:
    told = [shown(chr(number)) for number in range(0x110000)]
    assert all(text.isprintable() for text in told if len(text) > 1)
    assert not [
        text for text in told if len(text) == 1 and not (text.isprintable() or text.isspace())
    ]


def test_a_long_text_is_cut_and_counted() -> None:
    assert shown("x" * 12, 10) == "x" * 10 + "... and 2 more"


def test_our_own_lines_stay_lines() -> None:
    assert shown_lines("the end of its log:\n  \x1b[31mred\r\n  two") == (
        "the end of its log:\n  \\x1b[31mred\\r\n  two"
    )


def test_a_json_document_stays_the_same_document() -> None:
    document = {"title": "a\u202eb\x9b\x7f\U000e0041\u2028é\n", "more": [1]}
    text = json.dumps(document, ensure_ascii=False, indent=2)

    safe = shown_json(text)

    assert json.loads(safe) == document
    assert r"a\u202eb\u009b\u007f\udb40\udc41\u2028é\n" in safe
