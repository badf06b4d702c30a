"""Studies that cut a donor's mammograms otherwise, or test on more healthy patches."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from centre_node.mammography.errors import BadMammogramsError, NothingCutError
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.patch_store import PatchStore
from centre_node.study.choosing import Trial
from centre_node.study.durations import Pace
from centre_node.study.local_engine import LocalEngine
from centre_node.study.plan import Paces, plan_study
from centre_node.study.preparation import Preparation, StudyInputs, prepare
from centre_node.study.prepared import StoredPatches
from centre_node.study.runs import run_study
from node_api.patches import PatchConfiguration
from node_api.studies import StudyConfiguration
from shared.packages import Package
from tests.centre_node.study.made_up import phantoms, tiny_inputs, tiny_study, untrained_package

CPU = torch.device("cpu")
ARMS = (
    {"name": "none"},
    {"name": "repeated", "oversampled": True},
    {"name": "Real B", "real_donors": ("centre-b",)},
)
PACES = Paces({"cnn": Pace(step=1.0, prediction=1.0)}, image=0.0)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return untrained_package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def study(package: Package, **changes: Any) -> StudyConfiguration:
    fixed = {
        "arms": ARMS,
        "seeds": (0,),
        "train_fractions": (1.0,),
        "split_shares": (0.5, 0.2, 0.3),
    }
    return tiny_study(package, **{**fixed, **changes})


def made(package: Package, cache: Path, **changes: Any) -> Preparation:
    configuration, inputs = study(package, **changes), tiny_inputs(package)
    return prepare(configuration, inputs, folder=cache, device=CPU, threads=1)


@pytest.fixture(scope="module")
def usual(package: Package, cache: Path) -> Preparation:
    return made(package, cache)


def keys(ready: Preparation) -> dict[str, str]:
    return {run.arm.name: ready.study.run_digest(run) for run in ready.study.runs()}


def opened(cache: Path, stored: StoredPatches) -> PatchStore:
    return PatchStore.open(cache / stored.folder)


def sides(store: PatchStore) -> list[int]:
    return [record.square[2] - record.square[0] for record in store.records]


@pytest.mark.slow
def test_a_donors_lesions_are_cut_as_is_said_for_it_and_nothing_else_changes(
    package: Package, cache: Path, usual: Preparation
) -> None:
    cutting = {"centre-b": {"margin_px": 11, "smallest_side_px": 40}}
    other = made(package, cache, donor_cuttings=cutting)

    before, after = (sides(opened(cache, one.study.donors["centre-b"])) for one in (usual, other))
    lesions = [side - 2 * 6 for side in before]
    assert after == [max(40, lesion + 2 * 11) for lesion in lesions]
    assert min(after) == 40
    assert other.study.model_dump(include={"train", "validation", "test"}) == (
        usual.study.model_dump(include={"train", "validation", "test"})
    )
    assert {name for name, key in keys(other).items() if key == keys(usual)[name]} == {
        "none",
        "repeated",
    }


def test_a_donor_that_is_cut_as_the_receiver_after_all_gives_the_same_runs(
    package: Package, cache: Path, usual: Preparation
) -> None:
    same = made(package, cache, donor_cuttings={"centre-b": {"margin_px": 6}})

    assert keys(same) == keys(usual)


def test_the_test_may_have_more_healthy_patches_and_training_and_validation_stay(
    package: Package, cache: Path, usual: Preparation
) -> None:
    other = made(package, cache, test_healthy_per_lesion=2.5)

    before, after = (Counter(opened(cache, one.study.test).labels) for one in (usual, other))
    assert before[0] == before[1] == after[1]
    assert after[0] == round(2.5 * after[1])
    assert other.study.model_dump(include={"train", "validation", "donors"}) == (
        usual.study.model_dump(include={"train", "validation", "donors"})
    )
    assert not set(keys(other).values()) & set(keys(usual).values())


def test_studies_without_these_options_know_nothing_of_them(package: Package) -> None:
    assert not {"donor_cuttings", "test_healthy_per_lesion"} & set(study(package).model_dump())


def without_spacing(reading: Reading, *, of_first: int | None = None) -> Reading:
    lacking = [replace(one, pixel_spacing_mm=None) for one in reading.mammograms[:of_first]]
    return replace(reading, mammograms=(*lacking, *reading.mammograms[len(lacking) :]))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"donor_cuttings": {"centre-b": {"smallest_side_mm": 9.0}}},
            r"of the data of centre-b \(phantoms-digital-5\), not one of \d+ images .* "
            "which smallest_side_mm needs",
        ),
        (
            {"patches": PatchConfiguration(margin_mm=1.0, smallest_side_px=16)},
            r"of the data of centre-b \(phantoms-digital-5\), .* which margin_mm needs",
        ),
    ],
)
def test_lengths_in_mm_need_the_donors_spacing_before_anything_is_cut(
    package: Package, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    inputs = replace(tiny_inputs(package), donors={"centre-b": without_spacing(phantoms(seed=5))})
    configuration = study(package, **changes)

    with pytest.raises(NothingCutError, match=told):
        plan_study(configuration, inputs, PACES)
    with pytest.raises(NothingCutError, match=told):
        prepare(configuration, inputs, folder=tmp_path, device=CPU, threads=1)
    assert list(tmp_path.iterdir()) == []


def test_a_donor_without_spacing_is_cut_in_pixels_beside_a_receiver_that_is_cut_in_mm(
    package: Package, tmp_path: Path, cache: Path, usual: Preparation
) -> None:
    donor = without_spacing(phantoms(seed=5))
    spacing = phantoms().mammograms[0].pixel_spacing_mm
    assert spacing is not None
    ready = prepare(
        study(
            package,
            patches=PatchConfiguration(margin_mm=6 * spacing, smallest_side_mm=16 * spacing),
            donor_cuttings={"centre-b": {"margin_px": 6, "smallest_side_px": 16}},
        ),
        replace(tiny_inputs(package), donors={"centre-b": donor}),
        folder=tmp_path,
        device=CPU,
        threads=1,
    )

    for stored, known in (
        (ready.study.donors["centre-b"], usual.study.donors["centre-b"]),
        (ready.study.train[1.0], usual.study.train[1.0]),
    ):
        assert sides(opened(tmp_path, stored)) == sides(opened(cache, known))
    assert ready.left_out == {}


def test_lesions_whose_images_lack_a_spacing_are_told_with_the_study(
    package: Package, tmp_path: Path
) -> None:
    donor = without_spacing(phantoms(seed=5), of_first=10)
    lacking = sum(len(one.lesions) for one in donor.mammograms[:10])
    cutting = {"centre-b": {"margin_mm": 1.0}}
    inputs = replace(tiny_inputs(package), donors={"centre-b": donor})

    ready = prepare(
        study(package, donor_cuttings=cutting), inputs, folder=tmp_path, device=CPU, threads=1
    )

    assert ready.left_out == {"image has no pixel spacing, which margin_mm needs": lacking}
    lesions = sum(len(one.lesions) for one in donor.mammograms)
    assert len(opened(tmp_path, ready.study.donors["centre-b"]).records) == lesions - lacking


def test_a_plan_counts_the_time_of_more_healthy_test_patches(package: Package) -> None:
    inputs: StudyInputs = tiny_inputs(package)
    one, three = (
        plan_study(study(package, test_healthy_per_lesion=share), inputs, PACES, workers=1)
        for share in (1, 3)
    )

    assert three.seconds - one.seconds == len(ARMS) * 2 * three.subsets[-1].lesions


def test_a_choice_of_generators_tries_no_donor_and_needs_no_cutting_of_one(
    package: Package,
) -> None:
    configuration = study(package, donor_cuttings={"centre-b": {"margin_px": 11}})

    trial = Trial.of(configuration, {"b": package}, classifier="cnn", train_fraction=1.0)

    assert trial.configuration.donor_cuttings == {}


@pytest.mark.slow
def test_every_metric_of_an_unbalanced_test_is_there(package: Package, tmp_path: Path) -> None:
    result = run_study(
        study(package, test_healthy_per_lesion=3, seeds=(0, 1)),
        tiny_inputs(package),
        folder=tmp_path / "results",
        cache=tmp_path / "cache",
        device=CPU,
        threads=1,
        engine=LocalEngine(1),
        on_progress=lambda _progress: None,
    )

    assert {row.prevalence for row in result.rows} == {0.25}
    assert all(row.undefined == {} for row in result.rows)
    assert result.shortcut.n_test == result.rows[0].n_test
    assert all(one.interval is not None for one in result.findings.differences)


def test_patients_who_are_a_donors_and_tested_on_are_counted_and_named(
    package: Package, tmp_path: Path
) -> None:
    configuration, inputs = study(package), tiny_inputs(package)
    lent = replace(inputs, donors={"centre-b": inputs.own})
    told = r"^the own test patients and the data of centre-b share \d+ patients$"

    with pytest.raises(BadMammogramsError, match=told) as refused:
        prepare(configuration, lent, folder=tmp_path, device=CPU, threads=1)
    with pytest.raises(BadMammogramsError, match=told):
        plan_study(configuration, lent, PACES)

    assert "Take the patients out of one of the two" in refused.value.hint
    assert not list(tmp_path.iterdir())
