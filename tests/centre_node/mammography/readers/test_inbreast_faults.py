"""What an INbreast folder may get wrong, and what is made of it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centre_node.mammography.boxes import Box
from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.readers.inbreast import (
    IMAGES,
    OUTLINES,
    TABLE,
    WORKBOOK,
    read_inbreast,
)
from centre_node.mammography.readers.osirix import read_regions
from centre_node.mammography.summaries import summary
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
    write_outlines,
    write_table,
)

EVERYTHING = Box(0, 0, WIDTH, HEIGHT)
HEALTHY, HEALTHY_PATIENT = "22580341", "0123456789abcdef"
ROWS = (row(), row(HEALTHY, "L", "MLO", "2", "1"))
UNREADABLE = "its outlines are no OsiriX property list that can be read"
NO_PLACE = "it has no points, or one that is no (x, y)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An image with a mass, and a healthy one of another patient."""
    place = write_folder(tmp_path / "data", region("Mass", *square(40, 50)), rows=ROWS)
    write_image(place, HEALTHY, HEALTHY_PATIENT, "L_ML")
    return place


def skipped(folder: Path) -> dict[str, int]:
    return summary(read_inbreast(folder, {})).skipped


def _no_dicom(folder: Path) -> None:
    write_image(folder).write_bytes(b"no DICOM")


def _cut_short(folder: Path) -> None:
    path = write_image(folder)
    path.write_bytes(path.read_bytes()[:200])


def _empty_file(folder: Path) -> None:
    write_image(folder).write_bytes(b"")


def _gone(folder: Path) -> None:
    write_image(folder).unlink()


def _strange_name(folder: Path) -> None:
    shutil.copy(write_image(folder), folder / IMAGES / f"Jane_Doe_{PATIENT}.dcm")


def _same_image(folder: Path) -> None:
    write_image(folder, patient="f" * 16)


def _no_row(folder: Path) -> None:
    write_table(folder, ROWS[1])


def _row_twice(folder: Path) -> None:
    write_table(folder, *ROWS, ROWS[0].replace(";3;", ";1;"))


def _strange_row(folder: Path) -> None:
    write_table(folder, *ROWS, row("2058690"), "removed;removed;;;;107;;")


def _strange_density(folder: Path) -> None:
    write_table(folder, row(acr="5"), ROWS[1])


def _full_breast_view(folder: Path) -> None:
    write_table(folder, row(view="FB"), ROWS[1])


def _other_view(folder: Path) -> None:
    write_table(folder, row(view="MLO"), ROWS[1])


def _other_side(folder: Path) -> None:
    write_table(folder, row(side="L"), ROWS[1])


@pytest.mark.parametrize(
    ("spoil", "reason", "images"),
    [
        (_no_dicom, "it is no DICOM file", 1),
        (_cut_short, "it holds no image", 1),
        (_empty_file, "it is no DICOM file", 1),
        (_gone, "its DICOM file is missing", 1),
        (_strange_name, "its name is none that INbreast gives a DICOM file", 2),
        (_same_image, "another DICOM file has its image id", 2),
        (_no_row, "it has no row in the table, so its density and BI-RADS are unknown", 2),
        (_row_twice, "its image is in the table more than once; the first row is used", 2),
        (_strange_row, "its File Name is no image id of 8 digits", 2),
        (_strange_density, "its ACR density is not 1 to 4; it is read as unknown", 2),
        (_full_breast_view, "its view is neither CC nor MLO; it is read as unknown", 2),
        (
            _other_view,
            "its row and its file name disagree on the view; the file name is believed",
            2,
        ),
        (
            _other_side,
            "its row and its file name disagree on the side; the file name is believed",
            2,
        ),
    ],
)
def test_a_faulty_record_is_counted_by_its_reason(
    folder: Path, spoil: Callable[[Path], None], reason: str, images: int
) -> None:
    assert skipped(folder) == {}
    spoil(folder)

    reading = read_inbreast(folder, {})

    assert skipped(folder) == {reason: 1}
    assert len(reading.mammograms) == images
    told = " ".join(skip.record + skip.reason for skip in reading.skipped)
    assert not any(name in told for name in (PATIENT, HEALTHY_PATIENT, "Jane"))


def test_the_view_of_a_whole_breast_is_none_and_the_first_of_two_rows_counts(folder: Path) -> None:
    write_table(folder, row(view="FB"), ROWS[1], row(acr="1"))

    mammogram = read_inbreast(folder, {}).mammograms[0]

    assert (mammogram.view, mammogram.density) == (None, 3)
    assert "view" not in mammogram.labels


