"""Forms: filled in they make their request, and what is wrong is said at its field."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from centre_node.pages import job_forms
from centre_node.pages.form_routes import ASKED
from centre_node.pages.forms import (
    Choice,
    FieldGroup,
    Form,
    checked,
    document_of,
    faults_of,
    fields_of,
)
from centre_node.pages.job_forms import AtHand, TrainingStart
from node_api.data_sources import MammogramFolder
from node_api.patches import PatchConfiguration
from node_api.requests import (
    AuditRequest,
    JobKind,
    JobRequest,
    PreviewRequest,
    PublishRequest,
    PullRequest,
    SampleRequest,
    StudyRequest,
    TrainGeneratorRequest,
    WritePhantomsRequest,
)
from node_api.studies import Arm, StudyConfiguration

AT_HAND = AtHand(
    datasets=("own", "lent"),
    trainings=(Choice("a" * 32, "own, 20 patients"),),
    generators=(Choice("b" * 64, "centre-b masses"), Choice("c" * 64, "centre-c masses")),
)
TERMS = {"name": ["masses"], "title": ["Masses"], "contact": ["Dr Ada"]}
STARTS = [
    TrainingStart(),
    TrainingStart("paper", "dcgan"),
    TrainingStart("paper", "wgan-gp"),
    TrainingStart("improved", "relativistic", "residual"),
    TrainingStart("private"),
]


def sent_as_filled(form: Form, **changed: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return what a browser sends of a form that nobody has touched."""
    given = {
        field.name: [field.value] if isinstance(field.value, str) else list(field.value)
        for field in form.fields
    }
    return {**given, **changed}


def refused(form: Form, model: type[JobRequest], **changed: Sequence[str]) -> Form:
    given = sent_as_filled(form, **changed)
    with pytest.raises(ValidationError) as error:
        checked(model, document_of(form, given))
    return form.filled_with(given).with_faults(faults_of(error.value, form))


def faults(form: Form) -> dict[str, str]:
    return {field.name: field.fault for field in form.fields if field.fault}


@pytest.mark.parametrize("start", STARTS, ids=lambda start: f"{start.recipe}, {start.loss}")
def test_an_untouched_training_form_asks_for_what_its_recipe_and_loss_have_by_default(
    start: TrainingStart,
) -> None:
    form = job_forms.train_form(AT_HAND, start)

    request = checked(TrainGeneratorRequest, document_of(form, sent_as_filled(form)))

    assert request.training == start.training()
    assert request.architecture.kind == start.architecture
    assert (request.dataset, request.architecture.image_size) == ("own", 64)


@pytest.mark.parametrize(
    ("form", "model", "given"),
    [
        (job_forms.phantoms_form("film"), WritePhantomsRequest, {}),
        (job_forms.preview_form(AT_HAND, "lent"), PreviewRequest, {}),
        (job_forms.audit_form(AT_HAND), AuditRequest, {}),
        (job_forms.publish_form(AT_HAND), PublishRequest, TERMS),
        (job_forms.pull_form("centre-b", "masses"), PullRequest, {}),
        (job_forms.sample_form(AT_HAND), SampleRequest, {}),
    ],
)
def test_every_other_form_makes_its_request(
    form: Form, model: type[JobRequest], given: dict[str, Any]
) -> None:
    request = checked(model, document_of(form, sent_as_filled(form, **given)))

    assert request.model_dump()["kind"] == form.hidden["kind"]


def test_there_is_a_form_for_every_kind_of_job_but_those_that_other_forms_begin() -> None:
    assert set(ASKED) == {*get_args(JobKind)} - {"plan_study", "register"}
    assert set(job_forms.KIND_TITLES) == {*get_args(JobKind)}


def test_a_number_that_is_none_is_told_at_its_field_with_what_is_right() -> None:
    form = job_forms.phantoms_form()

    again = refused(form, WritePhantomsRequest, **{"phantoms.patients": ["many"]})

    assert faults(again) == {"phantoms.patients": "It must be a whole number, 1 to 5000."}
    assert next(f.value for f in again.fields if f.name == "phantoms.patients") == "many"


