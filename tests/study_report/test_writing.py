import csv
from pathlib import Path

import pytest

from study_report.contents import StudyReport
from study_report.writing import differences_csv, write_study_report
from tests.study_report.made_up import a_difference, a_study


def a_report() -> StudyReport:
    study = a_study()
    return StudyReport(configuration=study.configuration, result=study.result)


def test_a_folder_holds_the_page_the_tables_and_the_data(tmp_path: Path) -> None:
    page = write_study_report(tmp_path / "report", a_report(), {})
    written = {path.name for path in (tmp_path / "report").iterdir()}

    assert page == tmp_path / "report" / "index.html"
    assert written == {"index.html", "tables.md", "tables.tex", "differences.csv"}


def test_a_report_is_read_back_as_it_was() -> None:
    report = a_report()

    assert StudyReport.model_validate_json(report.model_dump_json()) == report


def test_the_same_report_is_written_the_same(tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_study_report(tmp_path / name, a_report(), {})

    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_a_failed_write_leaves_the_old_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = write_study_report(tmp_path, a_report(), {})
    before = page.read_bytes()

    def full(_self: Path, _target: Path) -> Path:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        write_study_report(tmp_path, a_report(), {})

    assert page.read_bytes() == before
    assert not list(tmp_path.glob(".*"))


def test_differences_are_rows_with_both_ends_of_the_interval() -> None:
    undefined = a_difference().model_copy(update={"interval": None, "p_delong": None})
    first, second = csv.DictReader(differences_csv([a_difference(), undefined]).splitlines())

    assert (first["arm"], first["against"], first["difference"]) == (
        "B",
        "own lesions repeated",
        "0.04",
    )
    assert float(first["interval_low"]) == pytest.approx(0.016)
    assert float(first["interval_high"]) == pytest.approx(0.064)
    assert (second["interval_low"], second["interval_high"], second["p_delong"]) == ("", "", "")
