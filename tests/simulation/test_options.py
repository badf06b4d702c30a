from pathlib import Path

import pytest
import typer

from simulation.errors import DataFolderError
from simulation.options import data_folders, labelled, node_urls
from simulation.scenario_file import read_scenario

QUICK, REAL = read_scenario("quick"), read_scenario("real")


@pytest.mark.parametrize("values", [["A=x,B=y z,C=http://c:1"], ["A=x", "B=y z", "C=http://c:1"]])
def test_labelled_values_come_in_one_option_or_several(values: list[str]) -> None:
    assert labelled(values, "--data") == {"A": "x", "B": "y z", "C": "http://c:1"}


def test_a_comma_inside_a_folder_does_not_split_it() -> None:
    assert labelled(["A=one, two,B=y"], "--data") == {"A": "one, two", "B": "y"}


@pytest.mark.parametrize("value", ["x", "A=", "=x", "A=x,A=y"])
def test_what_is_no_label_and_value_is_wrong_usage(value: str) -> None:
    with pytest.raises(typer.BadParameter):
        labelled([value], "--data")


def test_folders_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    given = dict.fromkeys("ABC", "x")

    assert data_folders(REAL, given, required=True) == dict.fromkeys("ABC", str(tmp_path / "x"))


def test_a_folder_that_is_needed_and_not_named_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match="add --data B=FOLDER,C=FOLDER"):
        data_folders(REAL, {"A": str(tmp_path)}, required=True)
    assert data_folders(REAL, {}, required=False) == {}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Z": "/"}, "names the centre 'Z', but the scenario's centres are A, B, C"),
        ({"A": "/"}, "gives the centre A a folder, but its mammograms are phantoms"),
    ],
)
def test_a_folder_for_the_wrong_centre_is_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(DataFolderError, match=message):
        data_folders(QUICK, given, required=True)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match="the mammograms folder of centre A is not there"):
        data_folders(REAL, dict.fromkeys("ABC", str(tmp_path / "none")), required=True)


def test_every_centre_needs_its_node() -> None:
    with pytest.raises(typer.BadParameter, match="must name the nodes of A, B, C, but it names A"):
        node_urls(QUICK, {"A": "http://a"})