def test_a_row_says_what_is_healthy_so_without_one_nothing_is(folder: Path) -> None:
    write_table(folder, ROWS[0])

    mass, other = read_inbreast(folder, {}).mammograms

    assert (len(mass.lesions), mass.excluded) == (1, ())
    assert (other.lesions, other.excluded) == ((), (EVERYTHING,))


BOMB = """<?xml version="1.0"?>
<!DOCTYPE plist [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<plist><dict><key>Images</key><array><string>&b;</string></array></dict></plist>"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE plist [<!ENTITY secret SYSTEM "file:///etc/passwd">]>
<plist><dict><key>Images</key><array><string>&secret;</string></array></dict></plist>"""


def in_plist(text: str) -> str:
    return f"<plist><dict><key>Images</key>{text}</dict></plist>"


@pytest.mark.parametrize(
    "content",
    [
        BOMB,
        OUTSIDE,
        "",
        "no XML",
        "<plist><dict><key>Images</key>",
        "<plist></plist>",
        "<plist><array/></plist>",
        '<?xml version="1.0" encoding="none"?><plist/>',
        "<plist><date>yesterday</date></plist>",
        "<plist><integer>1x</integer></plist>",
        in_plist("<array/>"),
        in_plist("<string>x</string>"),
        in_plist("<array><dict/></array>"),
        in_plist("<array><dict><key>ROIs</key><integer>3</integer></dict></array>"),
        in_plist("<array><dict><key>ROIs</key><array><true/></array></dict></array>"),
        "<plist>" + "<array>" * 20_000 + "</array>" * 20_000 + "</plist>",
    ],
    ids=lambda content: content[:40],
)
def test_outlines_that_cannot_be_read_leave_an_image_with_no_healthy_place(
    folder: Path, content: str
) -> None:
    (folder / OUTLINES / f"{IMAGE}.xml").write_text(content)

    mammogram = read_inbreast(folder, {}).mammograms[0]

    assert (mammogram.lesions, mammogram.excluded) == ((), (EVERYTHING,))
    assert skipped(folder) == {UNREADABLE: 1}


def test_entities_are_refused_and_never_expanded(tmp_path: Path) -> None:
    for content in (BOMB, OUTSIDE):
        (tmp_path / "1.xml").write_text(content)
        with pytest.raises(BadMammogramsError, match="no property list that can be read") as caught:
            read_regions(tmp_path / "1.xml")
        assert "entity declarations are not supported" in str(caught.value.__cause__)


def test_a_folder_in_the_place_of_outlines_is_a_reason(folder: Path) -> None:
    (folder / OUTLINES / f"{IMAGE}.xml").unlink()
    (folder / OUTLINES / f"{IMAGE}.xml").mkdir()

    assert skipped(folder) == {UNREADABLE: 1}


@pytest.mark.parametrize(
    ("outline", "reason"),
    [
        (region("Mass"), NO_PLACE),
        (region("Mass", (1, 1), "(2, two)"), NO_PLACE),
        (region("Mass", "(1, 2, 3)"), NO_PLACE),
        (region("Mass", "(1e5, 2)"), NO_PLACE),
        (region("Mass", "(nan, 2)"), NO_PLACE),
        (region("Mass", "(1_0, 2)"), NO_PLACE),
        (region("Mass", "__import__('os')"), NO_PLACE),
        ("<dict><key>Name</key><string>Mass</string></dict>", NO_PLACE),
        (region("Mass", *square(WIDTH, 0)), "it has no outline inside the image"),
        (region("Mass", *square(-30, -30)), "it has no outline inside the image"),
    ],
)
def test_a_region_with_no_place_leaves_the_others_and_no_healthy_place(
    folder: Path, outline: str, reason: str
) -> None:
    write_outlines(folder, region("Cluster", *square(10, 10)), outline, number=7)

    mammogram = read_inbreast(folder, {}).mammograms[0]

    assert [lesion.kind for lesion in mammogram.lesions] == ["calcification"]
    assert mammogram.excluded == (EVERYTHING,)
    assert skipped(folder) == {reason: 1}


@pytest.mark.parametrize(
    ("left", "top", "box"),
    [
        (-5, 20, Box(0, 20, 15, 40)),
        (WIDTH - 5, HEIGHT - 3, Box(WIDTH - 5, HEIGHT - 3, WIDTH, HEIGHT)),
    ],
)
def test_the_box_of_an_outline_that_leaves_the_image_is_clipped(
    folder: Path, left: int, top: int, box: Box
) -> None:
    write_outlines(folder, region("Mass", *square(left, top)))

    mammogram = read_inbreast(folder, {}).mammograms[0]

    assert mammogram.lesions[0].box == box
    assert mammogram.excluded == ()
    assert skipped(folder) == {"its outline leaves the image; its box is clipped": 1}


