"""Phantoms as a data set: plans are drawn at once, pixels when a mammogram is loaded."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from centre_node.mammography.boxes import Box
from centre_node.mammography.configuration import AcquisitionStyle, PhantomSet
from centre_node.mammography.mammograms import Lesion, Mammogram, Reading
from centre_node.mammography.phantoms.anatomy import VIEWS, Breast, View, drawn_breast

if TYPE_CHECKING:
    from numpy.typing import NDArray

IMAGE_HEIGHT_MM = 224.0


def read_phantoms(configuration: PhantomSet) -> Reading:
    """Return two views of one breast per patient; the same seed gives the same pixels."""
    healthy = round(configuration.healthy_share * configuration.patients)
    order = np.random.default_rng(configuration.seed).permutation(configuration.patients)
    mammograms = tuple(
        _mammogram(configuration, patient, view, has_lesion=bool(order[patient] >= healthy))
        for patient in range(configuration.patients)
        for view in VIEWS
    )
    return Reading(f"phantoms-{configuration.style}", mammograms)


def _mammogram(
    configuration: PhantomSet, patient: int, view: View, *, has_lesion: bool
) -> Mammogram:
    breast = drawn_breast(
        seed=(configuration.seed, patient),
        view=view,
        height=configuration.image_height_px,
        has_lesion=has_lesion,
    )
    lesions = tuple(
        Lesion(
            _enclosing(finding.contour, breast.width, breast.height),
            finding.kind,
            (tuple((float(x), float(y)) for x, y in finding.contour),),
            finding.pathology,
        )
        for finding in breast.findings
    )
    return Mammogram(
        image_id=f"{configuration.style}-{configuration.seed}-{patient:04d}-{view}",
        patient_id=f"phantom-{patient:04d}",
        width=breast.width,
        height=breast.height,
        load=partial(_load, breast, configuration.style),
        laterality=breast.laterality,
        view=view,
        density=breast.density,
        pixel_spacing_mm=IMAGE_HEIGHT_MM / breast.height,
        lesions=lesions,
    )


def _load(breast: Breast, style: AcquisitionStyle) -> "NDArray[np.uint8]":
    # Rendering needs OpenCV, which a process that only counts mammograms should not load.
    from centre_node.mammography.phantoms.acquisition import acquired
    from centre_node.mammography.phantoms.tissue import rendered

    random = np.random.default_rng([*breast.seed, 1])
    marker = f"{breast.laterality} {breast.view}"
    return acquired(rendered(breast, random), style, random, marker=marker)


def _enclosing(contour: "NDArray[np.float64]", width: int, height: int) -> Box:
    left, top = np.floor(contour.min(axis=0)).astype(int)
    right, bottom = np.ceil(contour.max(axis=0)).astype(int)
    return Box(
        max(int(left), 0), max(int(top), 0), min(int(right), width), min(int(bottom), height)
    )
