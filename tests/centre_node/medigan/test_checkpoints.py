import os
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from centre_node.medigan.checkpoints import read_checkpoint
from centre_node.medigan.errors import MediganPackageError


class RunsCode:
    """Pickled as a call; whoever unpickles it makes the folder `mark`."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "500.pt"


@pytest.mark.parametrize("in_a_zip", [True, False])
def test_a_bare_state_is_a_generators(path: Path, in_a_zip: bool) -> None:
    torch.save({"model.0.weight": torch.ones(3)}, path, _use_new_zipfile_serialization=in_a_zip)

    checkpoint = read_checkpoint(path, "500.pt")

    assert list(checkpoint.generator) == ["model.0.weight"]
    assert checkpoint.generator["model.0.weight"].tolist() == [1.0, 1.0, 1.0]
    assert (checkpoint.discriminator, checkpoint.left_behind) == (None, ())


def test_a_trainings_checkpoint_is_taken_apart(path: Path) -> None:
    content = {"optim_generator": {"lr": 1}, "discriminator": {"d": torch.ones(2)}}
    torch.save({**content, "generator": {"g": torch.ones(1)}}, path)

    checkpoint = read_checkpoint(path, "500.pt")

    assert list(checkpoint.generator) == ["g"]
    assert list(checkpoint.discriminator or ()) == ["d"]
    assert checkpoint.left_behind == ("discriminator", "optim_generator")


@pytest.mark.parametrize("in_a_zip", [True, False])
def test_code_in_a_file_is_named_and_not_run(path: Path, tmp_path: Path, in_a_zip: bool) -> None:
    mark = tmp_path / "ran"
    torch.save({"generator": RunsCode(mark)}, path, _use_new_zipfile_serialization=in_a_zip)

    with pytest.raises(MediganPackageError, match=r"500\.pt asks for the Python code posix\.mkdir"):
        read_checkpoint(path, "500.pt")
    assert not mark.exists()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_code_in_a_pickle_that_is_none_of_pytorchs_is_not_run(
    path: Path, tmp_path: Path, protocol: int
) -> None:
    mark = tmp_path / "ran"
    path.write_bytes(pickle.dumps(RunsCode(mark), protocol=protocol))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(MediganPackageError, match=r"500\.pt "):
            read_checkpoint(path, "500.pt")
    assert not mark.exists()


@pytest.mark.parametrize("in_a_zip", [True, False])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_truncated_file_is_one_sentence(path: Path, in_a_zip: bool, share: float) -> None:
    torch.save({"a": torch.ones(1000)}, path, _use_new_zipfile_serialization=in_a_zip)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(MediganPackageError, match="truncated, damaged, or another") as raised:
        read_checkpoint(path, "500.pt")
    assert "\n" not in str(raised.value)


def test_a_flipped_bit_is_noticed(path: Path) -> None:
    torch.save({"a": torch.ones(1000)}, path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    with pytest.raises(MediganPackageError, match="a checksum in it is wrong"):
        read_checkpoint(path, "500.pt")


def test_a_file_that_would_unpack_to_more_than_it_is_is_refused(path: Path) -> None:
    torch.save({"a": torch.zeros(100_000)}, path)
    with zipfile.ZipFile(path) as stored:
        parts = {part.filename: stored.read(part) for part in stored.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)

    with pytest.raises(MediganPackageError, match="would unpack to 40"):
        read_checkpoint(path, "500.pt")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"discriminator": {"d": torch.ones(2)}, "epoch": 5}, "'discriminator', 'epoch', but"),
        ({}, "holds nothing, but"),
        ([torch.ones(2)], "holds one list instead"),
        (torch.ones(2), "holds one Tensor instead"),
        ({"generator": {}}, "holds 'generator', but"),
        ({"generator": {1: torch.ones(2)}}, "holds 'generator', but"),
    ],
)
def test_a_file_without_a_generator_says_what_it_holds(
    path: Path, content: Any, sentence: str
) -> None:
    torch.save(content, path)

    with pytest.raises(MediganPackageError, match=sentence):
        read_checkpoint(path, "500.pt")
