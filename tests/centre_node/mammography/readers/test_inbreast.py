from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xlwt

from centre_node.mammography.boxes import Box
from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.phantoms.reading import read_phantoms
from centre_node.mammography.phantoms.writers.inbreast import write_inbreast
from centre_node.mammography.readers.inbreast import IMAGES, TABLE, WORKBOOK, read_inbreast
from centre_node.mammography.summaries import summary
from node_api.data_sources import PhantomSet
from tests.centre_node.mammography.readers.inbreast_folder import (
    HEIGHT,
    IMAGE,
    PATIENT,
    WIDTH,
    region,
    row,
    square,
    write_folder,
    write_image,
)
from tests.centre_node.mammography.readers.round_trip import (
    contents,
    distance_px,
    grouping,
    unseen,
)

EVERYTHING = Box(0, 0, WIDTH, HEIGHT)
OTHER, OTHER_PATIENT = "22580341", "0123456789abcdef"


def read_one(folder: Path, *regions: str, **changes: str) -> Mammogram:
    (mammogram,) = read_inbreast(
        write_folder(folder, *regions, rows=(row(**changes),)), {}
    ).mammograms
    return mammogram


def reasons(folder: Path) -> dict[str, int]:
    return summary(read_inbreast(folder, {})).skipped


def test_an_image_is_read_with_what_its_name_row_and_header_say(tmp_path: Path) -> None:
    mammogram = read_one(tmp_path, region("Mass", *square(40, 50)))

    assert (mammogram.image_id, mammogram.patient_id) == (IMAGE, PATIENT)
    assert (mammogram.width, mammogram.height) == (WIDTH, HEIGHT)
    assert (mammogram.laterality, mammogram.view, mammogram.density) == ("R", "CC", 3)
    assert mammogram.pixel_spacing_mm == 0.07
    assert mammogram.labels == {"birads": "4a", "acr": "3", "laterality": "R", "view": "CC"}
    contour = ((40.0, 50.0), (59.0, 50.0), (59.0, 69.0), (40.0, 69.0))
    assert mammogram.lesions == (Lesion(Box(40, 50, 60, 70), "mass", (contour,), None, "4a"),)
    assert mammogram.excluded == ()
    assert mammogram.fingerprint.startswith(f"{IMAGES}/{IMAGE}_")
    pixels = mammogram.load()
    assert pixels.dtype == np.uint8
    assert pixels.shape == (HEIGHT, WIDTH)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Calcification", "calcification"),
        ("Calcifications", "calcification"),
        ("CLUSTER", "calcification"),
        ("mass", "mass"),
        ("Spiculated Region", "mass"),
        ("Spiculated region", "mass"),
        (" Espiculated  Region ", "mass"),
        ("Distortion", "other"),
        ("Asymmetry", "other"),
        ("Assymetry", "other"),
    ],
)
def test_names_are_known_however_they_are_spelt(tmp_path: Path, name: str, kind: str) -> None:
    (lesion,) = read_one(tmp_path, region(name, *square(40, 50))).lesions

    assert lesion.kind == kind
    assert reasons(tmp_path) == {}


@pytest.mark.parametrize("name", ["Unnamed", "Point 1", "Point 3", None])
def test_a_region_without_a_name_is_a_calcification_if_a_point_else_other(
    tmp_path: Path, name: str | None
) -> None:
    point, outline = region(name, (30.4, 20.9)), region(name, *square(40, 50))

    lesions = read_one(tmp_path, point, outline).lesions

    assert [(lesion.box, lesion.kind) for lesion in lesions] == [
        (Box(30, 20, 31, 21), "calcification"),
        (Box(40, 50, 60, 70), "other"),
    ]
    assert reasons(tmp_path) == {"it has no name that is known; it is read as other": 1}


