import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from centre_node.generators.estimates import check_disk, estimate
from node_api.generator_training import GeneratorTraining
from shared.architectures import DcganArchitecture, ResidualArchitecture
from shared.errors import OutOfSpaceError
from tests.centre_node.generators.tiny import LOSSES, discs, settings, train


def test_the_papers_dcgan_needs_several_gigabytes_of_disk_mostly_for_its_51_weight_files() -> None:
    needed = estimate(DcganArchitecture(), GeneratorTraining(recipe="paper"), patches=1148)

    weights = 51 * 12_788_480 * 4  # parameters and running statistics
    assert weights < needed.disk_bytes < 1.6 * weights


def test_the_papers_networks_need_four_times_their_weights_and_more_in_memory() -> None:
    needed = estimate(DcganArchitecture(), GeneratorTraining(recipe="paper"), patches=1148)

    parameters = 12_784_512 + 25_110_528
    assert needed.memory_bytes > 4 * 4 * parameters + 1148 * 128**2
    assert needed.memory_bytes < 1.5e9


@pytest.mark.parametrize("loss", LOSSES)
def test_a_training_leaves_at_most_what_was_estimated(tmp_path: Path, loss: str) -> None:
    architecture = ResidualArchitecture(image_size=32, width=16, latent_size=8)
    training = settings(loss=loss, epochs=3, keep_weights_from_epoch=1)

    train(tmp_path, training, patches=discs(8, side=32), architecture=architecture)

    left = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    checkpoint = (tmp_path / "checkpoint.pt").stat().st_size
    estimated = estimate(architecture, training, 8).disk_bytes
    assert left + checkpoint < estimated < 1.5 * (left + checkpoint)


def test_more_of_anything_needs_more() -> None:
    architecture = DcganArchitecture(image_size=32, width=8)
    base = estimate(architecture, settings(), patches=100)

    assert estimate(architecture, settings(), 200).memory_bytes > base.memory_bytes
    assert estimate(architecture, settings(batch_size=8), 100).memory_bytes > base.memory_bytes
    averaged = estimate(architecture, settings(average_half_life_images=10), 100)
    assert averaged.memory_bytes > base.memory_bytes
    assert averaged.disk_bytes > base.disk_bytes
    keeping = settings(keep_weights_from_epoch=1, keep_weights_every_epochs=1)
    assert estimate(architecture, keeping, 100).disk_bytes > base.disk_bytes


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_a_disk_that_is_too_small_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**6, 10**6 - 1000, 1000))

    with pytest.raises(OutOfSpaceError, match=r"needs up to \d+ MB .* but 0 MB are free"):
        train(tmp_path / "run", settings())

    assert not (tmp_path / "run").exists()


def test_what_a_folder_holds_already_is_not_needed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(0, 0, 100))
    (tmp_path / "checkpoint.pt").write_bytes(b"0" * 700)
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "epoch-0002.png").write_bytes(b"0" * 200)
    (tmp_path / "patches").mkdir()  # that it was trained on: no part of the training
    (tmp_path / "patches" / "pixels.bin").write_bytes(b"0" * 500)

    check_disk(tmp_path, 1000)

    with pytest.raises(OutOfSpaceError):
        check_disk(tmp_path, 1001)
