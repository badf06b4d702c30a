import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.cards import ModelCard
from shared.cuttings import Cutting
from shared.packages import canonical_json
from tests.packages import write_tiny_package


@pytest.mark.parametrize(
    ("lengths", "words"),
    [
        (
            {"margin_px": 60, "smallest_side_px": 128},
            "a margin of 60 px and a smallest side of 128 px",
        ),
        (
            {"margin_mm": 4.2, "smallest_side_px": 32},
            "a margin of 4.2 mm and a smallest side of 32 px",
        ),
        (
            {"margin_px": 0, "smallest_side_mm": 9, "lesion_position": "anywhere"},
            "a margin of 0 px and a smallest side of 9 mm, their middle anywhere in the patch",
        ),
    ],
)
def test_a_cutting_is_said_in_the_units_that_it_was_given_in(
    lengths: dict[str, Any], words: str
) -> None:
    cutting = Cutting.model_validate(lengths)

    assert cutting.words == words
    assert cutting.model_dump() == lengths


@pytest.mark.parametrize(
    ("lengths", "told"),
    [
        ({"margin_px": 60}, "the smallest side must be given either in px or in mm"),
        (
            {"margin_px": 60, "margin_mm": 4.2, "smallest_side_px": 32},
            "the margin must be given either in px or in mm",
        ),
        ({"margin_px": -1, "smallest_side_px": 32}, "margin_px"),
        ({"margin_px": 1, "smallest_side_mm": float("inf")}, "smallest_side_mm"),
    ],
)
def test_a_length_in_two_units_or_in_none_is_refused(lengths: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Cutting.model_validate(lengths)


def test_a_card_without_a_cutting_is_written_as_before_and_one_with_it_comes_back(
    tmp_path: Path,
) -> None:
    card = write_tiny_package(tmp_path).card
    cutting = Cutting(margin_mm=4.2, smallest_side_px=32)
    trained_on = card.training_set.model_copy(update={"cutting": cutting})
    telling = card.model_copy(update={"training_set": trained_on})

    assert b"cutting" not in canonical_json(card)
    assert json.loads(canonical_json(telling))["training_set"]["cutting"] == {
        "margin_mm": 4.2,
        "smallest_side_px": 32,
    }
    assert ModelCard.model_validate_json(canonical_json(telling)) == telling
