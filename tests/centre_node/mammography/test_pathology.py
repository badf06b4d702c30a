"""What is known of lesions' pathology, and which of them a task about it can use."""

import numpy as np
import pytest

from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import Lesion, Mammogram, Reading
from centre_node.mammography.pathology import (
    counted_pathologies,
    pathology_of,
    unknown_pathologies,
    with_known_pathology,
)
from shared.names import LesionKind

BOX = Box(1, 1, 3, 3)


def lesion(pathology: str | None, kind: LesionKind = "mass", left: int = 1) -> Lesion:
    return Lesion(Box(left, 1, left + 2, 3), kind, pathology=pathology)


def mammogram(name: str, *lesions: Lesion) -> Mammogram:
    return Mammogram(
        image_id=name,
        patient_id=name,
        width=10,
        height=10,
        load=lambda: np.zeros((10, 10), dtype=np.uint8),
        lesions=lesions,
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("malignant", "malignant"),
        ("MALIGNANT ", "malignant"),
        ("benign", "benign"),
        ("benign_without_callback", "benign"),
        ("Benign without callback", "benign"),
        ("unproven", None),
        ("", None),
        (None, None),
    ],
)
def test_pathology_is_told_in_a_few_words_and_anything_else_is_unknown(
    words: str | None, expected: str | None
) -> None:
    assert pathology_of(lesion(words)) == expected


def test_lesions_that_cannot_be_used_exclude_their_place_and_are_counted() -> None:
    reading = Reading(
        "set",
        (
            mammogram("a", lesion("benign"), lesion(None, left=5), lesion("malignant", "other", 7)),
            mammogram("b", lesion("unproven")),
            mammogram("c"),
        ),
    )

    known = with_known_pathology(reading, ("mass",))

    assert [one.image_id for one in known.mammograms] == ["a"]
    assert known.mammograms[0].lesions == (lesion("benign"),)
    assert known.mammograms[0].excluded == (Box(5, 1, 7, 3), Box(7, 1, 9, 3))
    assert unknown_pathologies(reading.mammograms, ("mass",)) == 2
    assert counted_pathologies(reading.mammograms) == {"benign": 1, "malignant": 1}
