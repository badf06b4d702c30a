"""The form of a study: its arms are ticked, everything else is filled in."""

from collections.abc import Iterator, Mapping, Sequence
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
    of_dataset,
    relabelled,
)
from centre_node.pages.job_forms import TRAINING_LABELS as LABELS_OF_TRAINING
from node_api.classifier_training import ClassifierTraining
from node_api.patches import PatchConfiguration
from node_api.requests import StudyRequest
from node_api.studies import Arm, StudyConfiguration

ARMS, SEEDS = "arms", "seeds"
BASELINE = "none"
CONTROLS: Mapping[str, Mapping[str, Any]] = {
    "extra healthy only": {"extra_healthy": True},
    "own lesions repeated": {"oversampled": True},
    "own lesions painted": {"painted": "own"},
    "blobs painted": {"painted": "ellipse"},
    "classical augmentation": {"augmentation": "classical"},
}
"""What the centre can do without donors, by the name of the arm."""

USUAL_CONTROLS = tuple(CONTROLS)[:4]
USUAL_SEEDS, USUAL_STEPS, USUAL_SIDE_PX, USUAL_ADDED = 5, 300, 64, 120
SPLIT_SHARES = (0.5, 0.15, 0.35)
MOST_SEEDS = 100
GENERATOR, DONOR, TOGETHER = "generator:", "data:", "generators together"
PLAN, START = "plan", "start"
"""What the two buttons of the form send as `then`."""

LABELS: Mapping[str, Mapping[str, Any]] = {
    "threads": {"help": "Threads of the processor for each run."},
    "study.lesions": {"label": "Name of these lesions in the tables"},
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
    chosen = dataset or next(iter(at_hand.datasets), "")
    usual = _usual(patches, side_px or USUAL_SIDE_PX, workers)
    fields = list(relabelled(fields_of(usual, without=LEFT_OUT), LABELS))
    by_name = {field.name: field for field in fields}
    first = (
        of_dataset(at_hand, chosen, "Its patients are split: some train, others test."),
        _arms_field(at_hand, chosen),
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
            FieldGroup(MORE, rest, is_folded=True),
        ),
        button="Start the study",
        hidden={"kind": "study"},
        missing="" if at_hand.datasets else NO_DATASET,
        ways=TO_DATASET,
    )


def study_document(form: Form, given: Given) -> dict[str, Any]:
    """Return the document that a study's request is made of, arms and seeds written out.

    Raises:
        FormFault: The centre's own data set is to be its donor.
    """
    document = document_of(form, given)
    ticked = document.pop(ARMS, [])
    if f"{DONOR}{document.get('dataset')}" in ticked:
        raise FormFault(ARMS, "The study's own data set is no donor; take its tick away.")
    count = document.pop(SEEDS, None)
    document["study"] = {
        **document["study"],
        "arms": [arm.model_dump(exclude_defaults=True) for arm in arms_of(ticked)],
        "seeds": _seeds(count),
    }
    return document


def arms_of(ticked: Sequence[str]) -> Iterator[Arm]:
    """Yield the baseline, and the arm of every box that was ticked.

    A box of generators or data sets carries its name after its kind: "generator:DIGEST NAME".
    """
    yield Arm(name=BASELINE)
    for name, fields in CONTROLS.items():
        if name in ticked:
            yield Arm.model_validate({"name": name, **fields})
    generators = [
        box.removeprefix(GENERATOR).split(" ", 1) for box in ticked if box.startswith(GENERATOR)
    ]
    for digest, name in generators:
        yield Arm(name=name, generators=(digest,))
    if TOGETHER in ticked and len(generators) > 1:
        yield Arm(name=TOGETHER, generators=tuple(digest for digest, _ in generators))
    for box in ticked:
        if box.startswith(DONOR):
            donor = box.removeprefix(DONOR)
            yield Arm(name=f"Real {donor}", real_donors=(donor,))


def _usual(patches: PatchConfiguration, side_px: int, workers: int) -> StudyRequest:
    training = {"steps": USUAL_STEPS, "precision": "auto"}
    study = StudyConfiguration(
        arms=(Arm(name=BASELINE),),
        image_size=side_px,
        patches=patches,
        split_shares=SPLIT_SHARES,
        train_fractions=(1.0,),
        synthetic_patches=USUAL_ADDED,
        classifier_training=ClassifierTraining.model_validate(training),
    )
    return StudyRequest(dataset="own", study=study, workers=workers)


def _arms_field(at_hand: AtHand, chosen: str) -> FormField:
    boxes = [Choice(name, name) for name in CONTROLS]
    generators = [
        Choice(f"{GENERATOR}{one.value} {one.label}", one.label) for one in at_hand.generators
    ]
    together = [Choice(TOGETHER, TOGETHER)] if len(generators) > 1 else []
    donors = [
        Choice(f"{DONOR}{name}", f"real lesions of {name}")
        for name in at_hand.datasets
        if name != chosen
    ]
    ticked = (*USUAL_CONTROLS, *(box.value for box in (*generators, *together)))
    return FormField(
        ARMS,
        "What is compared with the centre's own patches",
        "checks",
        help="Each is an arm: a row of the report. The first ones are what the centre can do "
        "without any donor; a generator must beat the best of them.",
        value=ticked,
        choices=(*boxes, *generators, *together, *donors),
        is_list=True,
    )


def _seeds(count: Any) -> list[int | None]:
    """Return so many seeds; None, which the model refuses, where the count is none."""
    text = str(count or "")
    is_count = text.isascii() and text.isdigit() and int(text[:4]) <= MOST_SEEDS
    return [*range(int(text))] if is_count else [None]