def test_a_fault_within_a_kind_of_network_is_told_at_its_field_and_opens_its_group() -> None:
    form = job_forms.train_form(AT_HAND, TrainingStart())

    again = refused(form, TrainGeneratorRequest, **{"architecture.latent_size": ["0"]})

    assert faults(again) == {"architecture.latent_size": "It must be a whole number, 1 to 1024."}
    assert [group.title for group in again.groups if group.has_fault] == ["The networks"]


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("study.train_fractions", "2", "numbers (above 0 and 1 or less), with commas between them"),
        ("study.train_fractions", "all", "numbers (above 0 and 1 or less), with commas between th"),
        ("study.split_shares", "1", "3 numbers, with commas between them"),
        ("study.image_size", "40", "a whole number, 16 to 256, a multiple of 16"),
        ("study.lesions", "Masses", "lower-case letters and hyphens, such as masses, at most 40"),
    ],
)
def test_what_a_field_takes_is_told_with_all_its_limits(name: str, given: str, told: str) -> None:
    study = StudyConfiguration(arms=(Arm(name="none"),))
    fields = tuple(fields_of(study, "study.", without=("study.arms", "study.donor_cuttings")))
    form = Form("", "", (FieldGroup("", fields),), "", {"kind": "study", "dataset": "own"})

    again = refused(form, StudyRequest, **{name: [given]})

    assert faults(again)[name].startswith(f"It must be {told}")


def test_what_is_wrong_with_several_fields_together_stands_above_all() -> None:
    form = job_forms.train_form(AT_HAND, TrainingStart("paper"))

    again = refused(form, TrainGeneratorRequest, **{"training.critic_steps": ["5"]})

    assert not faults(again)
    assert again.faults == ("critic_steps above 1 belong to the loss wgan-gp, not to dcgan.",)
    assert again.is_refused


@pytest.mark.parametrize(
    ("form", "model"),
    [
        (job_forms.train_form(AT_HAND, TrainingStart()), TrainGeneratorRequest),
        (job_forms.preview_form(AT_HAND), PreviewRequest),
    ],
)
@pytest.mark.parametrize(
    ("length", "told"),
    [("margin", "margin"), ("smallest_side", "smallest side")],
)
def test_a_length_in_both_units_is_told_at_the_one_in_mm(
    form: Form, model: type[JobRequest], length: str, told: str
) -> None:
    both = {f"patches.{length}_mm": ["4"], f"patches.{length}_px": ["9"]}

    again = refused(form, model, **both)

    expected = f"The {told} is given in px and in mm; give one of them."
    assert (faults(again), again.faults) == ({f"patches.{length}_mm": expected}, ())


def test_a_training_learns_and_a_preview_draws_the_kinds_that_the_data_set_has() -> None:
    at_hand = replace(AT_HAND, lesions={"lent": {"calcification": 3}})

    trained = job_forms.train_form(at_hand, TrainingStart(), "lent")
    drawn = job_forms.preview_form(at_hand, "lent")

    for form in (trained, drawn):
        ticked = next(field.value for field in form.fields if field.name == "lesion_kinds")
        assert ticked == ("calcification",)


def test_a_length_that_is_filled_in_in_mm_is_not_filled_in_in_px_too() -> None:
    patches = PatchConfiguration(margin_mm=4.2, smallest_side_px=129)
    form = job_forms.preview_form(AT_HAND, "own", patches)

    lengths = {field.name: field.value for field in form.fields if field.name.endswith("_px")}
    request = checked(PreviewRequest, document_of(form, sent_as_filled(form)))

    assert lengths == {"patches.margin_px": "", "patches.smallest_side_px": "129"}
    assert request.patches == patches


def test_a_field_left_blank_is_none_where_that_is_a_value_and_else_the_default() -> None:
    form = job_forms.train_form(AT_HAND, TrainingStart())
    blank = {"training.learning_rate_end": [" "], "threads": [""]}

    request = checked(TrainGeneratorRequest, document_of(form, sent_as_filled(form, **blank)))

    assert request.training.learning_rate_end is None
    assert request.threads == 1


def test_text_with_no_default_that_is_left_blank_is_asked_for() -> None:
    again = refused(job_forms.publish_form(AT_HAND), PublishRequest)

    assert faults(again) == dict.fromkeys(("name", "title", "contact"), "Fill this in.")


def test_lines_of_conditions_become_a_mapping() -> None:
    fields = tuple(fields_of(MammogramFolder(), "source."))
    form = Form("", "", (FieldGroup("", fields),), "", {})

    document = document_of(form, {"source.where": ["view=CC\r\nside = left \r\n\r\n"]})

    assert document["source"]["where"] == {"view": "CC", "side": "left"}
