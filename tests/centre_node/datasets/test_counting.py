"""A data set that another process counts is counted as one that this process counts."""

import sys
from pathlib import Path

import pytest

from centre_node.datasets.counting import count, count_apart
from centre_node.errors import NodeError
from centre_node.mammography.datasets import DataFolders
from centre_node.mammography.errors import BadMammogramsError
from node_api.data_sources import MammogramFolder, PhantomSet

PHANTOMS = PhantomSet(style="digital", patients=3, seed=1, image_height_px=256)


@pytest.mark.slow
def test_counts_are_the_same(tmp_path: Path) -> None:
    folders = DataFolders(None, tmp_path)

    assert count_apart(PHANTOMS, folders, seconds=600) == count(PHANTOMS, folders)


@pytest.mark.slow
def test_what_cannot_be_read_is_refused_in_the_same_words(tmp_path: Path) -> None:
    (tmp_path / "mammograms" / "empty").mkdir(parents=True)
    folders = DataFolders(tmp_path / "mammograms", tmp_path / "phantoms")
    source = MammogramFolder(folder="empty", format="inbreast")

    with pytest.raises(BadMammogramsError) as here:
        count(source, folders)
    with pytest.raises(BadMammogramsError) as apart:
        count_apart(source, folders, seconds=600)

    assert str(apart.value) == str(here.value)


def test_a_process_that_does_not_come_to_its_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(NodeError, match="ended with 1"):
        count_apart(PHANTOMS, DataFolders(None, tmp_path), seconds=600)


def test_what_takes_too_long_is_given_up(tmp_path: Path) -> None:
    assert count_apart(PHANTOMS, DataFolders(None, tmp_path), seconds=0) is None
    assert count_apart(PHANTOMS, DataFolders(None, tmp_path), seconds=0.001) is None
