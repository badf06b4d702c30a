"""Results of studies that are not there, or broken."""

from pathlib import Path

import pytest

from centre_node.study.errors import StudyFileError
from centre_node.study.lineage import RESULT, read_report, uses_of


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match="nowhere is no folder"):
        list(uses_of("3f1c9a02", tmp_path / "nowhere"))


def test_a_folder_without_a_study_is_no_study_that_did_not_use_a_generator(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match=r"neither .* nor .* holds a study's result"):
        list(uses_of("3f1c9a02", tmp_path))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "document: is no readable JSON, from line 1, column"),
        (b'{"configuration": {', "document: is no readable JSON, from line 1, column"),
        (b"\xff", "document: is no readable JSON, from line 1, column"),
        (b"[]", "document: must be a set of named fields"),
        (b"{}", "configuration: is missing"),
    ],
)
def test_a_broken_result_is_named_and_not_passed_over(
    content: bytes, complaint: str, tmp_path: Path
) -> None:
    broken = tmp_path / "somewhere" / RESULT
    broken.parent.mkdir()
    broken.write_bytes(content)

    for read in (lambda: list(uses_of("3f1c9a02", tmp_path)), lambda: read_report(broken)):
        with pytest.raises(StudyFileError, match=f"{RESULT} is no result of a study: {complaint}"):
            read()
