from pathlib import Path

import numpy as np
import pytest

from centre_node.mammography.boxes import Box
from centre_node.mammography.datasets import read_folder
from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.phantoms.reading import read_phantoms
from centre_node.mammography.phantoms.writers.bcdr import write_bcdr
from centre_node.mammography.readers.bcdr import read_bcdr
from centre_node.mammography.summaries import summary
from node_api.data_sources import PhantomSet
from tests.centre_node.mammography.readers.bcdr_folder import (
    HEIGHT,
    WIDTH,
    file_name,
    image_row,
    outline_row,
    write_image,
    write_tables,
)
from tests.centre_node.mammography.readers.round_trip import (
    contents,
    distance_px,
    grouping,
    unseen,
)

EVERYTHING = Box(0, 0, WIDTH, HEIGHT)
MAYBE_ILL = "nothing is outlined in it, but it may not be healthy; no healthy patch is cut there"


def read_one(folder: Path, *outlines: str, images: list[str] | None = None) -> Mammogram:
    write_image(folder)
    write_tables(folder, images=images, outlines=outlines or [outline_row()])
    (mammogram,) = read_bcdr(folder, {}).mammograms
    return mammogram


def healthy(folder: Path) -> dict[str, bool]:
    """Whether each image, by its name's end, may give healthy patches."""
    mammograms = read_bcdr(folder, {}).mammograms
    return {
        m.image_id.rpartition("_")[2].removesuffix(".tif"): not (m.lesions or m.excluded)
        for m in mammograms
    }


def test_an_image_is_read_with_what_its_rows_say(tmp_path: Path) -> None:
    mammogram = read_one(tmp_path, outline_row(classification="Malign"), images=[image_row()])

    assert mammogram.image_id == f"F01/{file_name()}"
    assert mammogram.patient_id == "3"
    assert (mammogram.width, mammogram.height) == (WIDTH, HEIGHT)
    assert (mammogram.laterality, mammogram.view, mammogram.density) == ("L", "CC", 2)
    assert mammogram.pixel_spacing_mm is None
    assert mammogram.labels == {"set": "F01", "classification": "Malign", "mammography_type": "1"}
    contour = ((40.0, 50.0), (59.0, 50.0), (59.0, 69.0), (40.0, 69.0))
    assert mammogram.lesions == (Lesion(Box(40, 50, 60, 70), "mass", (contour,), "malignant"),)
    assert mammogram.excluded == ()
    assert mammogram.fingerprint.startswith(f"F01/{file_name()} ")
    pixels = mammogram.load()
    assert pixels.shape == (HEIGHT, WIDTH)
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert read_bcdr(tmp_path, {}).skipped == ()


@pytest.mark.parametrize(
    ("nodule", "calcification", "microcalcification", "kind"),
    [
        (1, 0, 0, "mass"),
        (1, 1, 1, "mass"),
        (0, 1, 0, "calcification"),
        (0, 0, 1, "calcification"),
        (0, 0, 0, "other"),
    ],
)
def test_flags_make_the_kind(
    tmp_path: Path, nodule: int, calcification: int, microcalcification: int, kind: str
) -> None:
    row = outline_row(
        nodule=nodule, calcification=calcification, microcalcification=microcalcification
    )

    assert read_one(tmp_path, row).lesions[0].kind == kind


def test_segmentations_of_a_lesion_are_joined_and_the_worst_counts(tmp_path: Path) -> None:
    mammogram = read_one(
        tmp_path,
        outline_row(nodule=0, calcification=1),
        outline_row(segmentation=2, x="10 20 20", y="60 60 99", classification="Malign"),
        outline_row(lesion=2, segmentation=3, x="7", y="8", nodule=0),
    )

    first, second = mammogram.lesions
    assert (first.box, len(first.contours)) == (Box(10, 50, 60, 100), 2)
    assert (first.kind, first.pathology) == ("mass", "malignant")
    assert (second.box, second.kind, second.pathology) == (Box(7, 8, 8, 9), "other", "benign")
    assert mammogram.labels["classification"] == "Malign"


def test_outlines_without_a_lesion_id_are_lesions_of_their_own(tmp_path: Path) -> None:
    rows = [outline_row(lesion="NaN"), outline_row(lesion="NaN", x="1 2 3", y="4 5 6")]

    assert len(read_one(tmp_path, *rows).lesions) == 2


@pytest.mark.parametrize(
    ("type_name", "side", "view"),
    [("RCC", "R", "CC"), ("LCC", "L", "CC"), ("RO", "R", "MLO"), ("LO", "L", "MLO")],
)
@pytest.mark.parametrize("table", ["images", "outlines"])
def test_either_table_tells_the_view(
    tmp_path: Path, table: str, type_name: str, side: str, view: str
) -> None:
    write_image(tmp_path, type_name=type_name)
    if table == "images":
        write_tables(tmp_path, images=[image_row(type_name=type_name)])
    else:
        write_tables(tmp_path, outlines=[outline_row(type_name=type_name)])

    (mammogram,) = read_bcdr(tmp_path, {}).mammograms

    assert (mammogram.laterality, mammogram.view) == (side, view)


