"""Whether generators learned from lesions that were cut as those beside which samples are put."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from shared.cards import ModelCard
from shared.cuttings import Cutting, Length


@dataclass(frozen=True, slots=True)
class Cut:
    """How lesions are cut, and from what.

    Attributes:
        spacing_mm: Of a pixel of the mammograms; None where it is not known or not the same in all.
    """

    cutting: Cutting
    spacing_mm: float | None


def cut_of(card: ModelCard) -> Cut | None:
    """Return how the lesions were cut whose like a generator draws.

    Returns:
        None where its card does not tell, and for residuals, which are painted in the size of own
        lesions.
    """
    cutting = card.training_set.cutting
    if cutting is None or card.architecture.output == "residual":
        return None
    return Cut(cutting, card.training_set.pixel_spacing_mm)


def differences(theirs: Cut, own: Cut) -> tuple[str, str] | None:
    """Say in what two cuttings differ: such as "a margin of 60 px", of each.

    Pixels of the same size, or of unknown sizes, are compared with each other, all else in mm;
    there half a pixel is no difference, as a length in mm is cut in whole ones.

    Returns:
        None where nothing differs, or nothing that differs can be compared.
    """
    found = list(_differing(theirs, own))
    if not found:
        return None
    told, ours = zip(*found, strict=True)
    return " and ".join(told), " and ".join(ours)


def _differing(theirs: Cut, own: Cut) -> Iterator[tuple[str, str]]:
    yield from _differing_lengths(theirs, own)
    if theirs.cutting.lesion_position != own.cutting.lesion_position:
        yield theirs.cutting.position_words, own.cutting.position_words


def _differing_lengths(theirs: Cut, own: Cut) -> Iterator[tuple[str, str]]:
    for name, one, other in (
        ("margin", theirs.cutting.margin, own.cutting.margin),
        ("smallest side", theirs.cutting.smallest_side, own.cutting.smallest_side),
    ):
        if _in_one_unit(one, theirs.spacing_mm, other, own.spacing_mm):
            if not math.isclose(one.value, other.value):
                yield f"a {name} of {one}", f"a {name} of {other}"
            continue
        mm, other_mm = one.in_mm(theirs.spacing_mm), other.in_mm(own.spacing_mm)
        if mm is None or other_mm is None:
            continue
        rounding = _half_a_pixel(one, theirs.spacing_mm) + _half_a_pixel(other, own.spacing_mm)
        if abs(mm - other_mm) > rounding + 1e-9:
            yield (
                f"a {name} of {_also_in_mm(one, mm)}",
                f"a {name} of {_also_in_mm(other, other_mm)}",
            )


def _in_one_unit(
    one: Length, spacing_mm: float | None, other: Length, other_spacing_mm: float | None
) -> bool:
    if one.unit != other.unit:
        return False
    both_known = spacing_mm is not None and other_spacing_mm is not None
    return one.unit == "mm" or not both_known or spacing_mm == other_spacing_mm


def _half_a_pixel(length: Length, spacing_mm: float | None) -> float:
    return spacing_mm / 2 if length.unit == "px" and spacing_mm is not None else 0.0


def _also_in_mm(length: Length, mm: float) -> str:
    return str(length) if length.unit == "mm" else f"{length} ({mm:.2g} mm)"