def test_outlines_behind_a_link_are_not_read_and_leave_no_healthy_place(folder: Path) -> None:
    path = folder / OUTLINES / f"{HEALTHY}.xml"
    path.symlink_to(folder / "nowhere.xml")
    assert read_inbreast(folder, {}).mammograms[1].excluded == (EVERYTHING,)
    assert skipped(folder) == {UNREADABLE: 1}

    outside = folder.with_name("outside.xml")
    outside.write_text(write_outlines(folder, region("Mass", *square(1, 1))).read_text())
    path.unlink()
    path.symlink_to(outside)
    assert read_inbreast(folder, {}).mammograms[1].excluded == (EVERYTHING,)
    assert skipped(folder) == {"its outlines lie outside the folder": 1}


def test_an_image_with_two_birads_is_not_healthy(folder: Path) -> None:
    write_table(folder, *ROWS, row(HEALTHY, "L", "MLO", "2", "5"))

    mammogram = read_inbreast(folder, {}).mammograms[1]

    assert mammogram.excluded == (EVERYTHING,)
    assert "its image is in the table with two BI-RADS; which is right is unknown" in skipped(
        folder
    )


@pytest.mark.parametrize(("acr", "density"), [("B", 2), ("d", 4), ("nan", None), ("null", None)])
def test_densities_may_be_letters_or_unknown(folder: Path, acr: str, density: int | None) -> None:
    write_table(folder, row(acr=acr), ROWS[1])

    assert read_inbreast(folder, {}).mammograms[0].density == density
    assert skipped(folder) == {}


def test_an_empty_list_of_regions_is_like_none(folder: Path) -> None:
    write_outlines(folder, "", image=HEALTHY, number=0)

    assert read_inbreast(folder, {}).mammograms[1].excluded == ()


def _no_images(folder: Path) -> None:
    shutil.rmtree(folder / IMAGES)


def _no_outlines(folder: Path) -> None:
    shutil.rmtree(folder / OUTLINES)


def _no_table(folder: Path) -> None:
    (folder / TABLE).unlink()


def _commas(folder: Path) -> None:
    (folder / TABLE).write_text((folder / TABLE).read_text().replace(";", ","))


def _no_column(folder: Path) -> None:
    (folder / TABLE).write_text((folder / TABLE).read_text().replace("Bi-Rads", "BIRADS"))


def _bad_workbook(folder: Path) -> None:
    (folder / TABLE).unlink()
    (folder / WORKBOOK).write_bytes(b"PK\x03\x04 an xlsx by another name")


def _all_broken(folder: Path) -> None:
    for path in (folder / IMAGES).iterdir():
        path.write_bytes(b"no DICOM")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_no_images, "there is no folder .*AllDICOMs$"),
        (_no_outlines, "there is no folder .*AllXML$"),
        (_no_table, "has neither INbreast.csv nor INbreast.xls$"),
        (_commas, "its first row, of 1 cells, is no header or is separated otherwise$"),
        (_no_column, "has no column 'Bi-Rads'; it has 'Patient ID', .*'BIRADS'$"),
        (_bad_workbook, "is no .xls workbook that can be read$"),
        (_all_broken, "has no DICOM file that can be read and has a name such as"),
    ],
)
def test_an_unusable_folder_is_one_sentence(
    folder: Path, spoil: Callable[[Path], None], sentence: str
) -> None:
    spoil(folder)

    with pytest.raises(BadMammogramsError, match=sentence) as caught:
        read_inbreast(folder, {})

    assert PATIENT not in str(caught.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadMammogramsError, match=r"there is no folder .*none$"):
        read_inbreast(tmp_path / "none", {})


@given(content=st.text("<>/?!&;() plistdcarykeng10,'\"", max_size=80))
def test_whatever_outlines_hold_is_regions_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, content: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.xml"
    path.write_text(f"<plist>{content}</plist>")
    try:
        read_regions(path)
    except BadMammogramsError:
        return


def test_reading_imports_no_image_library() -> None:
    code = (
        "import sys, json; import centre_node.mammography.readers.inbreast; "
        "print(json.dumps([m for m in ('cv2', 'xlrd', 'torch') if m in sys.modules]))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert json.loads(answer.stdout) == []
