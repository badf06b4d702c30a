"""How large a pixel of a DICOM mammogram is in the breast."""

import math

from pydicom import Dataset

from centre_node.mammography.dicom_values import numbers, positive, text

LEAST_MAGNIFICATION = 1.2
"""A contact view magnifies by less, for a breast is thick; its spacing is the detector's."""

_LARGEST_ANISOTROPY = 0.01
_CALIBRATED = ("GEOMETRY", "FIDUCIAL")


def spacing_mm(dataset: Dataset) -> float | None:
    """Return the distance between pixels in mm, None where it is not known.

    It is the one in the breast that a calibration gives; else the detector's, divided by the
    magnification of a magnification view; else the one that no attribute explains. One of 0 or
    below is no spacing, and rows and columns must agree.

    Source: PS3.3, 10.7.1.3 and C.8.7.5.
    """
    pixel = _lengths(dataset, "PixelSpacing")
    if pixel and (text(dataset, "PixelSpacingCalibrationType") or "").upper() in _CALIBRATED:
        return _mean(pixel)
    imager = _lengths(dataset, "ImagerPixelSpacing")
    if not imager:
        return _mean(pixel)
    magnification = _magnification(dataset)
    detector = _mean(imager)
    if detector is None or magnification is None:
        return None
    return detector / magnification


def _magnification(dataset: Dataset) -> float | None:
    """Return by how much the detector's image is larger than the breast, 1 for a contact view."""
    factor = positive(dataset, "EstimatedRadiographicMagnificationFactor")
    if factor is None or factor < 1:
        detector = positive(dataset, "DistanceSourceToDetector")
        patient = positive(dataset, "DistanceSourceToPatient")
        factor = detector / patient if detector and patient else None
    if factor is not None and factor >= LEAST_MAGNIFICATION:
        return factor
    return None if factor is None and _is_magnified(dataset) else 1.0


def _is_magnified(dataset: Dataset) -> bool:
    """Tell whether the view's name says so (CID 4015)."""
    modifiers = [
        modifier
        for view in dataset.get("ViewCodeSequence") or ()
        for modifier in view.get("ViewModifierCodeSequence") or ()
    ]
    return any("magnif" in (text(item, "CodeMeaning") or "").lower() for item in modifiers)


def _lengths(dataset: Dataset, keyword: str) -> list[float]:
    """Return the two numbers of a spacing, none where they are no lengths."""
    found = numbers(dataset, keyword)
    return found if len(found) == 2 and 0 < min(found) <= max(found) < math.inf else []


def _mean(lengths: list[float]) -> float | None:
    if not lengths:
        return None
    low, high = min(lengths), max(lengths)
    return (low + high) / 2 if high - low <= _LARGEST_ANISOTROPY * low else None
