"""The form of a study: what is ticked and filled in becomes the request that REST takes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from centre_node.pages.forms import Form, FormFault, checked, faults_of
from centre_node.pages.study_form import study_document, study_form
from node_api.classifier_training import ClassifierTraining
from node_api.requests import StudyRequest
from node_api.studies import EVERY_KIND, StudyConfiguration
from tests.centre_node.pages.test_forms import AT_HAND, faults, sent_as_filled

B, C = "b" * 64, "c" * 64
BOX_B, BOX_C, LENT = f"generator:{B} centre-b masses", f"generator:{C} centre-c masses", "data:lent"
PAINTED_B = f"painted:{B} centre-b masses"
ONE_RESIDUAL = replace(AT_HAND, residuals=(B,))


def asked(form: Form, **changed: Sequence[str]) -> StudyConfiguration:
    """Return the study that a form asks for."""
    request: StudyRequest = checked(
        StudyRequest, study_document(form, sent_as_filled(form, **changed))
    )
    return request.study


def arms(form: Form, **changed: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return what each arm says but its name."""
    return {
        arm.name: arm.model_dump(exclude_defaults=True, exclude={"name"})
        for arm in asked(form, **changed).arms
    }


def refused(form: Form, **changed: Sequence[str]) -> dict[str, str]:
    """Return what is said at which field, as the page does."""
    with pytest.raises((ValidationError, FormFault)) as wrong:
        checked(StudyRequest, study_document(form, sent_as_filled(form, **changed)))
    if isinstance(wrong.value, FormFault):
        again = form.with_faults([(wrong.value.field, wrong.value.told)])
    else:
        assert isinstance(wrong.value, ValidationError)
        again = form.with_faults(faults_of(wrong.value, form))
    assert not again.faults, "what is wrong stands above all, at no field"
    return faults(again)


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


def test_another_recipe_can_be_chosen_and_nothing_else_changed() -> None:
    form = study_form(AT_HAND, "own", side_px=32)
    recipe = {"study.classifier_training.recipe": ["improved"]}

    chosen = asked(form, **recipe).classifier_training

    wanted = {"recipe": "improved", "steps": chosen.steps, "precision": "auto"}
    assert chosen == ClassifierTraining.model_validate(wanted)
    assert asked(form).classifier_training.recipe == "paper"
    assert asked(form).classifier_training.momentum == 0.9


def test_real_lesions_of_another_data_set_are_an_arm_and_the_own_ones_are_none() -> None:
    form = study_form(AT_HAND, "own")
    ticked = {"arms": ["data:lent"]}

    request = checked(StudyRequest, study_document(form, sent_as_filled(form, **ticked)))

    assert [arm.real_donors for arm in request.study.arms] == [(), ("lent",)]
    of_lent = study_form(AT_HAND, "lent")
    with pytest.raises(FormFault, match="is not at this node"):
        study_document(of_lent, sent_as_filled(of_lent, **ticked))


@pytest.mark.parametrize("seeds", ["", "0", "101", "-1", "two", "\u0663"])
def test_repetitions_are_a_whole_number(seeds: str) -> None:
    form = study_form(AT_HAND)
    given = sent_as_filled(form, seeds=[seeds])

    with pytest.raises(ValidationError) as error:
        checked(StudyRequest, study_document(form, given))

    again = form.with_faults(faults_of(error.value, form))
    assert faults(again) == {"seeds": "It must be a whole number, 1 to 100."}


def test_a_generator_of_residuals_is_painted_and_one_of_patches_is_not() -> None:
    form = study_form(ONE_RESIDUAL, "own")

    labels = [choice.label for field in form.fields for choice in field.choices]

    assert arms(form, arms=[PAINTED_B, BOX_C]) == {
        "none": {},
        "centre-b masses, painted": {"generators": (B,), "painted": "generator"},
        "centre-c masses": {"generators": (C,)},
    }
    assert "centre-b masses, painted on own healthy tissue" in labels


def test_generators_together_are_of_one_kind() -> None:
    both_painted = study_form(replace(AT_HAND, residuals=(B, C)), "own")

    painted = arms(both_painted)["painted generators together"]

    assert painted == {"generators": (B, C), "painted": "generator"}
    assert not [name for name in arms(study_form(ONE_RESIDUAL, "own")) if "together" in name]