def test_a_density_may_be_nan_in_one_table_or_both(tmp_path: Path) -> None:
    write_image(tmp_path)
    write_image(tmp_path, type_name="LO")
    rows = [image_row(density="NaN"), image_row(type_name="LO", density="NaN")]
    write_tables(tmp_path, images=rows, outlines=[outline_row(density=4)])

    assert [m.density for m in read_bcdr(tmp_path, {}).mammograms] == [4, None]


@pytest.mark.parametrize(
    "name",
    [file_name(), file_name().rpartition("/")[2], file_name().replace("/", "\\")],
    ids=["in the sub data set", "in the study", "with backslashes"],
)
def test_a_file_is_found_however_it_is_named(tmp_path: Path, name: str) -> None:
    mammogram = read_one(tmp_path, outline_row(), images=[image_row(file=name)])

    assert mammogram.image_id == f"F01/{file_name()}"
    assert len(mammogram.lesions) == 1


@pytest.mark.parametrize(("subset", "is_healthy"), [("n01", True), ("dn01", True), ("d02", False)])
def test_only_normals_are_healthy_as_a_whole(tmp_path: Path, subset: str, is_healthy: bool) -> None:
    write_image(tmp_path)
    write_tables(tmp_path, subset, images=[image_row()])

    assert healthy(tmp_path) == {"LCC": is_healthy}
    assert summary(read_bcdr(tmp_path, {})).skipped == ({} if is_healthy else {MAYBE_ILL: 1})


def test_beside_a_lesion_only_the_other_breast_is_healthy(tmp_path: Path) -> None:
    types = ("LCC", "LO", "RCC", "RO")
    for type_name in types:
        write_image(tmp_path, type_name=type_name)
    write_image(tmp_path, patient=4, type_name="LCC")
    rows = [*(image_row(type_name=name) for name in types), image_row(patient=4)]
    write_tables(tmp_path, images=rows, outlines=[outline_row()])

    reading = read_bcdr(tmp_path, {})

    assert [m.excluded for m in reading.mammograms] == [(), (EVERYTHING,), (), (), (EVERYTHING,)]
    assert summary(reading).skipped == {MAYBE_ILL: 2}


def test_a_patient_is_the_same_in_all_sub_data_sets(tmp_path: Path) -> None:
    for name in ("F01", "F02", "N01"):
        write_image(tmp_path / name, type_name="LO", seed=ord(name[0]) + int(name[2]))
    write_tables(tmp_path / "F01", "f01", outlines=[outline_row(type_name="LO")])
    write_tables(tmp_path / "F02", "f02", outlines=[outline_row(type_name="LO")])
    write_tables(tmp_path / "N01", "n01", images=[image_row(type_name="LO")])

    reading = read_bcdr(tmp_path, {})

    assert [m.labels["set"] for m in reading.mammograms] == ["F01", "F02", "N01"]
    assert len({m.image_id for m in reading.mammograms}) == 3
    assert {m.patient_id for m in reading.mammograms} == {"3"}


def test_what_is_outlined_in_one_sub_data_set_is_not_healthy_in_another(tmp_path: Path) -> None:
    write_image(tmp_path / "F01")
    write_image(tmp_path / "F02", type_name="LO")
    write_image(tmp_path / "F02", type_name="RO")
    write_tables(tmp_path / "F01", "f01", outlines=[outline_row()])
    rows = [image_row(type_name="LO"), image_row(type_name="RO")]
    write_tables(tmp_path / "F02", "f02", images=rows)

    assert healthy(tmp_path) == {"LCC": False, "LO": False, "RO": True}


def test_of_copies_in_two_sub_data_sets_the_one_with_outlines_is_read(tmp_path: Path) -> None:
    for name in ("F01", "F03"):
        write_image(tmp_path / name)
    write_tables(tmp_path / "F01", "f01", images=[image_row()])
    write_tables(tmp_path / "F03", "f03", outlines=[outline_row()])

    reading = read_bcdr(tmp_path, {})

    assert [m.labels["set"] for m in reading.mammograms] == ["F03"]
    reason = "its image is a copy of another; one of them is read"
    assert summary(reading).skipped == {reason: 1}


def test_what_is_outlined_in_a_copy_only_is_tissue_that_neither_class_may_touch(
    tmp_path: Path,
) -> None:
    for name in ("F01", "F03"):
        write_image(tmp_path / name)
    other = outline_row(lesion=2, x="5 9 9 5", y="6 6 8 8")
    write_tables(tmp_path / "F01", "f01", outlines=[outline_row()])
    write_tables(tmp_path / "F03", "f03", outlines=[outline_row(lesion=9), other])

    (mammogram,) = read_bcdr(tmp_path, {}).mammograms

    assert [lesion.box for lesion in mammogram.lesions] == [Box(40, 50, 60, 70)]
    assert mammogram.excluded == (Box(5, 6, 10, 9),)


