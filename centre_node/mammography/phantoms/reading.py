"""Phantoms as a data set: what is where is known at once, pixels are made when loaded."""

from functools import partial
from math import floor
from typing import TYPE_CHECKING

from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import Contour, Lesion, Mammogram, Reading
from centre_node.mammography.phantoms.lesions import Corners, Finding, PlacedLesion
from centre_node.mammography.phantoms.plan import ImagePlan, plan_images
from node_api.data_sources import PhantomSet

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray


def read_phantoms(configuration: PhantomSet) -> Reading:
    """Return the set's mammograms; the same configuration gives the same pixels."""
    each = configuration.calcifications == "each"
    mammograms = tuple(_mammogram(plan, each=each) for plan in plan_images(configuration))
    return Reading(f"phantoms-{configuration.style}-{configuration.seed}", mammograms)


def _mammogram(plan: ImagePlan, *, each: bool) -> Mammogram:
    patient_id = f"phantom-{plan.patient:04d}"
    return Mammogram(
        image_id=f"{patient_id}-{plan.laterality}-{plan.view}",
        patient_id=patient_id,
        width=plan.width_px,
        height=plan.height_px,
        load=partial(_load, plan),
        laterality=plan.laterality,
        view=plan.view,
        density=plan.density,
        pixel_spacing_mm=plan.spacing_mm,
        lesions=tuple(
            _lesion(lesion.finding, corners, plan)
            for lesion in plan.lesions
            for corners in _outlines(lesion, each=each)
        ),
    )


def _load(plan: ImagePlan) -> "NDArray[uint8]":
    # Rendering needs OpenCV, which a process that only counts mammograms should not load.
    from centre_node.mammography.phantoms.rendering import render

    return render(plan)


def _outlines(lesion: PlacedLesion, *, each: bool) -> list[Corners]:
    """Return what is outlined of a finding: the whole, or `each` calcification of a cluster."""
    if each and lesion.specks:
        return [speck.corners for speck in lesion.specks]
    return [lesion.corners]


def _lesion(finding: Finding, corners: Corners, plan: ImagePlan) -> Lesion:
    contour = _contour(corners, plan)
    columns, rows = zip(*contour, strict=True)
    # A corner names a pixel that belongs to the outline, so the box ends behind it.
    right, bottom = floor(max(columns)) + 1, floor(max(rows)) + 1
    return Lesion(
        box=Box(floor(min(columns)), floor(min(rows)), right, bottom),
        kind=finding.kind,
        contours=(contour,),
        pathology=finding.pathology,
    )


def _contour(corners: Corners, plan: ImagePlan) -> Contour:
    drawn = [(x / plan.spacing_mm, y / plan.spacing_mm) for x, y in corners]
    if plan.laterality == "R":
        return tuple((plan.width_px - x, y) for x, y in drawn)
    return tuple(drawn)