def test_what_is_ticked_once_more_is_an_arm_in_the_look_of_the_own_lesions() -> None:
    form = study_form(AT_HAND, "own")
    own_look = {"own_look": [BOX_B, LENT]}
    bands = {"harmonised": True, "harmonised_by": "greys_and_bands"}

    assert arms(form, arms=[BOX_B], **own_look) == {
        "none": {},
        "centre-b masses": {"generators": (B,)},
        "centre-b masses, one look": {"generators": (B,), **bands},
        "Real lent, one look": {"real_donors": ("lent",), **bands},
    }
    only_where = arms(form, own_look_if_it_helps=["yes"], harmonised_by=["greys"], **own_look)
    assert only_where["Real lent, one look"] == {
        "real_donors": ("lent",),
        "harmonised": "validation",
    }


def test_painted_lesions_have_the_own_look_anyway_and_are_not_offered_it() -> None:
    form = study_form(ONE_RESIDUAL, "own")

    [offered] = [field.choices for field in form.fields if field.name == "own_look"]

    assert [choice.value for choice in offered] == [BOX_C, LENT]
    nothing = study_form(replace(AT_HAND, datasets=("own",), generators=()), "own")
    assert "own_look" not in {field.name for field in nothing.fields}


def test_generators_together_in_one_look_must_be_ticked() -> None:
    form = study_form(AT_HAND, "own")
    together = {"own_look": ["generators together"]}

    assert arms(form, **together)["generators together, one look"]["generators"] == (B, C)
    assert refused(form, arms=[BOX_B], **together) == {
        "own_look": "Fewer than two such generators are ticked above, so there are none together; "
        "tick them, or take this tick away."
    }


@pytest.mark.parametrize(("lesions", "epochs"), [(0, 230), (240, 230), (1000, 50), (10**6, 10)])
def test_an_own_generator_is_trained_for_as_many_steps_whatever_the_data_set_has(
    lesions: int, epochs: int
) -> None:
    form = study_form(replace(AT_HAND, lesions={"own": {"mass": lesions}}), "own", side_px=32)

    study = asked(form, arms=["own generator"])

    assert [arm.own_generator for arm in study.arms] == [False, True]
    assert study.own_generator is not None
    assert study.own_generator.training.epochs == epochs
    assert (study.own_generator.architecture.image_size, study.image_size) == (32, 32)
    assert asked(form).own_generator is None


def test_an_own_generator_has_the_size_of_the_study_or_the_size_is_refused() -> None:
    form = study_form(AT_HAND, "own")
    own = {"arms": ["own generator"]}

    sized = asked(form, **own, **{"study.image_size": ["16"]}).own_generator

    assert sized is not None
    assert sized.architecture.image_size == 16
    assert asked(form, **{"study.image_size": ["96"]}).image_size == 96
    assert refused(form, **own, **{"study.image_size": ["96"]}) == {
        "study.image_size": "An own generator draws patches whose side is a power of two, such as "
        "32, 64 or 128 px; give one of these, or take the tick of the own generator away."
    }


def test_a_form_without_a_tick_is_refused_for_it_compares_nothing() -> None:
    form = study_form(AT_HAND, "own")

    assert refused(form, arms=[])["arms"].startswith("Nothing is ticked that the centre's own")
    assert len(asked(form, arms=["own lesions repeated"]).arms) == 2


def test_a_donor_is_cut_as_its_fields_say_and_else_as_the_own_patches_are() -> None:
    form = study_form(AT_HAND, "own")
    lengths = {
        "study.donor_cuttings.lent.margin_mm": ["2.5"],
        "study.donor_cuttings.lent.smallest_side_px": ["45"],
    }

    cut = asked(form, arms=[LENT], **lengths).donor_cuttings

    assert cut["lent"].model_dump(exclude_none=True) == {"margin_mm": 2.5, "smallest_side_px": 45}
    assert asked(form, own_look=[LENT], **lengths).donor_cuttings == cut
    assert asked(form, arms=[LENT]).donor_cuttings == {}
    assert refused(form, arms=[], **lengths) == {
        "study.donor_cuttings.lent.margin_mm": "Real lesions of lent are not ticked above, so "
        "nothing of it is cut; tick them, or clear this."
    }


