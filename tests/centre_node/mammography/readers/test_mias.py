import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from centre_node.mammography.boxes import Box
from centre_node.mammography.datasets import read_folder
from centre_node.mammography.errors import BadImageError, BadMammogramsError
from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.phantoms.reading import read_phantoms
from centre_node.mammography.phantoms.writers.mias import write_mias
from centre_node.mammography.readers.mias import read_mias
from centre_node.mammography.summaries import summary
from node_api.data_sources import PhantomSet
from tests.centre_node.mammography.readers.round_trip import (
    contents,
    distance_px,
    grouping,
    unseen,
)

WHOLE = Box(0, 0, 1024, 1024)
TABLE = """\
INFORMATION:
The mini-MIAS database of mammograms.
1st column: MIAS database reference number, such as mdb001.

REFNUM BG CLASS SEVERITY X Y RADIUS
"""
NOTES = """
NOTES
=====
3) Coordinate system origin is the bottom-left corner.
"""


def write_mini_mias(folder: Path, *lines: str, side: int = 1024) -> Path:
    """Write a table with text around it and an image for every name in it."""
    folder.mkdir(exist_ok=True)
    (folder / "Info.txt").write_text(TABLE + "".join(f"{line}\n" for line in lines) + NOTES)
    for number, name in enumerate({line.split()[0] for line in lines}):
        pixels = np.full((side, side), 40 + number, dtype=np.uint8)
        pixels[100:300, 200:700] = 90
        cv2.imwrite(str(folder / f"{name}.pgm"), pixels)
    return folder


def read_one(folder: Path, *lines: str) -> Mammogram:
    (mammogram,) = read_mias(write_mini_mias(folder, *lines), {}).mammograms
    return mammogram


def test_a_circle_is_counted_from_the_bottom_left(tmp_path: Path) -> None:
    mammogram = read_one(tmp_path, "mdb001 G CIRC B 535 425 197")

    (lesion,) = mammogram.lesions
    assert lesion.box == Box(338, 402, 733, 797)
    assert (lesion.kind, lesion.pathology) == ("mass", "benign")
    assert len(lesion.contours[0]) == 36
    away = np.hypot(*(np.array(lesion.contours[0]) - (535, 1024 - 425)).T)
    np.testing.assert_allclose(away, 197, atol=0.01)


def test_an_image_is_an_mlo_view_of_0_2_mm_with_labels(tmp_path: Path) -> None:
    mammogram = read_one(tmp_path, "mdb023 F CALC M 538 681 29")

    assert (mammogram.image_id, mammogram.view) == ("mdb023", "MLO")
    assert (mammogram.width, mammogram.height) == (1024, 1024)
    assert (mammogram.laterality, mammogram.density) == (None, None)
    assert mammogram.pixel_spacing_mm == 0.2
    assert mammogram.labels == {"tissue": "F", "class": "CALC"}
    assert mammogram.excluded == ()
    assert mammogram.load().shape == (1024, 1024)
    assert (mammogram.load().min(), mammogram.load().max()) == (0, 255)


def test_an_odd_and_the_next_even_number_are_one_patient(tmp_path: Path) -> None:
    names = ["mdb001", "mdb002", "mdb003", "mdb004", "mdb006"]

    mammograms = read_mias(write_mini_mias(tmp_path, *(f"{n} D NORM " for n in names)), {})

    assert grouping(mammograms.mammograms) == [0, 0, 2, 2, 4]
    assert all(not (m.lesions or m.excluded) for m in mammograms.mammograms)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("CALC", "calcification"),
        ("CIRC", "mass"),
        ("SPIC", "mass"),
        ("MISC", "mass"),
        ("ARCH", "other"),
        ("ASYM", "other"),
    ],
)
@pytest.mark.parametrize(("letter", "pathology"), [("B", "benign"), ("M", "malignant")])
def test_classes_become_kinds_and_severities_pathologies(
    tmp_path: Path, name: str, kind: str, letter: str, pathology: str
) -> None:
    (lesion,) = read_one(tmp_path, f"mdb010 F {name} {letter} 525 425 33").lesions

    assert (lesion.kind, lesion.pathology) == (kind, pathology)


def test_several_rows_are_several_lesions_of_one_image(tmp_path: Path) -> None:
    mammogram = read_one(
        tmp_path,
        "mdb005 F CIRC B 477 133 30",
        "mdb005 F CIRC B 500 168 26",
        "mdb005 F CALC M 30 1000 50",
    )

    assert [lesion.box for lesion in mammogram.lesions] == [
        Box(447, 861, 508, 922),
        Box(474, 830, 527, 883),
        Box(0, 0, 81, 75),
    ]
    assert mammogram.labels["class"] == "CALC,CIRC"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("mdb059 F CIRC B", "the place of its finding is not told"),
        ("mdb216 D CALC M *NOTE 3*", "the place of its finding is not told"),
        ("mdb216 D CALC M 5000 20 30", "its finding lies outside the image"),
    ],
)
def test_no_healthy_patch_may_come_from_an_image_with_a_finding_somewhere(
    tmp_path: Path, line: str, reason: str
) -> None:
    reading = read_mias(write_mini_mias(tmp_path, line, "mdb003 D NORM"), {})

    assert summary(reading).skipped == {reason: 1}
    assert [m.excluded for m in reading.mammograms] == [(WHOLE,), ()]
    assert reading.mammograms[0].lesions == ()


