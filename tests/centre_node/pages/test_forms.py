"""Forms: filled in they make their request, and what is wrong is said at its field."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from centre_node.pages import job_forms
from centre_node.pages.form_routes import ASKED
from centre_node.pages.forms import (
    Choice,
    FieldGroup,
    Form,
    FormFault,
    checked,
    document_of,
    faults_of,
    fields_of,
)
from centre_node.pages.job_forms import AtHand, TrainingStart
from centre_node.pages.study_form import study_document, study_form
from node_api.data_sources import MammogramFolder
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


def test_what_is_wrong_with_several_fields_together_stands_above_all() -> None:
    form = job_forms.train_form(AT_HAND, TrainingStart())

    again = refused(
        form, TrainGeneratorRequest, **{"patches.margin_mm": ["4"], "patches.margin_px": ["9"]}
    )

    assert not faults(again)
    assert again.faults == ("The margin is given in px and in mm; give one of them.",)
    assert again.is_refused


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


def test_a_study_compares_what_is_ticked() -> None:
    form = study_form(AT_HAND, "own", side_px=32)

    request = checked(StudyRequest, study_document(form, sent_as_filled(form, seeds=["3"])))

    arms = {arm.name: arm for arm in request.study.arms}
    assert list(arms) == [
        "none",
        "extra healthy only",
        "own lesions repeated",
        "own lesions painted",
        "blobs painted",
        "centre-b masses",
        "centre-c masses",
        "generators together",
    ]
    assert arms["generators together"].generators == ("b" * 64, "c" * 64)
    assert (request.study.seeds, request.study.image_size) == ((0, 1, 2), 32)


def test_real_lesions_of_another_data_set_are_an_arm_and_the_own_ones_are_none() -> None:
    form = study_form(AT_HAND, "own")
    ticked = {"arms": ["data:lent"]}

    request = checked(StudyRequest, study_document(form, sent_as_filled(form, **ticked)))

    assert [arm.real_donors for arm in request.study.arms] == [(), ("lent",)]
    with pytest.raises(FormFault, match="no donor"):
        study_document(form, sent_as_filled(form, **ticked, dataset=["lent"]))


@pytest.mark.parametrize("seeds", ["", "0", "101", "-1", "two", "\u0663"])
def test_repetitions_are_a_whole_number(seeds: str) -> None:
    form = study_form(AT_HAND)
    given = sent_as_filled(form, seeds=[seeds])

    with pytest.raises(ValidationError) as error:
        checked(StudyRequest, study_document(form, given))

    again = form.with_faults(faults_of(error.value, form))
    assert faults(again) == {"seeds": "It must be a whole number, 1 to 100."}
