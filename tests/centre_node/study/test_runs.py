"""A whole study on phantoms, small enough for every day."""

from pathlib import Path
from typing import Any

import pytest
import torch

from centre_node.errors import NotEnoughPatientsError
from centre_node.generators.networks import DcganGenerator
from centre_node.generators.weights import export_weights
from centre_node.mammography.configuration import PatchConfiguration, PhantomSet
from centre_node.mammography.phantoms import read_phantoms
from centre_node.study.configuration import Arm, StudyConfiguration
from centre_node.study.runs import StudyResult, run_study
from shared.architectures import DcganArchitecture
from shared.cards import ModelCard, Training, TrainingSet
from shared.packages import Package, weight_file, write_package

TINY = DcganArchitecture(image_size=16, latent_size=4, width=4)


class StoppedError(Exception):
    pass


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    folder = tmp_path_factory.mktemp("package")
    weights = folder / "weights.safetensors"
    torch.manual_seed(0)
    export_weights(DcganGenerator(TINY), TINY, weights)
    card = ModelCard(
        centre="centre-b",
        name="lesions",
        title="Untrained",
        architecture=TINY,
        weights=(weight_file(weights),),
        training_set=TrainingSet(data_set="none", lesion_kinds=("mass",), patients=5, patches=5),
        training=Training(loss="dcgan", epochs=1, batch_size=2, seed=0, genshare_version="0"),
        licence="CC0-1.0",
        use_terms="Tests",
        contact="tests",
    )
    return write_package(folder / "package", card, [weights])


def _configuration(package: Package, **changes: Any) -> StudyConfiguration:
    options: dict[str, Any] = {
        "patches": PatchConfiguration(margin_px=6, smallest_side_px=16),
        "image_size": 16,
        "split_shares": (0.6, 0.2, 0.2),
        "train_fractions": (1.0, 0.5),
        "classifier_training": {"epochs": 2},
        "synthetic_patches": 10,
        "arms": (
            Arm(name="none"),
            Arm(name="extra healthy only", extra_healthy=True),
            Arm(name="B", generators=(package.digest,)),
        ),
        "seeds": (0, 1),
        **changes,
    }
    return StudyConfiguration.model_validate(options)


def _run(configuration: StudyConfiguration, package: Package, folder: Path, stop: int = 999) -> Any:
    def on_progress(done: int, _total: int, _message: str) -> None:
        if done == stop:
            raise StoppedError

    torch.set_num_threads(1)
    phantoms = PhantomSet(style="digital", patients=24, seed=2, image_height_px=256)
    return run_study(
        configuration,
        read_phantoms(phantoms).mammograms,
        packages={package.digest: package},
        folder=folder,
        device=torch.device("cpu"),
        on_progress=on_progress,
    )


@pytest.fixture(scope="module")
def result(package: Package, tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    study: StudyResult = _run(_configuration(package), package, tmp_path_factory.mktemp("study"))
    return study


def test_every_cell_of_the_grid_is_filled(result: StudyResult) -> None:
    assert len(result.rows) == 2 * 3 * 2
    assert len({(row.arm, row.train_fraction, row.seed) for row in result.rows}) == 12


def test_each_arm_adds_what_it_says_and_the_test_set_stays(result: StudyResult) -> None:
    for row in result.rows:
        plain = next(
            r for r in result.rows if r.arm == "none" and r.train_fraction == row.train_fraction
        )
        extra = row.n_train_real - plain.n_train_real
        expected = {"none": (0, 0), "extra healthy only": (10, 0), "B": (10, 10)}[row.arm]
        assert (extra, row.n_train_synthetic) == expected
        assert (row.n_test, row.prevalence) == (plain.n_test, plain.prevalence)


def test_half_of_the_patients_train_with_fewer_patches(result: StudyResult) -> None:
    real = {row.train_fraction: row.n_train_real for row in result.rows if row.arm == "none"}

    assert real[0.5] < real[1.0]


def test_half_of_the_patches_is_an_option_that_keeps_every_patient_in_reach(
    package: Package, tmp_path: Path
) -> None:
    arms = [{"name": "none"}]
    configuration = _configuration(package, train_fraction_of="patches", arms=arms, seeds=(0,))

    rows = _run(configuration, package, tmp_path).rows

    real = {row.train_fraction: row.n_train_real for row in rows}
    assert real[0.5] == pytest.approx(real[1.0] / 2, abs=2)
    assert [path.name for path in (tmp_path / "patches").glob("train*")] == ["train-1"]


def test_the_split_is_reported_with_its_balance_and_the_shortcut(result: StudyResult) -> None:
    assert [part.subset for part in result.balance] == ["train", "validation", "test"]
    assert sum(part.patients for part in result.balance) == 24
    assert result.shortcut.n_test == result.rows[0].n_test


def test_an_interrupted_study_goes_on_and_gives_the_same_rows(
    package: Package, result: StudyResult, tmp_path: Path
) -> None:
    with pytest.raises(StoppedError):
        _run(_configuration(package), package, tmp_path, stop=5)
    finished = sorted((tmp_path / "runs").glob("*.json"))
    times = [path.stat().st_mtime_ns for path in finished]

    resumed = _run(_configuration(package), package, tmp_path)

    assert len(finished) == 5
    assert [path.stat().st_mtime_ns for path in finished] == times
    assert resumed.rows == result.rows
    assert (tmp_path / "results.csv").read_text().count("\n") == 13


def test_kinds_that_nobody_has_are_refused(package: Package, tmp_path: Path) -> None:
    with pytest.raises(NotEnoughPatientsError, match="0 patients with lesions"):
        _run(_configuration(package, lesion_kinds=("other",)), package, tmp_path)
