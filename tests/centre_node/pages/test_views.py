"""What pages show of a node's records, as plain functions."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from centre_node.datasets.usual_cutting import patches_for
from centre_node.pages.data_views import below, by_frequency, dataset_view
from centre_node.pages.generator_views import (
    generator_choices,
    offered,
    residual_generators,
    usual_side_px,
)
from centre_node.pages.job_views import (
    STATES,
    grid_name,
    job_files,
    job_line,
    loss_chart,
    picture_name,
)
from centre_node.pages.overview import overview_steps
from centre_node.pages.policy_words import policy_sentences
from centre_node.pages.result_views import found_by
from node_api.data_sources import MammogramFolder, PhantomSet
from node_api.datasets import Dataset
from node_api.jobs import Job, JobState
from node_api.plans import StudyPlan
from node_api.pulled import GeneratorHere
from node_api.release import Budget, MayWaive, ReleasePolicy
from node_api.requests import PlanStudyRequest, WritePhantomsRequest
from node_api.summaries import DatasetSummary, LesionSummary
from shared.progress import Progress
from tests.packages import TINY, write_tiny_package

AT = datetime(2026, 1, 2, tzinfo=UTC)
PHANTOMS = PhantomSet(style="film", patients=20, seed=1, written_as="bcdr")


def a_job(**changed: Any) -> Job:
    given = {
        "id": "a" * 32,
        "kind": "write_phantoms",
        "state": "running",
        "request": WritePhantomsRequest(phantoms=PHANTOMS),
        "progress": None,
        "result": None,
        "problem": None,
        "attempts": 1,
        "revision": 1,
        "created_at": AT,
        "started_at": AT,
        "finished_at": None,
    }
    return Job(**{**given, **changed})


def a_dataset(**changed: Any) -> Dataset:
    source = changed.pop("source", MammogramFolder(folder="inbreast"))
    given = {
        "images": 100,
        "patients": 60,
        "views": {"CC": 40, "MLO": 60},
        "lateralities": {},
        "densities": {},
        "lesions": 30,
        "kinds": {"mass": 30},
        "pathologies": {},
        "sizes": {"mass": LesionSummary(count=30, side_px=(40, 50, 60), side_mm=None)},
        "pixel_spacings_mm": {"0.07": 60, "0.1": 40},
        "excluded_regions": 0,
        "images_without_annotation": 75,
        "skipped": {},
    }
    return Dataset(name="own", source=source, summary=DatasetSummary(**{**given, **changed}))


def test_every_state_of_a_job_has_its_words() -> None:
    assert set(get_args(JobState)) <= set(STATES)


def test_a_running_job_tells_how_far_it_is_and_an_ended_one_how_long_it_took() -> None:
    progress = Progress(done=5, total=20, unit="images", rate=2.0, seconds_left=7.5)

    running = job_line(a_job(progress=progress))
    ended = job_line(a_job(state="succeeded", finished_at=AT.replace(second=9)))
    waiting = job_line(a_job(state="queued", started_at=None))

    assert (running.share, running.told) == (0.25, "5 of 20 images, 2.0/s, 8 s left")
    assert running.about == "20 patients, film"
    assert (ended.told, ended.tone) == ("took 9 s", "good")
    assert waiting.told == "Waits for its turn."


def test_losses_are_drawn_by_name_from_the_rows_that_are_whole() -> None:
    table = "epoch,discriminator_loss,generator_loss\n1,2.0,0.0\n2,1.0,1.0\n3,0.5"

    chart = loss_chart(table)

    assert chart is not None
    assert (chart.epochs, chart.lowest, chart.highest) == (2, 0.0, 2.0)
    assert [(curve.name, curve.last) for curve in chart.curves] == [
        ("discriminator loss", 1.0),
        ("generator loss", 1.0),
    ]
    assert chart.curves[0].points == "320.0,0.0 640.0,90.0 640.0,90.0"


def test_losses_of_epochs_without_one_are_left_out_and_none_make_no_chart() -> None:
    header = "epoch,discriminator_loss,generator_loss\n"

    chart = loss_chart(header + "1,,0.5\n2,,0.5\n")

    assert chart is not None
    assert [curve.name for curve in chart.curves] == ["generator loss"]
    assert loss_chart(header) is None
    assert loss_chart("") is None


def test_a_long_training_is_drawn_with_few_points_and_its_last_epoch() -> None:
    rows = "".join(f"{epoch},{epoch}.0,0.0\n" for epoch in range(1, 10_001))

    chart = loss_chart("epoch,discriminator_loss,generator_loss\n" + rows)

    assert chart is not None
    points = chart.curves[0].points.split()
    assert len(points) <= 321
    assert points[-1] == "640.0,0.0"


def test_grids_of_samples_stand_newest_first_and_apart_from_other_files() -> None:
    grids = [f"samples/epoch-{epoch:04d}.png" for epoch in range(50, 2001, 50)]

    files = job_files([*grids, "losses.csv", "real-patches.png"])

    assert len(files.grids) == 12
    assert (files.grids[0], files.grids[-1]) == (grids[-1], grids[0])
    assert files.pictures == ("real-patches.png",)
    assert files.others == ("losses.csv",)
    assert grid_name(files.grids[0]) == "after epoch 2000"
    assert picture_name("audit/real-patches.png") == "Real patches"


def test_findings_of_a_data_set_are_sentences() -> None:
    view = dataset_view(
        a_dataset(
            patients=20,
            skipped={"no pixel data": 3},
            images_without_annotation=0,
            pixel_spacings_mm={"unknown": 100},
        )
    )

    assert view.place == "folder inbreast"
    assert ("Views", "MLO 60, CC 40") in view.facts
    assert view.findings[0] == "Skipped 3: no pixel data."
    assert any("Fewer than 50 patients" in told for told in view.findings)
    assert any("Every image is annotated" in told for told in view.findings)
    assert any("100 of 100 images have no pixel spacing" in told for told in view.findings)
    assert dataset_view(a_dataset()).findings == ()


def test_counts_stand_by_how_many_there_are() -> None:
    assert by_frequency({"b": 2, "a": 2, "c": 9}) == "c 9, a 2, b 2"


def test_patches_are_cut_by_spacing_where_it_is_known_and_else_by_the_lesions() -> None:
    by_spacing = patches_for(a_dataset())
    by_lesions = patches_for(a_dataset(pixel_spacings_mm={"0.07": 60, "unknown": 40}))
    of_phantoms = patches_for(a_dataset(source=PHANTOMS))

    assert (by_spacing.margin_mm, by_spacing.smallest_side_mm) == (4.2, 9.0)
    for cut in (by_lesions, of_phantoms):
        assert (cut.margin_mm, cut.margin_px, cut.smallest_side_px) == (None, 15, 35)
    assert by_spacing.healthy_from == "healthy_mammograms"
    assert patches_for(None).margin_px == 60


def test_folders_are_offered_but_for_hidden_ones_links_and_names_nobody_can_read(
    tmp_path: Path,
) -> None:
    for name in ("a/b/c/d", ".hidden", "<b>bold"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "linked").symlink_to(tmp_path / "a")
    (tmp_path / "file").write_text("")
    (tmp_path / os.fsdecode(b"\xff")).mkdir()

    assert below(tmp_path) == (".", "<b>bold", "a", "a/b", "a/b/c")
    assert below(tmp_path / "missing") == ()
    assert below(None) == ()


@pytest.mark.parametrize(
    ("done", "expected"),
    [((0, False, 0), "Data"), ((1, False, 0), "Trainings"), ((1, True, 1), "Trainings")],
)
def test_the_first_step_that_was_not_done_comes_next(
    done: tuple[int, bool, int], expected: str
) -> None:
    datasets, is_connected, pulled = done

    steps = overview_steps(datasets=datasets, jobs=(), is_connected=is_connected, pulled=pulled)

    assert [step.title for step in steps if step.is_next] == [expected]


def test_a_policy_is_told_in_sentences_rule_by_rule() -> None:
    plain = policy_sentences(ReleasePolicy())
    strict = policy_sentences(
        ReleasePolicy(
            audit_required=True,
            positive_control_required=True,
            differential_privacy_required=True,
            largest_epsilon=8,
            budget_per_patient=Budget(versions=2),
            may_waive=(MayWaive(name="Dr Eve", key_sha256="0" * 64),),
        )
    )

    assert plain[0] == "No audit is asked for, but what an audit found binds."
    assert "With one false alarm in 100, no attack finds more than 0.1 per patch of them." in plain
    assert strict[0] == "Every generator is audited."
    assert "At most 2 versions are published of any one patient." in strict
    assert any("Dr Eve" in told for told in strict)


def test_only_whole_generators_are_offered_to_studies_and_each_has_a_name_of_its_own(
    tmp_path: Path,
) -> None:
    card = write_tiny_package(tmp_path / "made").card
    whole = {"card": card, "weights": ("weights.safetensors",), "whole": True, "size_bytes": 1}
    pulled = [
        GeneratorHere(manifest_digest="a" * 64, version=1, **whole),
        GeneratorHere(manifest_digest="b" * 64, version=2, **whole),
        GeneratorHere(manifest_digest="c" * 64, version=3, **{**whole, "whole": False}),
        GeneratorHere(manifest_digest="d" * 64, problem="damaged"),
    ]

    choices = generator_choices(pulled)

    assert [choice.value for choice in choices] == ["a" * 64, "b" * 64]
    assert len({choice.label for choice in choices}) == 2
    assert all(len(choice.label) <= 60 for choice in choices)
    assert usual_side_px(pulled) == card.architecture.image_size
    assert usual_side_px(()) is None
    assert offered((), pulled, centre="a") == ()


def test_a_generator_of_residuals_is_known_by_its_card(tmp_path: Path) -> None:
    patches = write_tiny_package(tmp_path / "patches").card
    residual = TINY.model_copy(update={"output": "residual"})
    residuals = write_tiny_package(tmp_path / "residuals", architecture=residual).card
    pulled = [
        GeneratorHere(manifest_digest="a" * 64, card=patches),
        GeneratorHere(manifest_digest="b" * 64, card=residuals),
        GeneratorHere(manifest_digest="d" * 64, problem="damaged"),
    ]

    assert residual_generators(pulled) == {"b" * 64}


def test_the_estimate_of_a_study_says_that_an_own_generator_is_not_in_it() -> None:
    own = {"name": "own generator", "own_generator": True}
    study = {"image_size": 16, "own_generator": {"architecture": {"image_size": 16}}, "arms": [own]}
    plan = StudyPlan(
        subsets=(), arms=(), classifiers=(), seeds=(), length="", runs=1, workers=1, seconds=60
    )

    told = []
    for asked in (study, {"arms": [{"name": "none"}]}):
        request = PlanStudyRequest.model_validate({"dataset": "own", "study": asked})
        found = found_by(a_job(kind="plan_study", state="succeeded", request=request, result=plan))
        assert found is not None
        told.append(found.sentences)

    assert told[0] == [*told[1], "The training of the centre's own generator is not in it."]


def test_the_plan_of_a_study_warns_of_what_its_numbers_would_suffer_from() -> None:
    plan = StudyPlan(
        subsets=(),
        arms=(),
        classifiers=(),
        seeds=(),
        length="",
        runs=1,
        workers=1,
        seconds=60,
        warnings=("a classifier may learn how lesions were cut",),
    )
    request = PlanStudyRequest.model_validate(
        {"dataset": "own", "study": {"arms": [{"name": "n"}]}}
    )

    found = found_by(a_job(kind="plan_study", state="succeeded", request=request, result=plan))

    assert found is not None
    assert found.warning == "A classifier may learn how lesions were cut."


def test_the_estimate_of_a_study_of_one_arm_says_that_it_compares_nothing() -> None:
    request = PlanStudyRequest.model_validate(
        {"dataset": "own", "study": {"arms": [{"name": "none"}]}}
    )
    warned = []
    for arms in (("none",), ("none", "repeated")):
        plan = StudyPlan(
            subsets=(), arms=arms, classifiers=(), seeds=(), length="", runs=1, workers=1, seconds=9
        )
        found = found_by(a_job(kind="plan_study", state="succeeded", request=request, result=plan))
        assert found is not None
        warned.append(found.warning)

    assert warned[0].startswith("There is one arm only, so nothing is compared")
    assert warned[1] == ""
