import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.phantoms.reading import read_phantoms
from centre_node.mammography.phantoms.writers.optimam import write_optimam
from centre_node.mammography.readers.optimam import read_optimam
from centre_node.mammography.summaries import summary
from node_api.data_sources import PhantomSet
from tests.centre_node.mammography.readers.optimam_folder import (
    HEIGHT,
    IMAGE,
    SERIES,
    WIDTH,
    episode,
    mark,
    write_client,
    write_image,
)

EVERYTHING = Box(0, 0, WIDTH, HEIGHT)


def read_one(folder: Path) -> Mammogram:
    (mammogram,) = read_optimam(folder, {}).mammograms
    return mammogram


def with_marks(folder: Path, *marks: Any, **client: Any) -> Mammogram:
    found = {str(number): content for number, content in enumerate(marks)}
    return read_one(write_client(folder, images={IMAGE: found}, **client))


def test_an_image_is_read_with_what_its_json_and_its_header_say(tmp_path: Path) -> None:
    mammogram = with_marks(tmp_path, mark(), nbss={"101": episode("Malignant")})

    assert (mammogram.image_id, mammogram.patient_id) == (IMAGE, "optm1")
    assert (mammogram.width, mammogram.height) == (WIDTH, HEIGHT)
    assert (mammogram.laterality, mammogram.view) == ("R", "MLO")
    assert mammogram.pixel_spacing_mm == 0.07
    assert mammogram.labels == {
        "manufacturer": "genshare phantoms",
        "presentation_intent": "FOR PRESENTATION",
        "outcome": "M",
    }
    assert mammogram.fingerprint.startswith(f"images/optm1/1.2.1/{IMAGE}.dcm ")
    assert mammogram.load().shape == (HEIGHT, WIDTH)


@pytest.mark.parametrize(
    ("corners", "box"),
    [
        ({}, Box(40, 50, 60, 80)),
        ({"X1": "59", "X2": "40"}, Box(40, 50, 60, 80)),
        ({"Y1": "79", "Y2": "50"}, Box(40, 50, 60, 80)),
        ({"X1": "-7", "X2": "500"}, Box(0, 50, WIDTH, 80)),
        ({"X1": "40.6", "X2": 59.2}, Box(40, 50, 60, 80)),
        ({"X2": "40", "Y2": "50"}, Box(40, 50, 41, 51)),
    ],
)
def test_two_opposite_corners_make_a_box_of_the_pixels_between(
    tmp_path: Path, corners: dict[str, Any], box: Box
) -> None:
    mammogram = with_marks(tmp_path, mark(**corners))

    assert [lesion.box for lesion in mammogram.lesions] == [box]
    assert mammogram.excluded == ()


@pytest.mark.parametrize(
    ("flags", "kind"),
    [
        ({}, "mass"),
        ({"WithCalcification": "WithCalcification"}, "mass"),
        ({"Mass": "", "WithCalcification": "WithCalcification"}, "calcification"),
        ({"Mass": None, "SuspiciousCalcifications": 1}, "calcification"),
        ({"Mass": " ", "FocalAsymmetry": "FocalAsymmetry"}, "other"),
    ],
)
def test_flags_that_are_not_empty_say_what_a_mark_is(
    tmp_path: Path, flags: dict[str, Any], kind: str
) -> None:
    assert with_marks(tmp_path, mark(**flags)).lesions[0].kind == kind


def test_marks_of_one_lesion_are_one_lesion(tmp_path: Path) -> None:
    calcified = {"Mass": "", "WithCalcification": "yes"}
    marks = [
        mark(LesionID=1, X1="10", X2="19", **calcified),
        mark(LesionID=1, Y2="99"),
        mark(LesionID=2, **calcified),
        mark(LesionID=None),
        mark(LesionID=None),
    ]

    lesions = with_marks(tmp_path, *marks).lesions

    assert [lesion.kind for lesion in lesions] == ["mass", "calcification", "mass", "mass"]
    assert lesions[0].box == Box(10, 50, 60, 100)
    assert lesions[0].contours == ()


@pytest.mark.parametrize(
    ("changes", "nbss", "pathology"),
    [
        ({"LinkedNBSSLesionNumber": "1"}, {"101": episode(right="Malignant")}, "malignant"),
        ({"LinkedNBSSLesionNumber": "1"}, {"101": episode(right="Benign")}, "benign"),
        ({"LinkedNBSSLesionNumber": "1"}, {"101": episode(left="Malignant")}, None),
        ({"LinkedNBSSLesionNumber": "1"}, {"101": episode()}, "normal"),
        ({"LinkedNBSSLesionNumber": "1"}, None, None),
        ({"LinkedNBSSLesionNumber": ""}, {"101": episode(right="Malignant")}, None),
        ({"BenignClassification": "rod-like"}, {"101": episode(right="Malignant")}, "benign"),
    ],
)
def test_pathology_is_the_outcome_of_a_linked_lesion_or_else_a_benign_classification(
    tmp_path: Path, changes: dict[str, Any], nbss: Any, pathology: str | None
) -> None:
    assert with_marks(tmp_path, mark(**changes), nbss=nbss).lesions[0].pathology == pathology


