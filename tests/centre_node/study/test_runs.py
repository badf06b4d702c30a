"""A whole study on phantoms."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from centre_node.classifiers.errors import InitialWeightsError
from centre_node.classifiers.training import train_classifier
from centre_node.mammography.errors import NotEnoughPatientsError
from centre_node.study.errors import GeneratorSizeError, StudyFailedError
from centre_node.study.lineage import RESULT, uses_of
from centre_node.study.local_engine import LocalEngine
from centre_node.study.preparation import prepare
from centre_node.study.runs import run_study
from node_api.findings import StudyResult
from node_api.studies import Arm
from shared.packages import Package
from shared.progress import Progress
from study_report.contents import StudyReport
from tests.centre_node.study.made_up import tiny_inputs, tiny_study, untrained_package

pytestmark = pytest.mark.slow

EVERY_ARM = (
    {"name": "none"},
    {"name": "extra healthy only", "extra_healthy": True},
    {"name": "own lesions repeated", "oversampled": True},
    {"name": "classical augmentation", "augmentation": "classical"},
    {"name": "Real B", "real_donors": ("centre-b",)},
)


class StoppedError(Exception):
    pass


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return untrained_package(tmp_path_factory.mktemp("package"))


def _run(
    configuration: Any, package: Package, folder: Path, *, stop: int = 999, workers: int = 1
) -> StudyResult:
    def on_progress(step: Progress) -> None:
        if step.done == stop and step.unit == "runs":
            raise StoppedError

    return run_study(
        configuration,
        tiny_inputs(package),
        folder=folder / "results",
        cache=folder / "cache",
        device=torch.device("cpu"),
        threads=1,
        engine=LocalEngine(workers),
        on_progress=on_progress,
    )


@pytest.fixture(scope="module")
def result(package: Package, tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    return _run(tiny_study(package), package, tmp_path_factory.mktemp("study"))


def _runs(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (folder / "cache/runs").glob("*.json")}


def test_every_cell_of_the_grid_is_filled(result: StudyResult) -> None:
    assert len(result.rows) == 2 * 3 * 2
    assert len({(row.arm, row.train_fraction, row.seed) for row in result.rows}) == 12
    assert result.failed == ()
    assert len(result.findings.cells) == 6


def test_the_control_is_chosen_by_what_runs_said_of_validation_patients(
    package: Package, tmp_path: Path
) -> None:
    arms = (*EVERY_ARM[:3], {"name": "B", "generators": (package.digest,)})
    configuration = tiny_study(package, arms=arms, train_fractions=(1.0,))

    findings = _run(configuration, package, tmp_path).findings

    (chosen,) = findings.controls
    assert set(chosen.candidates) == {"extra healthy only", "own lesions repeated"}
    known = {name: value for name, value in chosen.candidates.items() if value is not None}
    assert chosen.arm == max(known, key=known.__getitem__)
    against = {one.against for one in findings.differences if one.arm == "B"}
    assert against == {"none", chosen.arm}


def test_altered_samples_are_made_anew_and_not_taken_for_a_generators(
    package: Package, tmp_path: Path
) -> None:
    configuration = tiny_study(package, seeds=(0,), train_fractions=(1.0,))
    _run(configuration, package, tmp_path)
    (samples,) = (tmp_path / "cache/samples").glob("*.npy")
    drawn = samples.read_bytes()
    samples.write_bytes(bytes(len(drawn)))

    _run(tiny_study(package, seeds=(1,), train_fractions=(1.0,)), package, tmp_path)

    assert samples.read_bytes() == drawn


def test_each_arm_adds_what_it_says_and_the_test_set_stays(
    package: Package, tmp_path: Path
) -> None:
    arms = (*EVERY_ARM, {"name": "B", "generators": (package.digest,)})
    alone = {"name": "B alone", "generators": (package.digest,), "own_lesions": False}
    configuration = tiny_study(package, arms=(*arms, alone), seeds=(0,), train_fractions=(1.0,))

    rows = {row.arm: row for row in _run(configuration, package, tmp_path).rows}

    plain = rows["none"]
    lesions = plain.n_train_real // 2
    extra = {
        name: (row.n_train_real - plain.n_train_real, row.n_train_synthetic)
        for name, row in rows.items()
    }
    assert extra == {
        "none": (0, 0),
        "extra healthy only": (10, 0),
        "own lesions repeated": (20, 0),
        "classical augmentation": (0, 0),
        "Real B": (20, 0),
        "B": (10, 10),
        "B alone": (10 - 2 * lesions, 10),
    }
    assert len({(row.n_test, row.prevalence) for row in rows.values()}) == 1


def test_half_of_the_patients_train_with_fewer_patches(result: StudyResult) -> None:
    real = {row.train_fraction: row.n_train_real for row in result.rows if row.arm == "none"}

    assert real[0.5] < real[1.0]


def test_half_of_the_patches_is_an_option_that_keeps_every_patient_in_reach(
    package: Package, tmp_path: Path
) -> None:
    arms = [{"name": "none"}]
    configuration = tiny_study(package, train_fraction_of="patches", arms=arms, seeds=(0,))

    rows = _run(configuration, package, tmp_path).rows

    real = {row.train_fraction: row.n_train_real for row in rows}
    assert real[0.5] == pytest.approx(real[1.0] / 2, abs=2)


def test_the_split_is_reported_with_its_balance_and_the_shortcut(result: StudyResult) -> None:
    assert [part.subset for part in result.balance] == ["train", "validation", "test"]
    assert sum(part.patients for part in result.balance) == 24
    assert result.shortcut.n_test == result.rows[0].n_test


def test_an_interrupted_study_goes_on_and_gives_the_same_result(
    package: Package, result: StudyResult, tmp_path: Path
) -> None:
    with pytest.raises(StoppedError):
        _run(tiny_study(package), package, tmp_path, stop=5)
    finished = _runs(tmp_path)

    resumed = _run(tiny_study(package), package, tmp_path)

    assert len(finished) == 5
    assert finished.items() <= _runs(tmp_path).items()
    assert resumed.rows == result.rows
    assert resumed.findings == result.findings
    assert resumed.origin.runs_found == 5
    assert (tmp_path / "results" / "results.csv").read_text().count("\n") == 13


def test_processes_give_the_results_of_one_process(
    package: Package, result: StudyResult, tmp_path: Path
) -> None:
    assert _run(tiny_study(package), package, tmp_path, workers=2).rows == result.rows


def test_a_study_with_one_more_seed_reuses_the_runs_of_the_other(
    package: Package, tmp_path: Path
) -> None:
    few = tiny_study(package, seeds=(0,), train_fractions=(1.0,))
    more = tiny_study(package, seeds=(0, 1), train_fractions=(1.0,))
    _run(few, package, tmp_path)
    before = _runs(tmp_path)

    found = _run(more, package, tmp_path).origin.runs_found

    assert found == len(before) == 3
    assert before.items() <= _runs(tmp_path).items()


def test_what_a_run_depends_on_makes_it_another_run(package: Package, tmp_path: Path) -> None:
    study: dict[str, Any] = {"seeds": (0,), "train_fractions": (1.0,), "arms": (Arm(name="none"),)}
    _run(tiny_study(package, **study), package, tmp_path)

    changed: list[dict[str, Any]] = [
        {"classifier_training": {"epochs": 3}},
        {"split_seed": 1},
        {"image_size": 32},
    ]
    found = [
        _run(tiny_study(package, **study, **change), package, tmp_path).origin.runs_found
        for change in changed
    ]

    assert found == [0, 0, 0]


def test_a_run_that_fails_is_reported_and_the_others_go_on(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*arguments: Any, seed: int, **options: Any) -> Any:
        if seed == 1:
            raise RuntimeError("no luck")
        return train_classifier(*arguments, seed=seed, **options)

    monkeypatch.setattr("centre_node.study.running.train_classifier", failing)
    result = _run(tiny_study(package, train_fractions=(1.0,)), package, tmp_path)

    assert [row.seed for row in result.rows] == [0, 0, 0]
    assert {failed.seed for failed in result.failed} == {1}
    assert result.failed[0].problem == "unexpected RuntimeError; the log tells more"
    with pytest.raises(StudyFailedError, match="not one of 3 runs ended well: unexpected Runtime"):
        _run(tiny_study(package, train_fractions=(1.0,), seeds=(1,)), package, tmp_path / "none")


def test_the_result_names_the_generators_that_it_depends_on(
    package: Package, result: StudyResult, tmp_path: Path
) -> None:
    folder = tmp_path / "somewhere" / "deep"
    folder.mkdir(parents=True)
    report = StudyReport(configuration=tiny_study(package), result=result)
    (folder / RESULT).write_text(report.model_dump_json())

    (use,) = uses_of(package.digest[:8], tmp_path)

    assert (use.centre, use.name, use.arms, use.runs) == ("centre-b", "lesions", ("B",), 4)
    assert list(uses_of("0" * 64, tmp_path)) == []


def test_no_result_names_a_patient(result: StudyResult, package: Package) -> None:
    patients = {mammogram.patient_id for mammogram in tiny_inputs(package).own.mammograms}
    text = json.dumps(result.model_dump(mode="json"))

    assert not [patient for patient in patients if f'"{patient}"' in text]


def test_a_generator_of_another_size_is_refused_before_anything_is_cut(
    package: Package, tmp_path: Path
) -> None:
    with pytest.raises(
        GeneratorSizeError, match=r"centre-b/lesions makes patches of 16 px, .* image_size is 32"
    ):
        _run(tiny_study(package, image_size=32), package, tmp_path)

    assert not list(tmp_path.rglob("patches"))


def test_weights_to_start_from_that_are_not_there_are_named(
    package: Package, tmp_path: Path
) -> None:
    inputs = replace(tiny_inputs(package), initial_weights=tmp_path / "none.safetensors")

    with pytest.raises(InitialWeightsError, match=r"no file of weights at .*none\.safetensors"):
        prepare(tiny_study(package), inputs, folder=tmp_path, device=torch.device("cpu"), threads=1)


def test_kinds_that_nobody_has_are_refused(package: Package, tmp_path: Path) -> None:
    told = "no mammogram has a lesion of the wanted kinds"
    with pytest.raises(NotEnoughPatientsError, match=told):
        _run(tiny_study(package, lesion_kinds=("other",)), package, tmp_path)

    assert not [path for path in tmp_path.rglob("*") if path.is_dir() and not any(path.iterdir())]