def test_an_outline_of_a_copy_that_has_no_place_excludes_the_image(tmp_path: Path) -> None:
    for name in ("F01", "F03"):
        write_image(tmp_path / name)
    write_tables(tmp_path / "F01", "f01", outlines=[outline_row()])
    write_tables(tmp_path / "F03", "f03", outlines=[outline_row(x="", y="")])

    (mammogram,) = read_bcdr(tmp_path, {}).mammograms

    assert (len(mammogram.lesions), mammogram.excluded) == (1, (EVERYTHING,))


@pytest.mark.parametrize(("letter", "density"), [("A", 1), ("d", 4), ("NaN", None), ("", None)])
def test_densities_may_be_letters_or_unknown(
    tmp_path: Path, letter: str, density: int | None
) -> None:
    mammogram = read_one(tmp_path, outline_row(density=letter))

    assert mammogram.density == density
    assert summary(read_bcdr(tmp_path, {})).skipped == {}


def test_where_compares_labels(tmp_path: Path) -> None:
    write_image(tmp_path)
    write_image(tmp_path, patient=4)
    write_tables(tmp_path, outlines=[outline_row(), outline_row(4, classification="Malign")])

    read = read_bcdr(tmp_path, {"classification": "Malign", "set": "F01"})

    assert [m.patient_id for m in read.mammograms] == ["4"]
    with pytest.raises(BadMammogramsError, match=r"no image with set=D01; .*set=F01"):
        read_bcdr(tmp_path, {"set": "D01"})


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Mammogram, ...]]:
    phantoms = PhantomSet(style="film", patients=6, seed=0, image_height_px=256, healthy_share=0.34)
    mammograms = read_phantoms(phantoms).mammograms
    folder = tmp_path_factory.mktemp("bcdr")
    write_bcdr(mammograms, folder, on_progress=unseen)
    return folder, mammograms


def in_order(folder: Path) -> list[Mammogram]:
    """Return what is read in the order in which it was written, of both sub data sets."""
    mammograms = read_folder(folder, "auto", {}).mammograms
    return sorted(mammograms, key=lambda m: m.image_id.partition("/")[2])


@pytest.mark.slow
def test_phantoms_are_read_as_they_were_written(
    written: tuple[Path, tuple[Mammogram, ...]],
) -> None:
    folder, originals = written

    read = in_order(folder)

    assert read_bcdr(folder, {}).skipped == ()
    assert grouping(read) == grouping(originals)
    assert {lesion.kind for m in originals for lesion in m.lesions} == {"mass", "calcification"}
    for mammogram, original in zip(read, originals, strict=True):
        assert (mammogram.laterality, mammogram.view) == (original.laterality, original.view)
        assert (mammogram.density, mammogram.excluded) == (original.density, ())
        for lesion, true in zip(mammogram.lesions, original.lesions, strict=True):
            assert (lesion.kind, lesion.pathology) == (true.kind, true.pathology)
            assert distance_px(lesion.box, true.box) <= 1


@pytest.mark.slow
def test_healthy_patients_are_written_as_normals(
    written: tuple[Path, tuple[Mammogram, ...]],
) -> None:
    folder, originals = written
    ill = {m.patient_id for m in originals if m.lesions}

    sets = [m.labels["set"] for m in in_order(folder)]

    assert sets == ["D01" if m.patient_id in ill else "DN01" for m in originals]


def test_pixels_survive(written: tuple[Path, tuple[Mammogram, ...]]) -> None:
    folder, originals = written

    assert np.array_equal(in_order(folder)[0].load(), originals[0].load())


@pytest.mark.slow
def test_writing_twice_gives_the_same_bytes(
    written: tuple[Path, tuple[Mammogram, ...]], tmp_path: Path
) -> None:
    folder, originals = written
    seen: list[tuple[int, int]] = []

    write_bcdr(originals, tmp_path, on_progress=lambda done, total: seen.append((done, total)))

    assert contents(tmp_path) == contents(folder)
    assert seen == [(done, len(originals)) for done in range(len(originals) + 1)]


def test_what_the_layout_cannot_tell_becomes_the_nearest_that_it_can(tmp_path: Path) -> None:
    phantoms = PhantomSet(style="soft", patients=1, seed=0, image_height_px=256)
    original = read_phantoms(phantoms).mammograms[0]
    lesions = (
        Lesion(Box(30, 40, 31, 41), "calcification", (((30.2, 40.7),),)),
        Lesion(Box(50, 60, 70, 90), "other"),
        Lesion(Box(5, 5, 20, 20), "mass", (((5, 5), (9, 9)), ((19, 19),)), "benign"),
    )
    odd = Mammogram(
        "a", "Jane Doe", original.width, original.height, original.load,
        lesions=lesions, excluded=(Box(5, 5, 9, 9),),
    )  # fmt: skip
    write_bcdr([odd], tmp_path, on_progress=unseen)

    (read,) = read_bcdr(tmp_path, {}).mammograms

    assert (read.laterality, read.view, read.density) == (None, None, None)
    assert [(lesion.box, lesion.kind, lesion.pathology) for lesion in read.lesions] == [
        *((lesion.box, lesion.kind, lesion.pathology) for lesion in lesions),
        (Box(5, 5, 9, 9), "other", None),
    ]
    assert not any(b"Jane" in content for content in contents(tmp_path).values())