@pytest.mark.parametrize(
    ("has", "changed", "kinds", "name"),
    [
        ({"mass": 9, "other": 0}, {}, ("mass",), "masses"),
        ({"mass": 9, "other": 1}, {}, ("mass", "other"), "masses-and-other-lesions"),
        ({"mass": 9}, {"study.lesions": ["all"]}, ("mass",), "masses"),
        ({"mass": 9}, {"study.lesions": ["film"]}, ("mass",), "film"),
        ({"mass": 9}, {"study.lesion_kinds": EVERY_KIND}, EVERY_KIND, "all"),
        ({}, {}, EVERY_KIND, "all"),
    ],
)
def test_lesions_are_of_the_kinds_that_the_data_set_has_and_called_by_those_that_are_ticked(
    has: dict[str, int], changed: dict[str, list[str]], kinds: tuple[str, ...], name: str
) -> None:
    study = asked(study_form(replace(AT_HAND, lesions={"own": has}), "own"), **changed)

    assert (study.lesion_kinds, study.lesions) == (kinds, name)


@pytest.mark.parametrize("part", ["study.patches", "study.donor_cuttings.lent"])
def test_a_margin_in_both_units_is_told_at_the_one_in_mm(part: str) -> None:
    both = {f"{part}.margin_px": ["9"], f"{part}.margin_mm": ["2"]}

    told = refused(study_form(AT_HAND, "own"), arms=[LENT], **both)

    assert told == {f"{part}.margin_mm": "The margin is given in px and in mm; give one of them."}


def test_a_donors_group_says_how_large_the_pixels_are_where_that_is_known() -> None:
    known = replace(AT_HAND, spacings_mm={"own": 0.07, "lent": 0.2})

    leads = [
        next(group.lead for group in study_form(at_hand, "own").groups if "lent" in group.title)
        for at_hand in (known, AT_HAND)
    ]

    assert leads[0].endswith("Its pixels are 0.2 mm, those of own 0.07 mm.")
    assert leads[1].endswith("Where its images do not tell how large their pixels are, give px.")


@pytest.mark.parametrize(
    ("given", "field", "told"),
    [
        ({"study.split_shares": ["0.5, 0.5, 0.5"]}, "study.split_shares", "must be positive and"),
        ({"study.task": ["benign or malignant"]}, "arms", "needs healthy patches, but the task"),
        ({"arms": ["generator:gone"]}, "arms", "is not at this node any more"),
        ({"own_look": ["data:gone"]}, "own_look", "is not at this node any more"),
        ({"harmonised_by": ["hue"], "own_look": [LENT]}, "harmonised_by", "Choose one of Greys"),
        (
            {"arms": ["own generator"], "study.own_generator.training.epochs": ["no"]},
            "study.own_generator.training.epochs",
            "It must be a whole number, 1 or more.",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    given: dict[str, list[str]], field: str, told: str
) -> None:
    found = refused(study_form(AT_HAND, "own"), **given)

    assert list(found) == [field]
    assert told in found[field]


def test_a_form_with_everything_makes_the_very_request_that_rest_takes() -> None:
    form = study_form(ONE_RESIDUAL, "own", side_px=32)
    given = sent_as_filled(
        form,
        arms=["own generator", PAINTED_B, LENT],
        own_look=[LENT],
        seeds=["5"],
        **{"study.donor_cuttings.lent.margin_px": ["21"]},
    )
    rest = {
        "kind": "study",
        "dataset": "own",
        "study": {
            "image_size": 32,
            "split_shares": [0.5, 0.15, 0.35],
            "train_fractions": [1.0],
            "synthetic_patches": 120,
            "classifier_training": {"steps": 300, "precision": "auto"},
            "own_generator": {
                "architecture": {"kind": "dcgan", "image_size": 32, "width": 16},
                "training": {"epochs": 230},
            },
            "donor_cuttings": {"lent": {"margin_px": 21}},
            "arms": [
                {"name": "none"},
                {"name": "own generator", "own_generator": True},
                {
                    "name": "centre-b masses, painted",
                    "generators": [B],
                    "painted": "generator",
                },
                {"name": "Real lent", "real_donors": ["lent"]},
                {
                    "name": "Real lent, one look",
                    "real_donors": ["lent"],
                    "harmonised": True,
                    "harmonised_by": "greys_and_bands",
                },
            ],
            "seeds": [0, 1, 2, 3, 4],
        },
    }

    request = checked(StudyRequest, study_document(form, given))

    assert request.model_dump_json() == StudyRequest.model_validate(rest).model_dump_json()


def test_the_longest_name_of_a_data_set_makes_names_that_arms_can_have() -> None:
    longest = "d" * 63
    form = study_form(replace(AT_HAND, datasets=("own", longest)), "own")
    box = f"data:{longest}"

    names = list(arms(form, arms=[box], own_look=[box]))

    assert names == ["none", f"Real {'d' * 55}", f"Real {'d' * 45}, one look"]
