import errno
from pathlib import Path

import pytest

from simulation.errors import OutOfSpaceError, ResultsFolderError
from simulation.results_folder import claim, disk_faults, write_atomically
from simulation.scenario_file import read_scenario

QUICK = read_scenario("quick")


def test_a_folder_stays_with_its_scenario(tmp_path: Path) -> None:
    with claim(tmp_path / "out", QUICK, {}) as first:
        pass
    with claim(tmp_path / "out", QUICK, {}) as second:
        pass

    assert first == second
    with (
        pytest.raises(ResultsFolderError, match="holds the results of another scenario"),
        claim(tmp_path / "out", QUICK, {"A": "/elsewhere"}),
    ):
        pass


def test_two_simulations_do_not_share_a_folder(tmp_path: Path) -> None:
    with (
        claim(tmp_path, QUICK, {}),
        pytest.raises(ResultsFolderError, match="another simulation is running in"),
        claim(tmp_path, QUICK, {}),
    ):
        pass


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").touch()

    with (
        pytest.raises(ResultsFolderError, match=r"holds 'thesis\.docx', but no scenario\.json"),
        claim(tmp_path, QUICK, {}),
    ):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_damaged_identity_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "scenario.json").write_text("{")

    with (
        pytest.raises(ResultsFolderError, match="is not readable as the scenario"),
        claim(tmp_path, QUICK, {}),
    ):
        pass


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENOSPC, OutOfSpaceError), (errno.EROFS, ResultsFolderError)],
)
def test_what_the_disk_refuses_becomes_one_sentence(
    number: int, error: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(error, match=re_of(tmp_path)), disk_faults(tmp_path):
        raise OSError(number, "refused")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_atomically(tmp_path / "x", b"old")
    (tmp_path / "folder").mkdir()

    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path / "folder", b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "x"]
    assert (tmp_path / "x").read_bytes() == b"old"


def re_of(path: Path) -> str:
    return str(path).replace(".", r"\.")
