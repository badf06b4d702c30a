"""`genshare init`: from a folder of one's own to a study that runs."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from centre_node.mammography.mammograms import Reading
from centre_node.mammography.summaries import summary
from centre_node.study import proposal
from centre_node.study.durations import Pace, Sizes
from centre_node.study.plan import Paces, plan_study
from centre_node.study.preparation import StudyInputs
from centre_node.study.proposal_file import study_toml
from centre_node.study.study_file import read_study_file
from node_api.patches import PatchConfiguration
from node_api.studies import Arm, StudyConfiguration
from shared.packages import Package
from tests.centre_node.study.made_up import phantoms, untrained_package
from tests.command_line import Genshare

PACES = Paces({"cnn": Pace(step=0.01, prediction=0.0)}, image=0.0)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return untrained_package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def own() -> Reading:
    return phantoms(patients=40)


def proposed(
    inputs: StudyInputs, monkeypatch: pytest.MonkeyPatch, minutes: float
) -> proposal.Proposal:
    monkeypatch.setattr(proposal, "try_paces", lambda *_given: PACES)
    names = {package.card.name: digest for digest, package in inputs.packages.items()}
    return proposal.propose(inputs, names, kinds=(), minutes=minutes, device=torch.device("cpu"))


def test_time_grows_with_arms_seeds_and_steps_as_it_is_known(own: Reading) -> None:
    study = StudyConfiguration(
        patches=PatchConfiguration(margin_px=6, smallest_side_px=16),
        image_size=16,
        train_fractions=(1.0,),
        classifier_training={"steps": 300},
        arms=(Arm(name="none"), Arm(name="repeated", oversampled=True)),
        seeds=(0, 1, 2),
    )
    inputs = StudyInputs(own=own, donors={}, packages={})

    plan = plan_study(study, inputs, PACES)

    assert plan.runs == 6
    processors = len(os.sched_getaffinity(0))
    assert plan.seconds == pytest.approx(6 * (1 + 300 * 0.01) / processors)
    sizes, epochs = (
        Sizes(24, 8, 8),
        study.model_copy(
            update={"classifier_training": study.classifier_training.model_validate({"epochs": 5})}
        ),
    )
    assert Pace(0.01, 0.0).of_run(epochs, sizes, added=12) == pytest.approx(1 + 5 * 3 * 0.01)


def test_a_run_that_lets_validation_patients_choose_trains_twice(own: Reading) -> None:
    inputs = StudyInputs(own=own, donors={"b": phantoms(seed=5)}, packages={})
    always, chosen = (
        plan_study(
            StudyConfiguration(
                patches=PatchConfiguration(margin_px=6, smallest_side_px=16),
                image_size=16,
                train_fractions=(1.0,),
                arms=(Arm(name="B", real_donors=("b",), harmonised=harmonised),),
            ),
            inputs,
            PACES,
        )
        for harmonised in (True, "validation")
    )

    assert chosen.seconds == pytest.approx(2 * always.seconds)


def test_a_study_is_as_long_as_there_is_time_and_never_below_five_seeds(
    own: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = StudyInputs(own=own, donors={}, packages={})

    long, short = (proposed(inputs, monkeypatch, minutes=minutes) for minutes in (600, 0.01))

    assert len(long.configuration.seeds) == 10
    assert long.configuration.classifier_training.steps == 500
    assert len(short.configuration.seeds) == 5
    assert any(
        "although 0.01 minutes were given; a smaller study leads to no verdict" in said
        for said in short.assumed
    )


def test_what_is_written_is_read_as_what_was_proposed(
    own: Reading, package: Package, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    inputs = StudyInputs(
        own=own, donors={"centre-b": phantoms(seed=5)}, packages={package.digest: package}
    )
    made = proposed(inputs, monkeypatch, minutes=10)
    file = tmp_path / "study.toml"

    file.write_text(
        study_toml(
            made,
            own=Path('/data/a "quoted" folder'),
            where={"view": "CC"},
            donors={"centre-b": Path("/data/b")},
            generators={package.card.name: package.folder},
        )
    )

    read = read_study_file(file)
    assert read.configuration({package.card.name: package.digest}) == made.configuration
    assert made.configuration.image_size == package.card.architecture.image_size
    assert {arm.name for arm in made.configuration.arms} >= {
        *("none", "blobs painted", package.card.name, "Real centre-b")
    }
    assert read.generators == {package.card.name: package.folder}


def test_images_without_annotation_are_those_that_data_inspect_counts(
    own: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image with a lesion of another kind than the study's is annotated all the same."""
    few = [image for image in own.mammograms if image.lesions][:3]
    of_other_kind = {
        image.image_id: replace(
            image, lesions=tuple(replace(one, kind="other") for one in image.lesions)
        )
        for image in few
    }
    mixed = replace(
        own, mammograms=tuple(of_other_kind.get(one.image_id, one) for one in own.mammograms)
    )

    made = proposed(StudyInputs(own=mixed, donors={}, packages={}), monkeypatch, minutes=10)

    free = summary(mixed).images_without_annotation
    assert free == summary(own).images_without_annotation
    assert any(f"{free} of {len(mixed.mammograms)} images are without" in s for s in made.assumed)


@pytest.mark.slow
def test_three_commands_lead_from_a_folder_to_a_report(genshare: Genshare, tmp_path: Path) -> None:
    folder, file, out = (str(tmp_path / name) for name in ("own", "study.toml", "out"))
    made = ["--format", "inbreast", "--patients", "30", "--image-height-px", "256"]
    assert genshare("data", "phantoms", *made, "--out", folder).code == 0

    begun = genshare("init", folder, "--out", file, "--minutes", "1")
    again = genshare("init", folder, "--out", file)
    planned = genshare("study", "run", file, "--out", out, "--dry-run", "--json")
    among = genshare("study", "run", file, "--out", folder, "--dry-run")

    assert begun.code == 0, begun.stderr
    assert "genshare study run" in begun.stdout
    assert again.code == 2
    assert "is there already" in again.stderr
    assert planned.code == 0, planned.stderr
    assert json.loads(planned.stdout)["runs"] == 25
    assert not Path(out).exists()
    assert among.code == 1
    assert "Name another folder with --out" in among.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nowhere"], "nowhere"),
        ([".", "--generator", "masses"], "is no NAME=FOLDER"),
        ([".", "--donor", "B x=."], "is no NAME=FOLDER"),
        ([".", "--donor", "b=.", "--donor", "b=."], "names the same twice"),
        ([".", "--minutes", "0"], "--minutes"),
        ([".", "--kinds", "cyst"], "--kinds"),
    ],
)
def test_wrong_input_is_one_sentence(
    arguments: list[str],
    complaint: str,
    genshare: Genshare,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)

    done = genshare("init", *arguments)

    assert done.code in {1, 2}
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
