import math

import pytest

from centre_node.mammography.readers.values import density_of, is_unknown, known


@pytest.mark.parametrize("value", ["", " ", "NaN", "nan", "null", "None", "N/A", None, math.nan])
def test_blanks_nulls_and_nans_are_unknown(value: object) -> None:
    assert is_unknown(value)
    assert not isinstance(value, str) or known(value) == ""


@pytest.mark.parametrize("value", ["0", "L", 0, 0.0, False, [], "nano"])
def test_zeros_and_words_are_known(value: object) -> None:
    assert not is_unknown(value)


@pytest.mark.parametrize(
    ("text", "density"),
    [
        *(("1", 1), ("4", 4), (" 2 ", 2), ("3.0", 3)),
        *(("A", 1), ("b", 2), ("C", 3), ("D", 4)),
        *(("0", None), ("5", None), ("E", None), ("", None), ("2.5", None), ("-1", None)),
    ],
)
def test_densities_are_numbers_or_letters(text: str, density: int | None) -> None:
    assert density_of(text) == density
