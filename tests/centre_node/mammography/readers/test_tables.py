from pathlib import Path
from typing import Any

import pytest
import xlwt
from hypothesis import given
from hypothesis import strategies as st

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.readers.tables import read_table, read_workbook


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def workbook(folder: Path, *rows: tuple[Any, ...]) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("first")
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(number, column, cell)
    book.save(str(folder / "table.xls"))
    return folder / "table.xls"


def test_names_and_cells_lose_blanks_and_line_breaks(tmp_path: Path) -> None:
    path = written(tmp_path, 'side , "file path"\r\n L, "a/b.dcm\n"\r\n R , c\n')

    assert read_table(path, required=["side"]) == [
        {"side": "L", "file path": "a/b.dcm"},
        {"side": "R", "file path": "c"},
    ]


@pytest.mark.parametrize(
    ("content", "cell"),
    [
        ("\ufeffname\nnódulo\n".encode(), "nódulo"),
        ("name\nnódulo\n".encode("latin-1"), "nódulo"),
        (b"name\none\x85cell\n", "onecell"),
    ],
    ids=["byte order mark", "latin-1", "a control character is no line's end"],
)
def test_encodings(tmp_path: Path, content: bytes, cell: str) -> None:
    assert read_table(written(tmp_path, content), required=["name"]) == [{"name": cell}]


def test_rows_may_be_blank_short_or_long(tmp_path: Path) -> None:
    path = written(tmp_path, "a;b\n1\n;\n\n1;2;3\n")

    records = read_table(path, delimiter=";", required=["a", "b"])

    assert records == [{"a": "1", "b": ""}, {"a": "1", "b": "2"}]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("a,b\n", "has no column 'c', 'd'; it has 'a', 'b'$"),
        ("a;b\n", "has no column 'x'; its first row, of 1 cells, is no header or is separated"),
        ("c" * 200_000, "is no table that can be read: field larger"),
    ],
)
def test_an_unusable_table_is_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    required = ["b", "c", "d"] if content.startswith("a,") else ["x"]
    with pytest.raises(BadMammogramsError, match=f"table.csv {sentence}"):
        read_table(written(tmp_path, content), required=required)


def test_a_missing_table_is_named_and_a_record_for_a_header_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(BadMammogramsError, match="cannot be read: No such file"):
        read_table(tmp_path / "none.csv", required=[])
    with pytest.raises(BadMammogramsError) as caught:
        read_table(written(tmp_path, "Jane Doe,L\n"), required=["patient_id"])
    assert "Jane" not in str(caught.value)


def test_a_workbook_is_read_like_a_table(tmp_path: Path) -> None:
    path = workbook(tmp_path, ("File Name", "Mass ", "x"), (20586908, "X", 0.5), ("", "", ""))

    assert read_workbook(path, required=["Mass"]) == [
        {"File Name": "20586908", "Mass": "X", "x": "0.5"}
    ]


def test_a_workbook_without_a_column_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadMammogramsError, match=r"has no column 'ACR'; it has 'File Name'"):
        read_workbook(workbook(tmp_path, ("File Name",)), required=["File Name", "ACR"])
    with pytest.raises(BadMammogramsError, match="cannot be read: No such file"):
        read_workbook(tmp_path / "none.xls", required=[])


@pytest.mark.slow
def test_a_damaged_workbook_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = workbook(tmp_path, *((f"column {n}", n) for n in range(60))).read_bytes()
    path = tmp_path / "damaged.xls"
    unreadable = 0
    for position in range(0, len(whole), 37):
        for damaged in (whole[:position], whole[:position] + b"\xff\x02" + whole[position + 2 :]):
            path.write_bytes(damaged)
            try:
                read_workbook(path, required=[])
            except BadMammogramsError:
                unreadable += 1
    assert unreadable > 50
    assert capsys.readouterr().out == ""


@given(content=st.binary(max_size=60))
def test_whatever_a_table_holds_is_records_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = written(tmp_path_factory.getbasetemp(), content)
    try:
        records = read_table(path, required=[])
    except BadMammogramsError:
        return
    assert all(cell == cell.strip() for record in records for cell in record.values())
