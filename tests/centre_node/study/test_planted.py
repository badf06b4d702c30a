"""A study finds what is there and nothing else: donors that help, and a generator of noise."""

from pathlib import Path
from typing import Any

import pytest
import torch

from centre_node.study.local_engine import LocalEngine
from centre_node.study.preparation import StudyInputs
from centre_node.study.runs import run_study
from node_api.findings import Difference, StudyResult
from node_api.patches import PatchConfiguration
from node_api.studies import Arm, StudyConfiguration
from tests.centre_node.study.made_up import phantoms, untrained_package

pytestmark = pytest.mark.slow

CONTROL = Arm(name="own lesions repeated", oversampled=True)
DONOR = Arm(name="Real B", real_donors=("centre-b",))
PLANTED: dict[str, dict[str, Any]] = {
    "cnn": {
        "lesion_kinds": ("calcification",),
        "split_shares": (0.05, 0.15, 0.8),
        "train_fractions": (1.0,),
        "classifier_training": {"epochs": 20, "learning_rate": 0.003},
    },
    # Calcifications are too small for a Swin to find within minutes, and ten own masses teach it
    # nearly all that there is to know of a phantom's masses: it has two.
    "swin": {
        "lesion_kinds": ("mass",),
        "split_shares": (0.01, 0.1, 0.89),
        "train_fractions": (0.34,),
        "classifier_training": {
            "recipe": "improved",
            "epochs": 8,
            "batch_size": 16,
            "learning_rate": 0.0002,
            "warm_up_share": 0.25,
            "average_half_life_patches": 100,
            "augmentation": "flips",
            "swin_side_px": 32,
        },
    },
}
"""By classifier, what makes a centre with too few lesions of its own."""

SEEDS = {"cnn": tuple(range(12)), "swin": tuple(range(7))}
"""With fewer of the CNN, what the donor brings is not shown beside what else is compared."""

OWN = {"cnn": 2, "swin": 12}
"""Seed of the centre's phantoms; Swin's settings were tried on others than these."""


@pytest.fixture(
    scope="module",
    params=[
        "cnn",
        pytest.param("swin", marks=[pytest.mark.nightly, pytest.mark.timeout(3600)]),
    ],
)
def result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    """Return a study in which few own lesions meet many of the same kind, or noise."""
    folder = tmp_path_factory.mktemp("planted")
    noise = untrained_package(folder)
    synthetic = Arm(name="noise", generators=(noise.digest,))
    baseline = (Arm(name="none"),) if request.param == "cnn" else ()
    configuration = StudyConfiguration(
        classifiers=(request.param,),
        patches=PatchConfiguration(margin_px=6, smallest_side_px=16),
        image_size=16,
        synthetic_patches=60,
        seeds=SEEDS[request.param],
        arms=(*baseline, CONTROL, synthetic, DONOR),
        **PLANTED[request.param],
    )
    return run_study(
        configuration,
        StudyInputs(
            own=phantoms(patients=240, seed=OWN[request.param]),
            donors={"centre-b": phantoms(patients=300, seed=OWN[request.param] + 3)},
            packages={noise.digest: noise},
        ),
        folder=folder / "results",
        cache=folder / "cache",
        device=torch.device("cpu"),
        threads=1,
        engine=LocalEngine(1 if request.param == "cnn" else 2),
        on_progress=lambda _step: None,
    )


def _against_the_control(result: StudyResult, arm: str) -> Difference:
    (found,) = (
        difference
        for difference in result.findings.differences
        if (difference.arm, difference.against, difference.metric) == (arm, CONTROL.name, "auroc")
    )
    return found


def test_real_lesions_of_a_donor_like_the_centre_are_found_to_help(result: StudyResult) -> None:
    found = _against_the_control(result, "Real B")

    # The verdict, which is protected for all arms, hangs on a processor's rounding: p is near 0.05.
    assert found.interval is not None
    assert found.interval.low > 0
    assert found.p_seeds is not None
    assert found.p_seeds < 0.05


def test_noise_is_found_to_bring_no_gain(result: StudyResult) -> None:
    assert _against_the_control(result, "noise").verdict != "higher"


@pytest.mark.parametrize("result", ["cnn"], indirect=True)
def test_against_the_baseline_even_noise_seems_to_help_which_is_why_there_is_a_control(
    result: StudyResult,
) -> None:
    verdicts = {
        (d.arm, d.metric): d.verdict for d in result.findings.differences if d.against == "none"
    }

    assert verdicts["noise", "auroc"] == verdicts["own lesions repeated", "auroc"] == "higher"


@pytest.mark.parametrize("result", ["cnn"], indirect=True)
def test_noise_recovers_nothing_of_what_real_patches_bring(result: StudyResult) -> None:
    (recovered,) = result.findings.recovered

    assert (recovered.arm, recovered.real) == ("noise", "Real B")
    assert recovered.share is not None
    assert recovered.share < 0.5


def test_the_result_can_be_written_and_read(result: StudyResult, tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text(result.model_dump_json())

    assert StudyResult.model_validate_json(file.read_bytes()) == result
