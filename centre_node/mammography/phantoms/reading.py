"""Phantoms as a data set: what is where is known at once, pixels are made when loaded."""

from functools import partial
from math import ceil, floor
from typing import TYPE_CHECKING

from centre_node.mammography.boxes import Box
from centre_node.mammography.configuration import PhantomSet
from centre_node.mammography.mammograms import Contour, Lesion, Mammogram, Reading
from centre_node.mammography.phantoms.lesions import PlacedLesion
from centre_node.mammography.phantoms.plan import ImagePlan, plan_images

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray


def read_phantoms(configuration: PhantomSet) -> Reading:
    """Return the set's mammograms; the same configuration gives the same pixels."""
    mammograms = tuple(_mammogram(plan) for plan in plan_images(configuration))
    return Reading(name=f"phantoms-{configuration.style}", mammograms=mammograms)


def _mammogram(plan: ImagePlan) -> Mammogram:
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
        lesions=tuple(_lesion(lesion, plan) for lesion in plan.lesions),
    )


def _load(plan: ImagePlan) -> "NDArray[uint8]":
    # Rendering needs OpenCV, which a process that only counts mammograms should not load.
    from centre_node.mammography.phantoms.rendering import render

    return render(plan)


def _lesion(lesion: PlacedLesion, plan: ImagePlan) -> Lesion:
    contour = _contour(lesion, plan)
    columns, rows = zip(*contour, strict=True)
    return Lesion(
        box=Box(floor(min(columns)), floor(min(rows)), ceil(max(columns)), ceil(max(rows))),
        kind=lesion.finding.kind,
        contours=(contour,),
        pathology=lesion.finding.pathology,
    )


def _contour(lesion: PlacedLesion, plan: ImagePlan) -> Contour:
    corners = [(x / plan.spacing_mm, y / plan.spacing_mm) for x, y in lesion.corners]
    if plan.laterality == "R":
        return tuple((plan.width_px - x, y) for x, y in corners)
    return tuple(corners)