def test_a_line_may_have_its_name_in_capitals(tmp_path: Path) -> None:
    folder = write_mini_mias(tmp_path, "mdb003 G NORM")
    (folder / "Info.txt").write_text("MDB003 G CIRC B 535 425 19\nMDB003 G LUMP B 1 2 3\n")

    (mammogram,) = read_mias(folder, {}).mammograms

    assert mammogram.image_id == "mdb003"
    assert (len(mammogram.lesions), mammogram.excluded) == (1, (WHOLE,))


def test_an_image_of_which_no_line_can_be_read_is_left_out(tmp_path: Path) -> None:
    reading = read_mias(write_mini_mias(tmp_path, "mdb003 G NORM", "mdb004 G LUMP"), {})

    assert [m.image_id for m in reading.mammograms] == ["mdb003"]
    assert summary(reading).skipped == {"it is no line of the form that was expected": 1}


def test_findings_whose_place_is_told_are_kept_beside_those_whose_is_not(tmp_path: Path) -> None:
    mammogram = read_one(tmp_path, "mdb059 F CIRC B", "mdb059 F CIRC M 500 500 9")

    assert len(mammogram.lesions) == 1
    assert mammogram.excluded == (WHOLE,)


@pytest.mark.parametrize(
    "line",
    [
        "mdb004 F LUMP B 1 2 3",
        "mdb004 X CIRC B 1 2 3",
        "mdb004 F CIRC B 1 2",
        "mdb004 F CIRC B 1 2 3 4",
        "mdb004 F CIRC B -1 2 3",
        "mdb004 CIRC B 1 2 3",
        "mdb004",
    ],
)
def test_a_line_that_cannot_be_read_is_skipped_and_its_image_is_not_healthy(
    tmp_path: Path, line: str
) -> None:
    reading = read_mias(write_mini_mias(tmp_path, "mdb003 G NORM", "mdb004 G NORM", line), {})

    assert summary(reading).skipped == {"it is no line of the form that was expected": 1}
    assert [m.excluded for m in reading.mammograms] == [(), (WHOLE,)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "its file is missing"),
        (b"", "it is no image that can be decoded"),
        (b"P5\n1024", "it is no image that can be decoded"),
        (b"P5\n512 512\n255\n" + bytes(512 * 512), "it is not 1024 x 1024 px"),
    ],
)
def test_an_image_that_cannot_be_used_is_skipped(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    folder = write_mini_mias(tmp_path, "mdb001 G CIRC B 535 425 197", "mdb003 D NORM")
    (folder / "mdb001.pgm").unlink()
    if content is not None:
        (folder / "mdb001.pgm").write_bytes(content)

    reading = read_mias(folder, {})

    assert summary(reading).skipped == {reason: 1}
    assert [m.image_id for m in reading.mammograms] == ["mdb003"]


def test_pixels_that_are_cut_short_are_an_error_when_they_are_loaded(tmp_path: Path) -> None:
    mammogram = read_one(tmp_path, "mdb001 G CIRC B 535 425 197")
    path = tmp_path / "mdb001.pgm"
    path.write_bytes(path.read_bytes()[:5000])

    with pytest.raises(BadImageError, match=r"mdb001\.pgm is no image"):
        mammogram.load()


def test_where_asks_for_a_tissue_or_a_class(tmp_path: Path) -> None:
    folder = write_mini_mias(tmp_path, "mdb001 G CIRC B 535 425 197", "mdb003 D NORM")

    assert [m.image_id for m in read_mias(folder, {"tissue": "D"}).mammograms] == ["mdb003"]
    assert [m.image_id for m in read_mias(folder, {"class": "CIRC"}).mammograms] == ["mdb001"]
    with pytest.raises(BadMammogramsError, match=r"no image with tissue=F; .* class=CIRC"):
        read_mias(folder, {"tissue": "F"})


def test_an_unusable_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadMammogramsError, match="there is no folder"):
        read_mias(tmp_path / "none", {})
    with pytest.raises(BadMammogramsError, match=r"Info\.txt cannot be read"):
        read_mias(tmp_path, {})
    (tmp_path / "Info.txt").write_bytes(b"\xff\xfe no table at all\n")
    with pytest.raises(BadMammogramsError, match="has no line such as 'mdb001 G CIRC B"):
        read_mias(tmp_path, {})
    write_mini_mias(tmp_path, "mdb001 G NORM", side=512)
    with pytest.raises(BadMammogramsError, match=r"none of the 1 image .* 1024 x 1024 px"):
        read_mias(tmp_path, {})