@pytest.mark.parametrize(
    ("nbss", "is_healthy"),
    [
        ({"101": episode()}, True),
        ({"101": episode(ASSESSMENT={"left_opinion": "Normal"})}, True),
        ({"101": {"EpisodeOutcome": "NA"}}, True),
        ({"101": episode("Malignant")}, False),
        ({"101": episode(), "102": episode("Malignant")}, False),
        ({"101": episode("Benign")}, False),
        ({"101": {"EpisodeType": "CI"}}, False),
        ({"101": {"SCREENING": {}}}, False),
        (None, False),
    ],
)
def test_an_image_without_marks_is_healthy_only_where_the_client_is(
    tmp_path: Path, nbss: Any, is_healthy: bool
) -> None:
    reading = read_optimam(write_client(tmp_path, nbss=nbss), {})

    assert reading.mammograms[0].excluded == (() if is_healthy else (EVERYTHING,))
    assert len(reading.skipped) == (0 if is_healthy else 1)


def test_images_for_processing_are_read_only_when_they_are_asked_for(tmp_path: Path) -> None:
    raw = f"{SERIES}.2"
    folder = write_client(tmp_path, images={IMAGE: None, raw: None}, nbss={"101": episode()})
    write_image(folder, image=raw, **{"00080068": "FOR PROCESSING"})

    usual = read_optimam(folder, {})
    asked = read_optimam(folder, {"presentation_intent": "FOR PROCESSING"})

    assert [mammogram.image_id for mammogram in usual.mammograms] == [IMAGE]
    assert summary(usual).skipped == {"it is not FOR PRESENTATION": 1}
    assert [mammogram.image_id for mammogram in asked.mammograms] == [raw]


@pytest.mark.parametrize("root", ["images", "data"])
@pytest.mark.parametrize("ending", [".json", ".dcm.json"])
@pytest.mark.parametrize("tag", ["00185101", "(0018,5101)", "0018,5101"])
def test_the_json_may_lie_in_either_tree_and_write_tags_either_way(
    tmp_path: Path, root: str, ending: str, tag: str
) -> None:
    path = write_image(write_client(tmp_path)).with_suffix(".json")
    path.unlink()
    found = tmp_path / root / "optm1" / "1.2.1" / f"{IMAGE}{ending}"
    found.parent.mkdir(exist_ok=True)
    found.write_text(json.dumps({tag: {"vr": "CS", "Value": ["ML"]}}))

    assert read_one(tmp_path).view == "ML"


def test_without_a_json_the_header_tells(tmp_path: Path) -> None:
    write_image(write_client(tmp_path)).with_suffix(".json").unlink()

    mammogram = read_one(tmp_path)

    assert (mammogram.laterality, mammogram.view) == ("L", "MLO")
    assert mammogram.labels["presentation_intent"] == "FOR PRESENTATION"


def test_where_keeps_outcomes(tmp_path: Path) -> None:
    write_client(tmp_path, "optm1", nbss={"101": episode()})
    write_client(tmp_path, "optm2", images={"1.9": None}, nbss={"101": episode("Malignant")})

    kept = read_optimam(tmp_path, {"outcome": "M"}).mammograms

    assert [mammogram.patient_id for mammogram in kept] == ["optm2"]


@pytest.fixture(scope="module")
def phantoms() -> tuple[Mammogram, ...]:
    configuration = PhantomSet(style="digital", patients=6, seed=7, image_height_px=256)
    return read_phantoms(configuration).mammograms


@pytest.fixture(scope="module")
def written(phantoms: tuple[Mammogram, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("optimam")
    write_optimam(phantoms, folder, on_progress=lambda *_: None)
    return folder


@pytest.mark.slow
def test_phantoms_come_back_as_they_were_written(
    phantoms: tuple[Mammogram, ...], written: Path
) -> None:
    reading = read_optimam(written, {})

    assert set(summary(reading).skipped) <= {
        "it is not FOR PRESENTATION",
        "it has no mark, but its client is not known to be healthy: no healthy patch is cut",
    }
    assert len({m.patient_id for m in reading.mammograms}) == len({m.patient_id for m in phantoms})
    for image, original in zip(reading.mammograms, phantoms, strict=True):
        assert [lesion.box for lesion in image.lesions] == [x.box for x in original.lesions]
        assert [(x.kind, x.pathology) for x in image.lesions] == [
            (x.kind, x.pathology) for x in original.lesions
        ]
        assert (image.laterality, image.view) == (original.laterality, original.view)
        assert image.pixel_spacing_mm == pytest.approx(original.pixel_spacing_mm)
        correlation = np.corrcoef(image.load().ravel(), original.load().ravel())[0, 1]
        assert correlation > 0.99


@pytest.mark.slow
def test_healthy_phantoms_stay_healthy_and_a_second_breast_is_in_doubt(
    phantoms: tuple[Mammogram, ...], written: Path
) -> None:
    ill = {m.patient_id for m in phantoms if m.lesions}
    assert any(m.patient_id in ill and not m.lesions for m in phantoms)

    for image, original in zip(read_optimam(written, {}).mammograms, phantoms, strict=True):
        in_doubt = original.patient_id in ill and not original.lesions
        assert len(image.excluded) == in_doubt


def test_the_same_phantoms_are_the_same_bytes(
    phantoms: tuple[Mammogram, ...], tmp_path: Path
) -> None:
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        folder.mkdir()
        write_optimam(phantoms[:3], folder, on_progress=lambda *_: None)

    first, second = (
        [f.read_bytes() for f in sorted(x.glob("*/*/**/*.*")) if f.is_file()] for x in folders
    )
    assert len(first) > 6
    assert first == second
