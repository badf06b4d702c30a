"""A whole study that tells benign from malignant lesions, on phantoms."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from centre_node.mammography.mammograms import Reading
from centre_node.study.local_engine import LocalEngine
from centre_node.study.preparation import StudyInputs
from centre_node.study.runs import run_study
from node_api.findings import StudyResult
from node_api.patches import PatchConfiguration
from node_api.studies import Arm, StudyConfiguration
from node_api.tasks import BENIGN_OR_MALIGNANT
from study_report.contents import StudyReport
from study_report.presented import Presented
from study_report.tables import balance_table
from study_report.writing import write_study_report
from tests.centre_node.study.made_up import phantoms

pytestmark = pytest.mark.slow

CONFIGURATION = StudyConfiguration(
    task=BENIGN_OR_MALIGNANT,
    patches=PatchConfiguration(margin_px=6, smallest_side_px=16),
    image_size=16,
    split_shares=(0.4, 0.2, 0.4),
    train_fractions=(0.5,),
    classifier_training={"steps": 30},
    synthetic_patches=8,
    arms=(
        Arm(name="none"),
        Arm(name="own lesions repeated", oversampled=True),
        Arm(name="Real B", real_donors=("centre-b",)),
        Arm(name="Every B", real_donors=("centre-b",), every_donated=True),
        Arm(name="B alone", real_donors=("centre-b",), own_lesions=False),
    ),
    seeds=(0, 1),
    resamples=100,
)


def with_one_unknown(reading: Reading) -> Reading:
    """Return a data set of which one lesion's pathology is not told."""
    ill = next(i for i, m in enumerate(reading.mammograms) if m.lesions)
    chosen = reading.mammograms[ill]
    lesions = (replace(chosen.lesions[0], pathology="unproven"), *chosen.lesions[1:])
    mammograms = list(reading.mammograms)
    mammograms[ill] = replace(chosen, lesions=lesions)
    return replace(reading, mammograms=tuple(mammograms))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def result(folder: Path) -> StudyResult:
    return run_study(
        CONFIGURATION,
        StudyInputs(
            own=with_one_unknown(phantoms(patients=40)),
            donors={"centre-b": phantoms(seed=5)},
            packages={},
        ),
        folder=folder / "results",
        cache=folder / "cache",
        device=torch.device("cpu"),
        threads=1,
        engine=LocalEngine(1),
        on_progress=lambda _step: None,
    )


def test_each_arm_trains_on_what_it_says_and_all_see_the_same_test_lesions(
    result: StudyResult,
) -> None:
    assert result.failed == ()
    real = {row.arm: row.n_train_real for row in result.rows}
    own = real["none"]
    assert real["own lesions repeated"] == real["Real B"] == own + 8
    assert real["B alone"] == 8
    donated = sum(len(m.lesions) for m in phantoms(seed=5).mammograms)
    assert real["Every B"] == own + donated
    test = next(part for part in result.balance if part.subset == "test")
    assert {row.n_test for row in result.rows} == {sum(test.pathologies.values())}
    prevalence = test.pathologies["malignant"] / sum(test.pathologies.values())
    assert {row.prevalence for row in result.rows} == {prevalence}


def test_the_lesion_of_unknown_pathology_is_left_out_and_counted(result: StudyResult) -> None:
    used = sum(sum(part.pathologies.values()) for part in result.balance)

    assert used == sum(len(m.lesions) for m in phantoms(patients=40).mammograms) - 1
    assert list(result.left_out.values()) == [1]
    table = balance_table(Presented(CONFIGURATION, result))
    assert "1 time lesion without a known pathology" in table.note
    assert "malignant" in table.rows[0].values[4].text


def test_the_report_calls_the_classes_by_their_names(result: StudyResult, folder: Path) -> None:
    pictures = {path.name: path.read_bytes() for path in (folder / "results").glob("*.png")}

    page = write_study_report(
        folder / "page", StudyReport(configuration=CONFIGURATION, result=result), pictures
    )

    text = page.read_text(encoding="utf-8")
    for words in (
        "Malignant is the positive class",
        "Benign is the positive class",
        "F1, benign",
        "are malignant",
        "a malignant patch above a benign one",
        "Real benign patches that",
        "30 steps",
    ):
        assert words in text
    for words in ("Lesion is the positive class", "healthy", "show a lesion"):
        assert words not in text
    assert {"real-malignant-patches.png", "real-benign-patches.png"} < set(pictures)