def test_counting_imports_no_image_library() -> None:
    code = (
        "import sys, json; import centre_node.mammography.readers.mias; "
        "print(json.dumps([m for m in ('numpy', 'cv2', 'torch') if m in sys.modules]))"
    )

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert json.loads(answer.stdout) == []


PHANTOMS = PhantomSet(style="film", patients=6, seed=11, image_height_px=256, healthy_share=0.3)


@pytest.fixture(scope="module")
def phantoms() -> tuple[Mammogram, ...]:
    return read_phantoms(PHANTOMS).mammograms


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, phantoms: tuple[Mammogram, ...]) -> Path:
    folder = tmp_path_factory.mktemp("mias")
    write_mias(phantoms, folder, on_progress=unseen)
    return folder


def paired(folder: Path, phantoms: tuple[Mammogram, ...]) -> list[tuple[Mammogram, Mammogram]]:
    """Return the MLO views, by patient and side, and what was read of each."""
    order = {patient: n for n, patient in enumerate(dict.fromkeys(m.patient_id for m in phantoms))}
    mlo = [m for m in phantoms if m.view == "MLO"]
    mlo.sort(key=lambda m: (order[m.patient_id], m.laterality))
    return list(zip(mlo, read_folder(folder, "auto", {}).mammograms, strict=True))


def enclosing(lesion: Lesion, mammogram: Mammogram) -> Box:
    """Return the box of the circle over the larger side, in the square of 1024 px."""
    scale = 1024 / mammogram.height
    pad = (mammogram.height - mammogram.width) // 2
    x = ((lesion.box.left + lesion.box.right) / 2 + pad) * scale
    y = (lesion.box.top + lesion.box.bottom) / 2 * scale
    radius = lesion.box.larger_side / 2 * scale
    return Box(int(x - radius), int(y - radius), int(x + radius) + 1, int(y + radius) + 1)


def test_written_phantoms_are_read_back(written: Path, phantoms: tuple[Mammogram, ...]) -> None:
    pairs = paired(written, phantoms)

    assert sum(len(read.lesions) for _, read in pairs) >= 4
    assert grouping([m for m, _ in pairs]) == grouping([m for _, m in pairs])
    for phantom, read in pairs:
        assert read.labels["tissue"] == {1: "F", 2: "G", 3: "G", 4: "D"}[phantom.density or 0]
        assert [(x.kind, x.pathology) for x in read.lesions] == [
            (x.kind, x.pathology) for x in phantom.lesions
        ]
        for lesion, again in zip(phantom.lesions, read.lesions, strict=True):
            assert distance_px(again.box, enclosing(lesion, phantom)) <= 1


def test_written_pixels_are_the_phantom_in_the_middle_of_a_square(
    written: Path, phantoms: tuple[Mammogram, ...]
) -> None:
    phantom, read = paired(written, phantoms)[0]
    pixels = cv2.resize(read.load(), (256, 256), interpolation=cv2.INTER_AREA)

    assert np.corrcoef(pixels[:, 32:224].ravel(), phantom.load().ravel())[0, 1] > 0.99
    assert len(np.unique(pixels[:, :30])) == 1


@pytest.mark.slow
def test_the_same_phantoms_give_the_same_bytes(
    tmp_path: Path, written: Path, phantoms: tuple[Mammogram, ...]
) -> None:
    write_mias(phantoms, tmp_path, on_progress=unseen)

    assert contents(tmp_path) == contents(written)


def test_a_lesion_that_is_no_mass_is_written_as_one_that_is_none(tmp_path: Path) -> None:
    pixels = np.zeros((8, 6), dtype=np.uint8)
    pixels[2:5, 2:5] = 200
    lesion = Lesion(Box(1, 1, 3, 3), "other")
    mammogram = Mammogram("a", "p", 6, 8, lambda: pixels, view="MLO", lesions=(lesion,))
    write_mias([mammogram], tmp_path, on_progress=unseen)

    assert read_mias(tmp_path, {}).mammograms[0].lesions[0].kind == "other"


def test_excluded_tissue_is_written_as_a_finding_somewhere(tmp_path: Path) -> None:
    pixels = np.zeros((8, 6), dtype=np.uint8)
    pixels[2:5, 2:5] = 200
    mammogram = Mammogram(
        "a", "p", 6, 8, lambda: pixels, view="MLO", excluded=(Box(1, 1, 2, 2),), density=4
    )
    write_mias([mammogram], tmp_path, on_progress=unseen)

    (read,) = read_mias(tmp_path, {}).mammograms
    assert read.excluded == (WHOLE,)
    assert read.labels == {"tissue": "D", "class": "MISC"}
