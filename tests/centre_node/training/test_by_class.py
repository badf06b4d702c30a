"""A generator that knows benign from malignant: trained, shared, drawn from and studied."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from centre_node.mammography.errors import OneClassOnlyError
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.pathology import UNKNOWN
from centre_node.sampling.drawing import follow_recipe
from centre_node.sampling.errors import RecipeRefusedError
from centre_node.sampling.recipes import new_recipe
from centre_node.sharing.publish import build_package
from centre_node.study.errors import GeneratorClassesError
from centre_node.study.local_engine import LocalEngine
from centre_node.study.preparation import StudyInputs, prepare
from centre_node.study.prepared import Run, opened
from centre_node.study.runs import run_study
from centre_node.training.on_lesions import train_on_lesions
from centre_node.training.plan import TrainingPlan
from node_api.patches import PatchConfiguration
from node_api.results import TrainedGenerator
from node_api.studies import Arm, StudyConfiguration
from node_api.tasks import BENIGN_OR_MALIGNANT
from shared.names import Pathology
from shared.packages import Package, open_package
from shared.terms import CentreTerms
from tests.centre_node.generators.tiny import settings
from tests.centre_node.study.made_up import TINY, phantoms, untrained_package
from tests.hub_server import RunningHub

CPU = torch.device("cpu")
PATCHES = PatchConfiguration(margin_px=6, smallest_side_px=16)
PLAN = TrainingPlan(
    lesion_kinds=("mass", "calcification", "other"),
    patches=PATCHES,
    architecture=TINY.model_copy(update={"classes": ("benign", "malignant")}),
    training=settings(epochs=2),
)
TERMS = CentreTerms(
    centre="centre-b",
    name="by-class",
    title="Lesions by class",
    licence="CC0-1.0",
    use_terms="Tests",
    contact="tests",
)


def trained_on(reading: Reading, folder: Path) -> tuple[TrainedGenerator, dict[str, int]]:
    folder.mkdir()
    trained, skipped = train_on_lesions(
        reading,
        PLAN,
        store_folder=folder / "patches",
        folder=folder / "training",
        pictures=folder,
        device=CPU,
        on_progress=lambda _step: None,
    )
    return trained, dict(skipped)


def with_pathology(reading: Reading, *, first: str | None, others: str | None) -> Reading:
    """Return a data set that tells another pathology of its first lesion, and of the others."""
    mammograms, told = [], first
    for mammogram in reading.mammograms:
        lesions = []
        for lesion in mammogram.lesions:
            lesions.append(replace(lesion, pathology=told or lesion.pathology))
            told = others
        mammograms.append(replace(mammogram, lesions=tuple(lesions)))
    return replace(reading, mammograms=tuple(mammograms))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    folder = tmp_path_factory.mktemp("by-class") / "work"
    trained, _ = trained_on(phantoms(seed=5), folder)
    weights = folder / "training" / "weights.safetensors"
    return build_package(folder / "package", [weights], trained, TERMS)


def drawn(package: Package, pathology: Pathology | None) -> np.ndarray:
    patches = np.empty((20, 16, 16), dtype=np.uint8)
    follow_recipe(
        new_recipe(package, count=20, seed=1, device=CPU, pathology=pathology),
        package,
        device=CPU,
        keep=lambda places, made: patches.__setitem__(places, made),
    )
    return patches


@pytest.mark.slow
def test_a_hub_takes_it_and_a_receiver_draws_the_class_that_it_asks_for(
    package: Package, loopback_hub: RunningHub, tmp_path: Path
) -> None:
    token = loopback_hub.client().invite("centre-b", renew=True)
    published = loopback_hub.client(token).publish(package)

    loopback_hub.client(token).fetch(published, tmp_path / "got")

    got = open_package(tmp_path / "got")
    assert got.card.architecture.classes == ("benign", "malignant")
    benign, malignant, mixed = (drawn(got, name) for name in ("benign", "malignant", None))
    assert (benign != malignant).any()
    assert (mixed[::2] == benign[::2]).all()
    assert (mixed[1::2] == malignant[1::2]).all()


def test_a_generator_without_classes_cannot_be_asked_for_one(tmp_path: Path) -> None:
    with pytest.raises(RecipeRefusedError, match="malignant patches are asked for, but the gen"):
        drawn(untrained_package(tmp_path), "malignant")


@pytest.mark.slow
def test_lesions_of_unknown_pathology_are_left_out_of_its_training_and_counted(
    tmp_path: Path,
) -> None:
    reading = phantoms(seed=5)
    whole, _ = trained_on(reading, tmp_path / "whole")

    trained, skipped = trained_on(
        with_pathology(reading, first="unproven", others=None), tmp_path / "less"
    )

    assert trained.patches == whole.patches - 1
    assert skipped[UNKNOWN] == 1


@pytest.mark.slow
def test_both_classes_must_be_there(tmp_path: Path) -> None:
    reading = with_pathology(phantoms(seed=5), first="benign", others="benign")

    with pytest.raises(OneClassOnlyError, match=r"not one lesion of the kinds .* to be malignant"):
        trained_on(reading, tmp_path / "work")


def study(digest: str, **changes: Any) -> StudyConfiguration:
    return StudyConfiguration(
        task=BENIGN_OR_MALIGNANT,
        patches=PATCHES,
        image_size=16,
        split_shares=(0.4, 0.2, 0.4),
        train_fractions=(0.5,),
        classifier_training={"steps": 10},
        synthetic_patches=9,
        sampling_seed=1,
        arms=(
            Arm(name="none"),
            Arm(name="B", generators=(digest,)),
            Arm(name="B alone", generators=(digest,), own_lesions=False),
        ),
        seeds=(0,),
        resamples=100,
        **changes,
    )


def inputs(package: Package) -> StudyInputs:
    return StudyInputs(own=phantoms(patients=40), donors={}, packages={package.digest: package})


@pytest.mark.slow
def test_a_study_adds_its_patches_of_both_classes(package: Package, tmp_path: Path) -> None:
    result = run_study(
        study(package.digest),
        inputs(package),
        folder=tmp_path / "results",
        cache=tmp_path / "cache",
        device=CPU,
        threads=1,
        engine=LocalEngine(1),
        on_progress=lambda _step: None,
    )

    rows = {row.arm: row for row in result.rows}
    assert rows["B"].n_train_synthetic == rows["B alone"].n_train_synthetic == 9
    assert rows["B"].n_train_real == rows["none"].n_train_real
    assert rows["B alone"].n_train_real == 0


@pytest.mark.slow
def test_the_study_knows_the_class_of_each_of_them(package: Package, tmp_path: Path) -> None:
    configuration = study(package.digest)
    ready = prepare(configuration, inputs(package), folder=tmp_path, device=CPU, threads=1)
    alone = Run(classifier="cnn", train_fraction=0.5, arm=configuration.arms[2], seed=0)

    training = opened(ready.file).training_patches(alone)
    pixels, labels = training.draw_epoch(np.random.default_rng(0))

    assert labels.tolist() == [0, 1, 0, 1, 0, 1, 0, 1, 0]
    assert (pixels[labels == 1] == drawn(package, "malignant")[1:9:2]).all()


def test_a_study_of_pathologies_refuses_a_generator_that_knows_none(tmp_path: Path) -> None:
    plain = untrained_package(tmp_path)

    with pytest.raises(GeneratorClassesError, match="cannot be asked for benign or malignant"):
        prepare(study(plain.digest), inputs(plain), folder=tmp_path, device=CPU, threads=1)
