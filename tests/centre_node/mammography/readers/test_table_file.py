from pathlib import Path

import pytest

from centre_node.mammography.datasets import read_folder
from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.readers.table_columns import find_columns
from centre_node.mammography.readers.table_fields import Field
from tests.centre_node.mammography.readers.table_files import BOX, MASS, write_images, write_table


@pytest.mark.parametrize(
    ("header", "given", "expected"),
    [
        (
            "Image_ID;Patient ID;X_Min;y min;xMax;YMAX;width;height",
            {},
            "image patient xmin ymin xmax ymax image_width image_height",
        ),
        ("file;patient;x;y;w;h", {}, "image patient x y width height"),
        ("file;patient;left;top;width;height", {}, "image patient x y width height"),
        ("file;patient;left;top;right;bottom", {}, "image patient xmin ymin xmax ymax"),
        (
            "image_id;filename;patient;x1;y1;x2;y2",
            {},
            "- image patient xmin ymin xmax ymax",
        ),
        (
            "finding_birads;breast_birads;BI-RADS density;side;view_position",
            {},
            "birads breast_birads density laterality view",
        ),
        (
            "Datei;Fall;links;oben;rechts;unten;kind",
            {
                "image": "datei",
                "patient": "Fall",
                "xmin": "links",
                "ymin": "oben",
                "xmax": "rechts",
                "ymax": "unten",
                "kind": "",
            },
            "image patient xmin ymin xmax ymax -",
        ),
    ],
)
def test_columns_are_found_by_well_known_names_or_as_given(
    header: str, given: dict[Field, str], expected: str
) -> None:
    names = header.split(";")

    columns = find_columns(names, given)

    taken = {place: field for field, place in columns.places.items()}
    assert [taken.get(place, "-") for place in range(len(names))] == expected.split()


def test_columns_are_said_in_words() -> None:
    columns = find_columns(["file", "patient", "x", "y", "w", "h", "set", "note"], {})

    assert columns.missing() == []
    assert list(columns.in_words(["set"])) == [
        "column file is the image",
        "column patient is the patient",
        "column x is the box's left edge",
        "column y is the box's top edge",
        "column w is the box's width",
        "column h is the box's height",
        "to filter by: set",
        "not used: note",
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_any_separator_and_text_is_read(tmp_path: Path, separator: str, encoding: str) -> None:
    write_table(write_images(tmp_path, "a.png"), {**MASS, **BOX, "é": "ü"}, separator=separator)
    path = tmp_path / "findings.csv"
    path.write_bytes(path.read_text().encode(encoding))

    (mammogram,) = read_folder(tmp_path, "auto", {}).mammograms

    assert len(mammogram.lesions) == 1


def test_excels_line_about_the_separator_is_heeded(tmp_path: Path) -> None:
    write_table(write_images(tmp_path, "a.png"), {**MASS, **BOX}, separator=";")
    path = tmp_path / "findings.csv"
    path.write_text("sep=;\n" + path.read_text())

    assert len(read_folder(tmp_path, "auto", {}).mammograms) == 1


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ("table = 'gone.csv'", r"names the table 'gone\.csv': its file is missing"),
        ("table = '../x.csv'", r"names the table '\.\./x\.csv': its file"),
        ("[columns]\nimage = 'Datei'", r"no column 'Datei', which is given as its image; it has"),
        ("[columns]\npicture = 'image_id'", r"columns\.toml: columns\.picture"),
        ("labels = ['split']", r"names the labels 'split', which .*findings\.csv lacks"),
        ("images_without_row = 'healthy'", r"needs patient_from = 'folder' or 'dicom'"),
        ("table = ", r"columns\.toml is no TOML"),
    ],
)
def test_a_wrong_columns_file_is_one_sentence(tmp_path: Path, choices: str, message: str) -> None:
    write_table(write_images(tmp_path, "a.png"), {**MASS, **BOX})
    (tmp_path / "genshare-columns.toml").write_text(choices)

    with pytest.raises(BadMammogramsError, match=message):
        read_folder(tmp_path, "auto", {})


def test_a_table_that_cannot_be_read_stands_in_no_others_way(tmp_path: Path) -> None:
    write_table(write_images(tmp_path, "a.png"), {**MASS, **BOX})
    (tmp_path / "a.csv").write_bytes(b"")
    (tmp_path / "list.tsv").write_text("name\tdate\n")
    (tmp_path / "z.csv").symlink_to(tmp_path.parent)

    assert len(read_folder(tmp_path, "auto", {}).mammograms) == 1


def test_of_several_tables_the_centre_names_one(tmp_path: Path) -> None:
    write_images(tmp_path, "a.png")
    write_table(tmp_path, {**MASS, **BOX})
    write_table(tmp_path, {**MASS, **BOX}, {**MASS, **BOX, "xmin": "1"}, name="second.csv")
    with pytest.raises(BadMammogramsError, match=r"has 2 tables of boxes, .* name one as table"):
        read_folder(tmp_path, "auto", {})

    (tmp_path / "genshare-columns.toml").write_text("table = 'second.csv'")

    (mammogram,) = read_folder(tmp_path, "auto", {}).mammograms
    assert len(mammogram.lesions) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("image,patient\n", "no column that is known as xmin, ymin, xmax, ymax; it has image, pat"),
        ("image,patient,x,y,w\n", "no column that is known as height; it has"),
        ("Doe.png;Doe;10;20\n", "its first row, of 4 cells, is no header that is known"),
    ],
)
def test_a_table_of_no_use_is_one_sentence_without_a_record(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "findings.csv").write_text(text)

    with pytest.raises(BadMammogramsError, match=message) as error:
        read_folder(tmp_path, "table", {})

    assert "Doe" not in str(error.value)
