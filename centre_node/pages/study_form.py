"""The form of a study: its arms are ticked, everything else is filled in."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from centre_node.pages.forms import (
    Choice,
    FieldGroup,
    Form,
    FormFault,
    FormField,
    Given,
    document_of,
    fields_of,
)
from centre_node.pages.job_forms import (
    MARGINS,
    MORE,
    NO_DATASET,
    PAPERS,
    TO_DATASET,
    AtHand,
    in_one_unit,
    relabelled,
)
from centre_node.pages.job_forms import TRAINING_LABELS as LABELS_OF_TRAINING
from centre_node.pages.study_arms import (
    BASELINE,
    arms_of,
    boxes_of,
    ticked_at_first,
    with_other_looks,
)
from centre_node.pages.study_options import (
    OWN_LOOK,
    cutting,
    cuttings_of,
    look_of,
    looks,
    own_generator,
    own_generator_of,
)
from node_api.classifier_training import RECIPE_DEFAULTS, ClassifierTraining
from node_api.patches import PatchConfiguration
from node_api.requests import StudyRequest
from node_api.studies import Arm, StudyConfiguration
from shared.names import LesionKind
from web_pages.card_wording import KINDS

ARMS, SEEDS = "arms", "seeds"
USUAL_SEEDS, USUAL_STEPS, USUAL_SIDE_PX, USUAL_ADDED = 5, 300, 64, 120
SPLIT_SHARES = (0.5, 0.15, 0.35)
MOST_SEEDS = 100
PLAN, START = "plan", "start"
"""What the two buttons of the form send as `then`."""

LABELS: Mapping[str, Mapping[str, Any]] = {
    "threads": {"help": "Threads of the processor for each run."},
    "study.lesions": {
        "label": "Name of these lesions in the tables",
        "help": "Left blank, they are called by the kinds that are ticked.",
        "value": "",
    },
    "study.lesion_kinds": {"help": "Which lesions are told apart from healthy tissue."},
    "study.image_size": {
        "label": "Size of a patch (px)",
        "help": "That of the generators, where there are any.",
    },
    "study.synthetic_patches": {
        "label": "Lesions added",
        "help": "How many each arm adds to the centre's own.",
    },
    "study.classifier_training.steps": {
        "label": "Steps of a classifier's training",
        "help": "The same for every arm. Left blank, epochs are counted.",
    },
    **{f"study.{name}": LABELS_OF_TRAINING[name] for name in MARGINS},
    "workers": {"label": "Runs at once", "help": "Results do not depend on it."},
}
FIRST = (
    "study.lesion_kinds",
    "study.image_size",
    "study.patches.margin_mm",
    "study.patches.margin_px",
    "study.patches.smallest_side_mm",
    "study.patches.smallest_side_px",
    "study.synthetic_patches",
    "study.classifier_training.steps",
    "workers",
)
BY_RECIPE = {f"study.classifier_training.{name}" for name in RECIPE_DEFAULTS["improved"]}
LEFT_OUT = (
    "kind",
    "dataset",
    "study.arms",
    "study.seeds",
    "study.own_generator",
    "study.donor_cuttings",
    "study.classifier_training.initial_weights",
)


def study_form(
    at_hand: AtHand,
    dataset: str = "",
    patches: PatchConfiguration = PAPERS,
    *,
    side_px: int | None = None,
    workers: int = 1,
) -> Form:
    """Ask what a study is to compare.

    Args:
        side_px: Of the pulled generators' patches; None where there are none.
        workers: How many runs this machine can do at once.
    """
    chosen = at_hand.chosen(dataset)
    usual = _usual(at_hand.kinds(chosen), patches, side_px or USUAL_SIDE_PX, workers)
    filled = of_the_recipe(in_one_unit(fields_of(usual, without=LEFT_OUT)))
    fields = list(relabelled(filled, LABELS))
    by_name = {field.name: field for field in fields}
    donors = [name for name in at_hand.datasets if name != chosen]
    boxes = boxes_of(at_hand, donors)
    first = (
        _arms_field(boxes),
        FormField(
            name=SEEDS,
            label="Repetitions",
            control="text",
            help="How often each arm is trained anew. Fewer than five lead to no verdict.",
            expected="a whole number, 1 to 100",
            value=str(USUAL_SEEDS),
        ),
    )
    rest = tuple(field for field in fields if field.name not in FIRST)
    return Form(
        title="Start a study",
        lead="A study asks whether lesions of a generator help a classifier at this centre, beyond "
        "what the centre could do by itself.",
        groups=(
            FieldGroup("", (*first, *(by_name[name] for name in FIRST))),
            *looks(with_other_looks(boxes)),
            own_generator(
                usual.study.image_size,
                added=USUAL_ADDED,
                training_lesions=SPLIT_SHARES[0] * sum(at_hand.lesions.get(chosen, {}).values()),
            ),
            *(cutting(donor, chosen, at_hand) for donor in donors),
            FieldGroup(MORE, rest, is_folded=True),
        ),
        button="Start the study",
        hidden={"kind": "study", "dataset": chosen},
        missing="" if at_hand.datasets else NO_DATASET,
        ways=TO_DATASET,
    )


def of_the_recipe(fields: Iterable[FormField]) -> Iterator[FormField]:
    """Yield fields, those blank whose defaults hang on the recipe: then it alone can be changed."""
    for field in fields:
        if field.name not in BY_RECIPE:
            yield field
            continue
        choices = [choice for choice in field.choices if choice.value]
        yield replace(
            field,
            value="",
            optional=False,
            help=f"{field.help} Left blank, it is as the recipe has it.",
            choices=(Choice("", "as the recipe has it"), *choices) if choices else (),
        )


def study_document(form: Form, given: Given) -> dict[str, Any]:
    """Return the document that a study's request is made of, arms and seeds written out.

    Raises:
        FormFault: What was ticked and what was filled in do not go together.
        ValidationError: An arm cannot be so.
    """
    document = document_of(form, given)
    ticked, in_own_look = (_ticked(name, form, document) for name in (ARMS, OWN_LOOK))
    look = look_of(document, in_own_look, ticked)
    arms = tuple(arms_of(ticked, in_own_look, look))
    study = document["study"]
    own, cut = study.pop("own_generator", {}), study.pop("donor_cuttings", {})
    if any(arm.own_generator for arm in arms):
        study["own_generator"] = own_generator_of(own, study.get("image_size"))
    study["donor_cuttings"] = cuttings_of(cut, {name for arm in arms for name in arm.real_donors})
    study["lesions"] = _named(study.get("lesions") or ALL, study.get("lesion_kinds", ()))
    study["arms"] = [arm.model_dump(exclude_defaults=True) for arm in arms]
    study["seeds"] = _seeds(document.pop(SEEDS, None))
    if len(arms) == 1:
        raise FormFault(ARMS, NOTHING_TICKED)
    return document


ALL = "all"


def _named(name: str, ticked: Collection[str]) -> str:
    """Return what a study calls its lesions: "all" only where every kind is among them."""
    called = [told for kind, told in KINDS.items() if kind in ticked]
    if name != ALL or not called or len(called) == len(KINDS):
        return name
    return "-and-".join(called).replace(" ", "-")


NOTHING_TICKED = (
    "Nothing is ticked that the centre's own patches are compared with; tick “own lesions "
    "repeated” or another one."
)
NOT_OFFERED = "Something that was ticked is not at this node any more; look through the ticks."


def _ticked(name: str, form: Form, document: dict[str, Any]) -> Sequence[str]:
    ticked: list[str] = document.pop(name, [])
    fields = (field for field in form.fields if field.name == name)
    if not {choice.value for field in fields for choice in field.choices}.issuperset(ticked):
        raise FormFault(name, NOT_OFFERED)
    return ticked


def _usual(
    kinds: tuple[LesionKind, ...], patches: PatchConfiguration, side_px: int, workers: int
) -> StudyRequest:
    training = {"steps": USUAL_STEPS, "precision": "auto"}
    study = StudyConfiguration(
        arms=(Arm(name=BASELINE),),
        lesion_kinds=kinds,
        image_size=side_px,
        patches=patches,
        split_shares=SPLIT_SHARES,
        train_fractions=(1.0,),
        synthetic_patches=USUAL_ADDED,
        classifier_training=ClassifierTraining.model_validate(training),
    )
    return StudyRequest(dataset="own", study=study, workers=workers)


def _arms_field(boxes: Sequence[Choice]) -> FormField:
    return FormField(
        ARMS,
        "What is compared with the centre's own patches",
        "checks",
        help="Each is an arm: a row of the report. The first ones are what the centre can do "
        "without any donor; a generator must beat the best of them.",
        value=ticked_at_first(boxes),
        choices=tuple(boxes),
        is_list=True,
    )


def _seeds(count: Any) -> list[int | None]:
    """Return so many seeds; None, which the model refuses, where the count is none."""
    text = str(count or "")
    is_count = text.isascii() and text.isdigit() and int(text[:4]) <= MOST_SEEDS
    return [*range(int(text))] if is_count else [None]
