"""Words can be read in both schemes and on paper.

Source: WCAG 2.2, success criteria 1.4.3 (words, 4.5 to 1) and 1.4.11 (edges, 3 to 1).
"""

import re
from importlib.resources import files

import pytest

STYLE = files("web_pages").joinpath("static/style.css").read_text(encoding="utf-8")
WORDS = ("ink", "quiet", "mark", "good", "bad", "open")
GROUNDS = ("paper", "card", "tint")


def schemes() -> list[dict[str, str]]:
    """Return the colours of light, dark and print; what a later one leaves out is light's."""
    rules = re.findall(r":root \{([^}]*)\}", STYLE)
    found = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", rule)) for rule in rules]
    return [{**found[0], **rule} for rule in found]


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_has_its_known_values() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#fff") == pytest.approx(4.54, abs=0.01)


def test_words_stand_out_from_every_ground_in_every_scheme() -> None:
    assert len(schemes()) == 3
    pairs = [(word, ground) for word in WORDS for ground in GROUNDS]
    pairs += [("on-mark", "mark"), ("on-mark", "mark-deep")]
    weak = [
        (number, word, ground)
        for number, scheme in enumerate(schemes())
        for word, ground in pairs
        if contrast(scheme[word], scheme[ground]) < 4.5
    ]

    assert weak == []


def test_fields_and_what_has_the_focus_have_edges_that_are_seen() -> None:
    for scheme in schemes():
        for edge in ("edge", "mark"):
            for ground in GROUNDS:
                assert contrast(scheme[edge], scheme[ground]) >= 3