def test_a_spiculated_region_is_a_part_of_the_mass_that_it_overlaps_most(tmp_path: Path) -> None:
    lesions = read_one(
        tmp_path,
        region("Espiculated Region", *square(30, 30, 40)),
        region("Mass", *square(25, 25, 10)),
        region("Mass", *square(40, 40, 10)),
        region("Spiculated Region", *square(100, 100, 10)),
    ).lesions

    assert [(lesion.box, len(lesion.contours)) for lesion in lesions] == [
        (Box(25, 25, 35, 35), 1),
        (Box(30, 30, 70, 70), 2),
        (Box(100, 100, 110, 110), 1),
    ]


def test_masses_that_overlap_stay_apart(tmp_path: Path) -> None:
    masses = [region("Mass", *square(40, 40)), region("Mass", *square(50, 50))]

    assert len(read_one(tmp_path, *masses).lesions) == 2


def test_ml_in_a_file_name_means_mlo(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, rows=(row(OTHER, "L", "MLO", birads="1"),))
    write_image(folder, OTHER, OTHER_PATIENT, "L_ML")

    views = {m.image_id: (m.laterality, m.view) for m in read_inbreast(folder, {}).mammograms}

    assert views[OTHER] == ("L", "MLO")


@pytest.mark.parametrize(
    ("birads", "is_healthy"),
    [("1", True), ("2", False), ("4a", False), ("0", False), ("", False)],
)
def test_of_images_with_no_outline_only_those_of_birads_1_are_healthy(
    tmp_path: Path, birads: str, is_healthy: bool
) -> None:
    mammogram = read_one(tmp_path, birads=birads)

    assert mammogram.lesions == ()
    assert mammogram.excluded == (() if is_healthy else (EVERYTHING,))
    reason = "nothing is outlined in it, but it is not BI-RADS 1; no healthy patch is cut there"
    assert reasons(tmp_path) == ({} if is_healthy else {reason: 1})


def test_a_density_may_be_blank_and_a_spacing_may_lack(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, rows=(row(acr="", birads="1"),))
    write_image(folder, spacing_mm=None)

    (mammogram,) = read_inbreast(folder, {}).mammograms

    assert (mammogram.density, mammogram.pixel_spacing_mm) == (None, None)
    assert reasons(folder) == {}


def test_where_compares_labels(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, rows=(row(birads="1"), row(OTHER, "L", acr="1", birads="2")))
    write_image(folder, OTHER, OTHER_PATIENT, "L_CC")

    assert [m.image_id for m in read_inbreast(folder, {"birads": "2"}).mammograms] == [OTHER]
    assert [m.image_id for m in read_inbreast(folder, {"laterality": "R"}).mammograms] == [IMAGE]
    with pytest.raises(BadMammogramsError, match=r"no image with acr=4; .*acr=1, acr=3, birads=1"):
        read_inbreast(folder, {"acr": "4"})


def write_original_table(folder: Path) -> None:
    """Write the .xls: 17 columns, numbers as numbers, two rows of totals."""
    columns = [
        *("Patient ID", "Patient age", "Laterality", "View", "Acquisition date", "File Name"),
        *("ACR", "Bi-Rads", "Mass ", "Micros", "Distortion", "Asymmetry"),
        *("Findings Notes (in Portuguese)", "Other Notes", "Lesion Annotation Status"),
        *("Pectoral Muscle Annotation", "Other Annotations"),
    ]
    record: list[Any] = ["removed", "removed", "R", "CC", 201001.0, float(IMAGE), 3.0, 2.0, "X"]
    totals: list[list[Any]] = [[""] * 8 + [107, 1, 2, 3], [""] * 5 + [410, "", "", "108"]]
    sheet = (book := xlwt.Workbook()).add_sheet("INBreast")
    for number, line in enumerate([columns, record, *totals]):
        for column, cell in enumerate(line):
            sheet.write(number, column, cell)
    book.save(str(folder / WORKBOOK))


