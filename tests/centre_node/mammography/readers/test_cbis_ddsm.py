from dataclasses import astuple
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.phantoms.reading import read_phantoms
from centre_node.mammography.phantoms.writers.cbis_ddsm import write_cbis_ddsm
from centre_node.mammography.readers.cbis_ddsm import read_cbis_ddsm
from centre_node.mammography.summaries import summary
from node_api.data_sources import PhantomSet
from tests.centre_node.mammography.readers.cbis_ddsm_folder import (
    BELOW,
    CALC_FILM,
    FILM,
    HEIGHT,
    WIDTH,
    region,
    row,
    write,
    write_film,
    write_table,
)

MASS, CALC = Box(40, 50, 60, 80), Box(70, 20, 90, 45)


def mask(box: Box) -> Any:
    return region(box.left, box.top, box.right, box.bottom)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One film with one mass."""
    write_table(tmp_path, row())
    write_film(tmp_path, mask(MASS))
    return tmp_path


@pytest.fixture
def pair(folder: Path) -> Path:
    """The same film in the table of calcifications too."""
    write_table(folder, row(CALC_FILM), kind="calc", split="test")
    write_film(folder, mask(CALC), film=CALC_FILM)
    return folder


def read_one(folder: Path) -> Mammogram:
    (mammogram,) = read_cbis_ddsm(folder, {}).mammograms
    return mammogram


def test_a_row_is_a_lesion_with_the_outline_of_its_mask(folder: Path) -> None:
    mammogram = read_one(folder)

    corners = ((40.0, 50.0), (40.0, 79.0), (59.0, 79.0), (59.0, 50.0))
    assert mammogram.lesions == (Lesion(MASS, "mass", (corners,), "malignant", "4"),)
    assert (mammogram.image_id, mammogram.patient_id) == (FILM, "P_00001")
    assert (mammogram.width, mammogram.height) == (WIDTH, HEIGHT)
    assert (mammogram.laterality, mammogram.view, mammogram.density) == ("L", "CC", 3)
    assert mammogram.pixel_spacing_mm is None
    assert mammogram.excluded == ()
    assert mammogram.labels == {
        "split": "train",
        "abnormality_type": "mass",
        "laterality": "L",
        "view": "CC",
    }
    assert mammogram.load().shape == (HEIGHT, WIDTH)


def test_several_abnormalities_of_a_film_are_several_lesions(folder: Path) -> None:
    write_table(folder, row(), row(number=2, pathology="BENIGN_WITHOUT_CALLBACK", assessment=""))
    write_film(folder, mask(MASS), mask(CALC))

    lesions = read_one(folder).lesions

    assert [lesion.box for lesion in lesions] == [MASS, CALC]
    assert lesions[1].pathology == "benign_without_callback"
    assert lesions[1].birads is None


def test_parts_of_a_mask_are_contours_of_one_lesion_and_specks_are_none(folder: Path) -> None:
    parts = mask(MASS) | mask(CALC)
    parts[150, 110] = 255
    write_film(folder, parts)

    (lesion,) = read_one(folder).lesions

    assert lesion.box == Box(40, 20, 90, 80)
    assert len(lesion.contours) == 2


def test_a_mask_of_one_pixel_is_a_lesion_of_one_pixel(folder: Path) -> None:
    write_film(folder, region(7, 9, 8, 10))

    assert read_one(folder).lesions[0].box == Box(7, 9, 8, 10)


@pytest.mark.parametrize("factor", [0.5, 1.149, 2])
def test_a_mask_of_another_scale_is_scaled_to_its_film(folder: Path, factor: float) -> None:
    size = round(WIDTH * factor), round(HEIGHT * factor)
    scaled = cv2.resize(mask(MASS), size, interpolation=cv2.INTER_NEAREST)
    write_film(folder, np.asarray(scaled, dtype=np.uint8))
    # The crop has the film's proportions too, and only the mask has two values.
    grey = np.arange(WIDTH * HEIGHT // 4, dtype=np.uint16).reshape(HEIGHT // 2, WIDTH // 2)
    write(folder / f"{FILM}_1" / BELOW / "1-0.dcm", grey)

    mammogram = read_one(folder)

    assert _distance(mammogram.lesions[0].box, MASS) <= 1
    assert mammogram.excluded == ()


@pytest.fixture
def patients(folder: Path) -> Path:
    """One patient in both splits with a mass and a calcification, and one in each alone."""
    write_table(folder, row(), row("Mass-Training_P_00002_LEFT_CC", patient_id="P_00002"))
    write_film(folder, mask(MASS), film="Mass-Training_P_00002_LEFT_CC")
    both, third = "Calc-Test_P_00001_RIGHT_CC", "Calc-Test_P_00003_LEFT_CC"
    rows = [
        row(both, **{"left or right breast": "RIGHT"}),
        row(third, patient_id="P_00003"),
    ]
    write_table(folder, *rows, kind="calc", split="test")
    for film in (both, third):
        write_film(folder, mask(CALC), film=film)
    return folder


def test_patients_in_both_official_splits_are_counted(patients: Path) -> None:
    assert summary(read_cbis_ddsm(patients, {})).patients_in_several_splits == 1


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_split_that_is_asked_for_says_how_many_patients_are_in_the_other(
    patients: Path, split: str
) -> None:
    reading = read_cbis_ddsm(patients, {"split": split})

    reason = "it is in another split too, so the two are no independent sets"
    assert summary(reading).skipped == {reason: 1}
    assert len(reading.mammograms) == 2
    assert not any("P_0" in record.record for record in reading.skipped)


@pytest.mark.parametrize("kind", ["mass", "calcification"])
def test_the_splits_of_one_kind_are_clean(patients: Path, kind: str) -> None:
    split = "train" if kind == "mass" else "test"

    assert read_cbis_ddsm(patients, {"split": split, "abnormality_type": kind}).skipped == ()


@pytest.mark.parametrize("kind", ["mass", "calc"])
@pytest.mark.parametrize(("text", "density"), [("1", 1), ("4", 4), ("0", None), ("", None)])
def test_density_is_in_one_of_two_columns(
    tmp_path: Path, kind: str, text: str, density: int | None
) -> None:
    film = FILM if kind == "mass" else CALC_FILM
    column = {"mass": "breast_density", "calc": "breast density"}[kind]
    write_table(tmp_path, row(film, **{column: text}), kind=kind)
    write_film(tmp_path, mask(MASS), film=film)

    assert read_one(tmp_path).density == density


def test_a_file_that_is_where_its_path_says_goes_before_others(folder: Path) -> None:
    write(folder / FILM / BELOW / "000000.dcm", np.eye(50, 60, dtype=np.uint8))

    assert read_one(folder).width == 60


@pytest.mark.parametrize("root", ["CBIS-DDSM", "manifest-ZkhPvrLo52167/CBIS-DDSM"])
def test_the_downloader_puts_the_films_below_another_folder(tmp_path: Path, root: str) -> None:
    write_table(tmp_path, row())
    write_film(tmp_path / root, mask(MASS))

    assert read_one(tmp_path).lesions[0].box == MASS


def test_mask_and_crop_may_lie_in_two_folders_and_be_mixed_up(folder: Path) -> None:
    (folder / "other").mkdir()
    (folder / f"{FILM}_1" / BELOW / "1-1.dcm").rename(folder / "other" / "1-1.dcm")
    write_table(folder, row(**{"cropped image file path": "other/000000.dcm"}))

    assert read_one(folder).lesions[0].box == MASS


def test_a_film_in_both_tables_is_one_mammogram_with_the_lesions_of_both(pair: Path) -> None:
    reading = read_cbis_ddsm(pair, {})

    (mammogram,) = reading.mammograms
    assert [(x.box, x.kind) for x in mammogram.lesions] == [
        (MASS, "mass"),
        (CALC, "calcification"),
    ]
    assert mammogram.image_id == FILM
    assert mammogram.excluded == ()
    assert mammogram.labels["split"] == "train and test"
    assert summary(reading).skipped == {
        "its image is a copy of another, which has its lesions now": 1
    }


def test_lesions_of_a_copy_that_is_not_wanted_are_excluded(pair: Path) -> None:
    (mammogram,) = read_cbis_ddsm(pair, {"split": "test"}).mammograms

    assert mammogram.image_id == CALC_FILM
    assert [lesion.box for lesion in mammogram.lesions] == [CALC]
    assert mammogram.excluded == (MASS,)


def test_copies_of_different_sizes_stay_two_with_no_healthy_tissue(pair: Path) -> None:
    small = np.zeros((HEIGHT // 2, WIDTH // 2), dtype=np.uint8)
    small[5:9, 5:9] = 255
    write_film(pair, small, film=CALC_FILM, size=(WIDTH // 2, HEIGHT // 2))

    mass, calcification = read_cbis_ddsm(pair, {}).mammograms

    assert [len(m.lesions) for m in (mass, calcification)] == [1, 1]
    assert mass.excluded == (Box(0, 0, WIDTH, HEIGHT),)
    assert calcification.excluded == (Box(0, 0, WIDTH // 2, HEIGHT // 2),)


@pytest.mark.parametrize(
    "where",
    [{"split": "train"}, {"abnormality_type": "mass"}, {"laterality": "L"}, {"view": "CC"}],
)
def test_where_keeps_some_films(folder: Path, where: dict[str, str]) -> None:
    other = "Calc-Test_P_00002_RIGHT_MLO"
    places = {"left or right breast": "RIGHT", "image view": "MLO"}
    write_table(folder, row(other, patient_id="P_00002", **places), kind="calc", split="test")
    write_film(folder, mask(CALC), film=other)

    assert len(read_cbis_ddsm(folder, {}).mammograms) == 2
    assert [m.image_id for m in read_cbis_ddsm(folder, where).mammograms] == [FILM]


@pytest.fixture(scope="module")
def phantoms() -> tuple[Mammogram, ...]:
    configuration = PhantomSet(style="film", patients=6, seed=3, image_height_px=256)
    return read_phantoms(configuration).mammograms


def _as_written(mammogram: Mammogram) -> list[Lesion]:
    """Masses stand in the first table."""
    return sorted(mammogram.lesions, key=lambda lesion: lesion.kind != "mass")


def test_phantoms_with_lesions_come_back_as_they_were_written(
    phantoms: tuple[Mammogram, ...], tmp_path: Path
) -> None:
    write_cbis_ddsm(phantoms, tmp_path, on_progress=lambda *_: None)

    images = {
        (m.patient_id, m.laterality, m.view): m for m in read_cbis_ddsm(tmp_path, {}).mammograms
    }

    ill = [m for m in phantoms if m.lesions]
    patients = list(dict.fromkeys(m.patient_id for m in ill))
    assert len(images) == len(ill)
    for original in ill:
        patient = f"P_{patients.index(original.patient_id) + 1:05d}"
        image = images[patient, original.laterality, original.view]
        assert image.density == original.density
        assert image.pixel_spacing_mm is None
        assert image.excluded == ()
        for found, drawn in zip(image.lesions, _as_written(original), strict=True):
            assert (found.kind, found.pathology) == (drawn.kind, drawn.pathology)
            assert _distance(found.box, drawn.box) <= 1
        correlation = np.corrcoef(image.load().ravel(), original.load().ravel())[0, 1]
        assert correlation > 0.99


def _distance(one: Box, other: Box) -> float:
    return float(np.abs(np.subtract(astuple(one), astuple(other))).max())


def test_the_same_phantoms_are_the_same_bytes(
    phantoms: tuple[Mammogram, ...], tmp_path: Path
) -> None:
    contents = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_cbis_ddsm(phantoms[:6], tmp_path / name, on_progress=lambda *_: None)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        contents.append([path.read_bytes() for path in files])

    assert len(contents[0]) > 8
    assert contents[0] == contents[1]


def test_a_phantom_with_both_kinds_is_written_twice_and_read_once(
    phantoms: tuple[Mammogram, ...], tmp_path: Path
) -> None:
    both = next(m for m in phantoms if m.lesions)
    lesions = (Lesion(MASS, "mass"), Lesion(CALC, "calcification"))
    image = Mammogram(
        "x", "y", both.width, both.height, both.load, laterality="R", view="MLO", lesions=lesions
    )

    write_cbis_ddsm([image], tmp_path, on_progress=lambda *_: None)

    assert len(list(tmp_path.glob("*_RIGHT_MLO"))) == 2
    assert [lesion.box for lesion in read_one(tmp_path).lesions] == [MASS, CALC]
