from pathlib import Path
from typing import Any

import pytest

from centre_node.mammography.dicom import read_header
from tests.centre_node.mammography.dicom_files import dicom, item


def spacing(path: Path, **elements: Any) -> float | None:
    return read_header(dicom(path, **elements)).pixel_spacing_mm


@pytest.mark.parametrize(
    ("imager", "pixel", "expected"),
    [
        ([0.07, 0.07], [0.05, 0.05], 0.07),
        (None, [0.05, 0.05], 0.05),
        ("", ["0.05", "0.05"], 0.05),
        ([0.07, 0.0704], None, pytest.approx(0.0702)),
        ([0.07, 0.08], [0.05, 0.05], None),
        ([0, 0], None, None),
        ([-0.07, -0.07], None, None),
        ([0.07], None, None),
    ],
)
def test_spacing_is_the_detectors_where_rows_and_columns_agree(
    tmp_path: Path, imager: Any, pixel: Any, expected: Any
) -> None:
    dicom(tmp_path / "a.dcm", ImagerPixelSpacing=imager, PixelSpacing=pixel or "")

    assert read_header(tmp_path / "a.dcm").pixel_spacing_mm == expected


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, 0.1),
        ({"EstimatedRadiographicMagnificationFactor": "1.8"}, 0.1 / 1.8),
        ({"EstimatedRadiographicMagnificationFactor": "1"}, 0.1),
        ({"EstimatedRadiographicMagnificationFactor": "1.06"}, 0.1),
        ({"EstimatedRadiographicMagnificationFactor": ""}, 0.1),
        ({"EstimatedRadiographicMagnificationFactor": "0"}, 0.1),
        ({"DistanceSourceToDetector": "660", "DistanceSourceToPatient": "367"}, 0.1 * 367 / 660),
        ({"DistanceSourceToDetector": "660", "DistanceSourceToPatient": "630"}, 0.1),
        ({"DistanceSourceToDetector": "660", "DistanceSourceToPatient": "0"}, 0.1),
        ({"DistanceSourceToDetector": "660"}, 0.1),
        (
            {
                "EstimatedRadiographicMagnificationFactor": "0",
                "DistanceSourceToDetector": "660",
                "DistanceSourceToPatient": "330",
            },
            0.05,
        ),
        (
            {
                "EstimatedRadiographicMagnificationFactor": "1.5",
                "DistanceSourceToDetector": "660",
                "DistanceSourceToPatient": "330",
            },
            0.1 / 1.5,
        ),
    ],
    ids=str,
)
def test_a_magnification_view_has_a_smaller_spacing_in_the_breast(
    tmp_path: Path, elements: dict[str, Any], expected: float
) -> None:
    found = spacing(tmp_path / "a.dcm", ImagerPixelSpacing=[0.1, 0.1], **elements)

    assert found == pytest.approx(expected)


@pytest.mark.parametrize("calibration", ["GEOMETRY", "FIDUCIAL"])
def test_a_calibration_in_the_breast_goes_before_the_detector(
    tmp_path: Path, calibration: str
) -> None:
    elements = {
        "ImagerPixelSpacing": [0.1, 0.1],
        "PixelSpacing": [0.0556, 0.0556],
        "PixelSpacingCalibrationType": calibration,
        "EstimatedRadiographicMagnificationFactor": "1.7",
    }

    assert spacing(tmp_path / "a.dcm", **elements) == 0.0556
    assert spacing(tmp_path / "a.dcm", **{**elements, "PixelSpacing": [0, 0]}) == pytest.approx(
        0.1 / 1.7
    )


@pytest.mark.parametrize("imager", [[0, 0], [-1, -1], "", [0.1]], ids=str)
def test_a_detector_spacing_that_is_no_length_gives_way(tmp_path: Path, imager: Any) -> None:
    assert spacing(tmp_path / "a.dcm", ImagerPixelSpacing=imager, PixelSpacing=[0.07, 0.07]) == 0.07


@pytest.mark.parametrize(
    ("meaning", "expected"), [("Magnification", None), ("Spot Compression", 0.1), ("", 0.1)]
)
def test_a_magnification_by_name_alone_has_no_known_spacing(
    tmp_path: Path, meaning: str, expected: float | None
) -> None:
    view = item(CodeMeaning="cranio-caudal", ViewModifierCodeSequence=[item(CodeMeaning=meaning)])
    elements = {"ImagerPixelSpacing": [0.1, 0.1], "ViewCodeSequence": [view]}

    assert spacing(tmp_path / "a.dcm", **elements) == expected
    factor = {"EstimatedRadiographicMagnificationFactor": "2"}
    assert spacing(tmp_path / "a.dcm", **elements, **factor) == 0.05