def test_the_workbook_is_read_where_there_is_no_csv(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, region("Mass", *square(40, 50)))
    write_original_table(folder)

    assert read_inbreast(folder, {}).mammograms[0].labels["birads"] == "4a"
    (folder / TABLE).unlink()
    (mammogram,) = read_inbreast(folder, {}).mammograms
    assert (mammogram.density, mammogram.labels["birads"]) == (3, "2")
    assert reasons(folder) == {}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Mammogram, ...]]:
    phantoms = PhantomSet(
        style="digital", patients=6, seed=0, image_height_px=256, healthy_share=0.34
    )
    mammograms = read_phantoms(phantoms).mammograms
    folder = tmp_path_factory.mktemp("inbreast")
    write_inbreast(mammograms, folder, on_progress=unseen)
    return folder, mammograms


@pytest.mark.slow
def test_phantoms_are_read_as_they_were_written(
    written: tuple[Path, tuple[Mammogram, ...]],
) -> None:
    folder, originals = written

    reading = read_inbreast(folder, {})

    assert reading.skipped == ()
    assert grouping(reading.mammograms) == grouping(originals)
    assert {lesion.kind for m in originals for lesion in m.lesions} == {"mass", "calcification"}
    for read, original in zip(reading.mammograms, originals, strict=True):
        assert (read.laterality, read.view) == (original.laterality, original.view)
        assert read.density == original.density
        assert read.pixel_spacing_mm == pytest.approx(original.pixel_spacing_mm)
        assert read.excluded == ()
        assert (read.labels["birads"] == "1") == (not original.lesions)
        for lesion, true in zip(read.lesions, original.lesions, strict=True):
            assert lesion.kind == true.kind
            assert distance_px(lesion.box, true.box) <= 1


def test_pixels_survive_in_14_bit(written: tuple[Path, tuple[Mammogram, ...]]) -> None:
    folder, originals = written

    read = read_inbreast(folder, {}).mammograms[0].load()

    assert np.abs(read.astype(int) - originals[0].load()).max() <= 1


@pytest.mark.slow
def test_writing_twice_gives_the_same_bytes(
    written: tuple[Path, tuple[Mammogram, ...]], tmp_path: Path
) -> None:
    folder, originals = written
    seen: list[tuple[int, int]] = []

    write_inbreast(originals, tmp_path, on_progress=lambda done, total: seen.append((done, total)))

    assert contents(tmp_path) == contents(folder)
    assert seen == [(done, len(originals)) for done in range(len(originals) + 1)]


def test_both_tables_that_are_written_say_the_same(
    written: tuple[Path, tuple[Mammogram, ...]], tmp_path: Path
) -> None:
    folder, originals = written
    write_inbreast(originals[:8], tmp_path, on_progress=unseen)
    (tmp_path / TABLE).unlink()

    without = read_inbreast(tmp_path, {})

    assert without.skipped == ()
    assert [m.labels for m in without.mammograms] == [
        m.labels for m in read_inbreast(folder, {}).mammograms[:8]
    ]


def test_what_the_layout_cannot_tell_becomes_the_nearest_that_it_can(tmp_path: Path) -> None:
    (original, *_) = read_phantoms(
        PhantomSet(style="soft", patients=1, seed=0, image_height_px=256)
    ).mammograms
    lesions = (
        Lesion(Box(30, 40, 31, 41), "calcification", (((30.2, 40.7),),)),
        Lesion(Box(50, 60, 70, 90), "other", birads="3"),
        Lesion(Box(10, 100, 30, 120), "mass", (square(10, 100), square(12, 102, 8))),
    )
    odd = Mammogram(
        "a", "Jane Doe", original.width, original.height, original.load,
        lesions=lesions, excluded=(Box(5, 5, 9, 9),),
    )  # fmt: skip
    write_inbreast([odd], tmp_path, on_progress=unseen)

    (read,) = read_inbreast(tmp_path, {}).mammograms

    assert (read.laterality, read.view, read.density) == ("L", None, None)
    assert read.pixel_spacing_mm is None
    assert [(lesion.box, lesion.kind) for lesion in read.lesions] == [
        *((lesion.box, lesion.kind) for lesion in lesions),
        (Box(5, 5, 9, 9), "other"),
    ]
    assert read.labels["birads"] == "3"
    assert not any(b"Jane" in content for content in contents(tmp_path).values())
