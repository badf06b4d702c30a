from pathlib import Path
from typing import Any

import pytest

from centre_node.sampling.cuttings import Cut, cut_of, differences
from shared.cards import TrainingSet
from shared.cuttings import Cutting
from tests.packages import TINY, write_tiny_package


def cut(margin: str, spacing_mm: float | None = None, side: str = "128 px") -> Cut:
    lengths: dict[str, Any] = {}
    for name, length in (("margin", margin), ("smallest_side", side)):
        value, unit = length.split()
        lengths[f"{name}_{unit}"] = float(value)
    return Cut(Cutting.model_validate(lengths), spacing_mm)


@pytest.mark.parametrize(
    ("theirs", "own", "told"),
    [
        (cut("60 px"), cut("60 px"), None),
        (cut("60 px"), cut("14 px"), ("a margin of 60 px", "a margin of 14 px")),
        (
            cut("60 px", 0.07),
            cut("61 px", 0.07, side="32 px"),
            (
                "a margin of 60 px and a smallest side of 128 px",
                "a margin of 61 px and a smallest side of 32 px",
            ),
        ),
        (cut("4.2 mm"), cut("4.2 mm"), None),
        (cut("4.2 mm"), cut("4.3 mm"), ("a margin of 4.2 mm", "a margin of 4.3 mm")),
    ],
)
def test_cuttings_in_one_unit_differ_where_their_lengths_do(
    theirs: Cut, own: Cut, told: tuple[str, str] | None
) -> None:
    assert differences(theirs, own) == told


@pytest.mark.parametrize(
    ("theirs", "own", "told"),
    [
        (cut("60 px", 0.07), cut("4.2 mm"), None),
        (cut("49 px", 0.085), cut("4.2 mm"), None),  # 49.4 px, cut in whole ones
        (cut("60 px", 0.07), cut("3 mm"), ("a margin of 60 px (4.2 mm)", "a margin of 3 mm")),
        (cut("4.2 mm"), cut("14 px", 0.2), ("a margin of 4.2 mm", "a margin of 14 px (2.8 mm)")),
        (cut("42 px", 0.1, side="90 px"), cut("21 px", 0.2, side="45 px"), None),
        (
            cut("42 px", 0.1, side="90 px"),
            cut("42 px", 0.2, side="45 px"),
            ("a margin of 42 px (4.2 mm)", "a margin of 42 px (8.4 mm)"),
        ),
        (cut("60 px"), cut("4.2 mm", 0.07), None),
        (cut("4.2 mm", 0.07), cut("1 px"), None),
    ],
)
def test_pixels_of_two_sizes_and_mm_are_compared_in_mm_where_a_spacing_is_known(
    theirs: Cut, own: Cut, told: tuple[str, str] | None
) -> None:
    assert differences(theirs, own) == told


def test_lesions_anywhere_in_their_patches_differ_from_lesions_in_the_middle() -> None:
    lengths = {"margin_px": 14, "smallest_side_px": 32}
    anywhere = Cut(Cutting.model_validate({**lengths, "lesion_position": "anywhere"}), None)

    assert differences(anywhere, anywhere) is None
    assert differences(anywhere, Cut(Cutting.model_validate(lengths), None)) == (
        "their middle anywhere in the patch",
        "their middle in that of the patch",
    )


@pytest.mark.parametrize(
    ("output", "cutting", "is_told"),
    [
        ("patch", Cutting(margin_px=60, smallest_side_px=128), True),
        ("patch", None, False),
        ("residual", Cutting(margin_px=60, smallest_side_px=128), False),
    ],
)
def test_residuals_and_cards_that_do_not_tell_have_no_cutting_to_compare(
    tmp_path: Path, output: str, cutting: Cutting | None, *, is_told: bool
) -> None:
    card = write_tiny_package(
        tmp_path,
        architecture=TINY.model_copy(update={"output": output}),
        training_set=TrainingSet(
            data_set="none", lesion_kinds=("mass",), patients=5, patches=5, cutting=cutting
        ),
    ).card

    found = cut_of(card)

    assert found == (Cut(cutting, None) if is_told and cutting else None)
