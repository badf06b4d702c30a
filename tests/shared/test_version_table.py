"""A list of versions can be read at any width, and cut apart in a pipe."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.records import GeneratorVersion
from shared.version_table import print_versions
from tests.lying_hub import lying
from tests.packages import write_tiny_package

NAME = "lesions-of-a-long-name-dcgan"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def record(tmp_path: Path) -> Iterator[GeneratorVersion]:
    with lying(write_tiny_package(tmp_path)) as hub:
        card = hub.package.card.model_copy(update={"name": NAME, "title": "Two unbroken words"})
        yield hub.changed(name=NAME, card=card)


def _printed(
    record: GeneratorVersion, monkeypatch: pytest.MonkeyPatch, out: io.StringIO, columns: int
) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("sys.stdout", out)
    print_versions([record])
    return out.getvalue()


@pytest.mark.parametrize(
    ("width", "there", "left_out"),
    [
        (160, "architecture", "nothing"),
        (80, "title", "published"),
        (60, "version", "title"),
        (40, NAME, "version"),
    ],
)
def test_a_narrow_terminal_gets_fewer_columns_and_no_word_broken(
    record: GeneratorVersion,
    monkeypatch: pytest.MonkeyPatch,
    width: int,
    there: str,
    left_out: str,
) -> None:
    told = _printed(record, monkeypatch, Terminal(), width)

    assert NAME in told
    assert there in told
    assert left_out not in told
    if "title" in told:
        assert {"Two", "unbroken", "words"} <= set(told.split())


def test_a_pipe_gets_a_line_of_whole_cells_for_each(
    record: GeneratorVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    [line] = _printed(record, monkeypatch, io.StringIO(), 20).splitlines()

    cells = line.split("\t")
    assert len(cells) == 8
    assert cells[1:5] == [NAME, "1", "approved", "Two unbroken words"]
