"""What margin and smallest side are in an image's pixels, and which images they do not suit."""

from collections.abc import Iterable
from dataclasses import dataclass

from centre_node.mammography.errors import NothingCutError
from centre_node.mammography.mammograms import Mammogram, Reading
from node_api.patches import LEAST_SIDE_PX, PatchConfiguration
from shared.counts import counted
from shared.names import LesionKind

SHORTER = (
    "Give a shorter one (margin_px, smallest_side_px, --margin-px, --smallest-side-px, or in mm); "
    "genshare data inspect says how long the lesions are."
)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Of one image, in its pixels."""

    margin: int
    smallest_side: int


def lengths_px(configuration: PatchConfiguration, spacing_mm: float | None) -> Lengths | None:
    """Return what the margin and the smallest side are in an image's pixels.

    Args:
        spacing_mm: Of a pixel; None where it is not known.

    Returns:
        None where one of them is given in mm and the spacing is not known. No smallest side is
        below `LEAST_SIDE_PX`.
    """
    margin, side = configuration.margin_mm, configuration.smallest_side_mm
    if spacing_mm is None:
        px = Lengths(configuration.margin_px, configuration.smallest_side_px)
        return None if configuration.in_mm else px
    return Lengths(
        configuration.margin_px if margin is None else round(margin / spacing_mm),
        configuration.smallest_side_px
        if side is None
        else max(LEAST_SIDE_PX, round(side / spacing_mm)),
    )


def no_spacing(configuration: PatchConfiguration) -> str:
    """Say why an image is of no use whose pixel spacing is not known."""
    return f"image has no pixel spacing, {which_needs(configuration)}"


def lesions_without_spacing(
    mammograms: Iterable[Mammogram], configuration: PatchConfiguration, kinds: Iterable[LesionKind]
) -> int:
    """Count the lesions of these kinds that have no place, as their images' spacing is unknown."""
    if not configuration.in_mm:
        return 0
    wanted = set(kinds)
    return sum(
        lesion.kind in wanted
        for mammogram in mammograms
        if mammogram.pixel_spacing_mm is None
        for lesion in mammogram.lesions
    )


def check_spacing(
    reading: Reading,
    configuration: PatchConfiguration,
    kinds: Iterable[LesionKind],
    what: str,
) -> None:
    """Refuse a data set of which not one lesion can be cut, before any image is opened.

    Args:
        what: How the data set is called, such as "own data".

    Raises:
        NothingCutError: Lengths are in mm, and no image with such lesions has a pixel spacing.
    """
    wanted = set(kinds)
    ill = [m for m in reading.mammograms if any(lesion.kind in wanted for lesion in m.lesions)]
    if configuration.in_mm and ill and all(m.pixel_spacing_mm is None for m in ill):
        raise NothingCutError(
            f"of the {what} ({reading.name}), not one of {counted(len(ill), 'image')} with "
            f"such lesions has a pixel spacing, {which_needs(configuration)}"
        )


def check_room(
    mammograms: Iterable[Mammogram],
    configuration: PatchConfiguration,
    kinds: Iterable[LesionKind],
    what: str,
) -> None:
    """Refuse lengths that no image has room for, before any image is opened.

    A margin shrinks where an image is too small for it: then every patch would be a whole image.

    Args:
        what: What the images are, such as "own data".

    Raises:
        NothingCutError: The margin or the smallest side is longer than every image with such
            lesions.
    """
    wanted = set(kinds)
    ill = [m for m in mammograms if any(lesion.kind in wanted for lesion in m.lesions)]
    found = [
        (lengths, max(image.width, image.height))
        for image in ill
        if (lengths := lengths_px(configuration, image.pixel_spacing_mm)) is not None
    ]
    if not found:
        return
    for length, fits in (
        ("margin", any(lengths.margin <= longest for lengths, longest in found)),
        ("smallest_side", any(lengths.smallest_side <= longest for lengths, longest in found)),
    ):
        if not fits:
            largest = max(ill, key=lambda image: max(image.width, image.height))
            raise NothingCutError(
                f"the {_as_given(configuration, length)} is longer than every image of the "
                f"{what} that has such lesions; the largest has {largest.width} x "
                f"{largest.height} px{_in_mm(largest)}",
                hint=SHORTER,
            )


def _in_mm(image: Mammogram) -> str:
    if image.pixel_spacing_mm is None:
        return ""
    width, height = (side * image.pixel_spacing_mm for side in (image.width, image.height))
    return f" ({width:.0f} x {height:.0f} mm)"


def _as_given(configuration: PatchConfiguration, length: str) -> str:
    """Return such as "margin_px of 60" for `margin`."""
    given = f"{length}_mm" if f"{length}_mm" in configuration.in_mm else f"{length}_px"
    return f"{given} of {getattr(configuration, given):g}"


def which_needs(configuration: PatchConfiguration) -> str:
    """Return such as "which margin_mm needs" of the pixel spacing, for the end of a sentence."""
    names = configuration.in_mm
    return f"which {' and '.join(names)} {'needs' if len(names) == 1 else 'need'}"
