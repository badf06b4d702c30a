"""What margin and smallest side are in an image's pixels, and which images lack a spacing."""

from collections.abc import Iterable
from dataclasses import dataclass

from centre_node.mammography.errors import NothingCutError
from centre_node.mammography.mammograms import Mammogram, Reading
from node_api.patches import LEAST_SIDE_PX, PatchConfiguration
from shared.counts import counted
from shared.names import LesionKind


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
    return f"image has no pixel spacing, {_which_needs(configuration)}"


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
            f"such lesions has a pixel spacing, {_which_needs(configuration)}"
        )


def _which_needs(configuration: PatchConfiguration) -> str:
    names = configuration.in_mm
    return f"which {' and '.join(names)} {'needs' if len(names) == 1 else 'need'}"
