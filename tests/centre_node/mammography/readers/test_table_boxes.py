from pathlib import Path

import pytest

from centre_node.mammography.boxes import Box
from centre_node.mammography.datasets import read_folder
from centre_node.mammography.mammograms import NO_PLACE, Lesion
from centre_node.mammography.readers.table_boxes import (
    BOX_WITHOUT_FINDING,
    IN_SHARES,
    NO_AREA,
    NO_BOX,
    NO_NUMBERS,
    NOT_CLEAR,
    OTHER_SIZE,
    REACHES_OUT,
    TOO_LONG,
    UNKNOWN_KIND,
    UNKNOWN_PATHOLOGY,
)
from tests.centre_node.mammography.readers.table_files import (
    BOX,
    MASS,
    is_excluded,
    read_rows,
    reasons,
    write_images,
    write_table,
)

WHERE = Box(10, 20, 30, 50)


def test_several_rows_are_several_lesions_and_one_box_is_one(tmp_path: Path) -> None:
    reading = read_rows(
        tmp_path,
        {**BOX, "kind": "calcifications", "pathology": "benign"},
        {**BOX, "pathology": "MALIGNANT", "birads": "BI-RADS 4A"},
        {**BOX, "xmin": "0", "kind": "asymmetry"},
    )

    (mammogram,) = reading.mammograms
    assert mammogram.lesions == (
        Lesion(WHERE, "mass", pathology="malignant", birads="4a"),
        Lesion(Box(0, 20, 30, 50), "other"),
    )
    assert reasons(reading) == {}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, NO_BOX),
        ({"kind": "no mass seen"}, NO_BOX),
        ({**BOX, "xmax": ""}, NO_NUMBERS),
        ({**BOX, "ymin": "top"}, NO_NUMBERS),
        ({**BOX, "xmax": "10"}, NO_AREA),
        ({"xmin": "0.1", "ymin": "0.2", "xmax": "0.5", "ymax": "0.6"}, IN_SHARES),
        ({**BOX, "xmin": "60", "xmax": "70"}, NO_PLACE),
        ({**BOX, "image_width": "120", "image_height": "160"}, OTHER_SIZE),
        ({"kind": "No Finding", "birads": "2"}, NOT_CLEAR),
        ({**BOX, "ymax": "50,7"}, TOO_LONG),
    ],
)
def test_a_finding_whose_place_is_not_known_excludes_its_image(
    tmp_path: Path, row: dict[str, str], reason: str
) -> None:
    reading = read_rows(tmp_path, row, {"image_id": "b", **BOX})

    lost, other = reading.mammograms
    assert (lost.lesions, is_excluded(lost)) == ((), True)
    assert [lesion.box for lesion in other.lesions] == [WHERE]
    assert not is_excluded(other)
    assert reasons(reading) == {reason: 1}


@pytest.mark.parametrize(
    "row",
    [
        {"kind": "No Finding"},
        {"kind": "normal", "birads": "BI-RADS 1"},
        {"kind": "", "pathology": "Normal"},
        {"kind": "['No Finding']", **dict.fromkeys(BOX, "0")},
        {"kind": "no  finding", **dict.fromkeys(BOX, "nan")},
    ],
)
def test_a_row_without_a_box_is_healthy_where_it_says_so_in_words(
    tmp_path: Path, row: dict[str, str]
) -> None:
    reading = read_rows(tmp_path, row)

    (mammogram,) = reading.mammograms
    assert (mammogram.lesions, mammogram.excluded) == ((), ())
    assert reasons(reading) == {}


def test_a_finding_beside_no_finding_is_a_finding(tmp_path: Path) -> None:
    (mammogram,) = read_rows(tmp_path, BOX, {"kind": "No Finding"}).mammograms

    assert [lesion.box for lesion in mammogram.lesions] == [WHERE]


@pytest.mark.parametrize(
    ("row", "reason", "lesions", "excluded"),
    [
        ({**BOX, "xmax": "70"}, REACHES_OUT, (Lesion(Box(10, 20, 60, 50), "mass"),), ()),
        ({**BOX, "kind": "Herd"}, UNKNOWN_KIND, (Lesion(WHERE, "other"),), ()),
        ({**BOX, "kind": "No Finding"}, BOX_WITHOUT_FINDING, (), (WHERE,)),
        ({**BOX, "pathology": "see report"}, UNKNOWN_PATHOLOGY, (Lesion(WHERE, "mass"),), ()),
    ],
)
def test_what_is_changed_is_counted(
    tmp_path: Path,
    row: dict[str, str],
    reason: str,
    lesions: tuple[Lesion, ...],
    excluded: tuple[Box, ...],
) -> None:
    reading = read_rows(tmp_path, row)

    (mammogram,) = reading.mammograms
    assert (mammogram.lesions, mammogram.excluded) == (lesions, excluded)
    assert reasons(reading) == {reason: 1}


def test_a_width_and_height_beside_corners_may_be_those_of_the_box(tmp_path: Path) -> None:
    (mammogram,) = read_rows(tmp_path, {**BOX, "width": "20", "height": "30"}).mammograms

    assert [lesion.box for lesion in mammogram.lesions] == [WHERE]


def test_a_centre_says_what_its_words_mean(tmp_path: Path) -> None:
    write_images(tmp_path, "a.png", "b.png", "c.png", "d.png")
    (tmp_path / "genshare-columns.toml").write_text(
        "no_finding = ['o. B.', '']\n[kinds]\nHerd = 'mass'\nHaut = 'excluded'\n"
    )
    rows = [
        {**BOX, "image_id": "a", "kind": "herd"},
        {**BOX, "image_id": "a", "kind": "Haut", "xmin": "0"},
        {"image_id": "b", "kind": "o.B."},
        {"image_id": "c", "kind": ""},
        {**BOX, "image_id": "d", "kind": ""},
    ]
    table = write_table(tmp_path, *({**MASS, **row} for row in rows))

    a, b, c, d = read_folder(table, "auto", {}).mammograms

    assert (a.lesions, a.excluded) == ((Lesion(WHERE, "mass"),), (Box(0, 20, 30, 50),))
    assert (b.lesions, b.excluded, c.lesions, c.excluded) == ((), (), (), ())
    assert d.lesions == (Lesion(WHERE, "other"),)


def test_without_a_column_of_kinds_the_centre_may_name_the_one_there_is(tmp_path: Path) -> None:
    header = ("image_id", "patient_id", *BOX)
    row = {"image_id": "a", "patient_id": "p1", **BOX}
    folder = write_table(write_images(tmp_path, "a.png"), row, header=header)
    unsaid = read_folder(folder, "auto", {})
    (folder / "genshare-columns.toml").write_text("kind_of_every_box = 'mass'")
    said = read_folder(folder, "auto", {})

    assert [m.lesions[0].kind for r in (unsaid, said) for m in r.mammograms] == ["other", "mass"]
    assert unsaid.notes[-1] == "no column is the kind of lesion: every box is read as other"
