"""What a study's form asks on demand: the look of lesions, an own generator, a donor's cutting."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from centre_node.pages.forms import (
    Choice,
    FieldGroup,
    FormFault,
    FormField,
    blank_field,
    fields_of,
    named_after,
)
from centre_node.pages.job_forms import ARCHITECTURE, SMALL, AtHand, relabelled
from centre_node.pages.study_arms import OWN_GENERATOR, added_by
from node_api.generator_training import GeneratorTraining
from node_api.patches import DonorCutting
from node_api.studies import Arm, OwnGenerator
from shared.architectures import ImageSize

OWN_LOOK, IF_IT_HELPS, OF_THE_LOOK = "own_look", "own_look_if_it_helps", "harmonised_by"
USUAL_LOOK = "greys_and_bands"
CUTTINGS, IMAGE_SIZE = "study.donor_cuttings.", "study.image_size"
OWN_STEPS, FEWEST_EPOCHS = 1_700, 10
"""Of an own generator's training, about as in the scenario `real`."""

OWN_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "study.own_generator.training.epochs": {
        "label": "Epochs of the own generator",
        "help": "How often it sees every lesion; filled in for the size of this data set.",
    },
    "study.own_generator.architecture.width": {"label": "Width of the own generator"},
}
TOO_FEW_TOGETHER = (
    "Fewer than two such generators are ticked above, so there are none together; tick them, or "
    "take this tick away."
)
NO_SUCH_SIDE = (
    "An own generator draws patches whose side is a power of two, such as 32, 64 or 128 px; give "
    "one of these, or take the tick of the own generator away."
)


def looks(boxes: Sequence[Choice]) -> Iterator[FieldGroup]:
    """Yield what asks for arms in the look of the own lesions, where others have another look."""
    if not boxes:
        return
    fields = (
        FormField(
            OWN_LOOK,
            "Once more in the look of the own lesions",
            "checks",
            help="Each tick is one more arm, whose lesions get the look of this centre's training "
            "lesions before they are added.",
            value=(),
            choices=tuple(boxes),
            is_list=True,
        ),
        replace(
            blank_field(Arm, OF_THE_LOOK),
            label="What is matched",
            help="Greys alone did not help where that was measured.",
            value=USUAL_LOOK,
        ),
        FormField(
            IF_IT_HELPS,
            "Only where it helps",
            "check",
            help="Each run is trained with and without it, which takes twice as long, and the "
            "validation patients decide.",
            value=(),
        ),
    )
    lead = (
        "For lesions of another kind of archive, such as film beside digital: a classifier would "
        "learn to tell the archives apart, and not lesions from healthy tissue."
    )
    yield FieldGroup("Lesions in the look of the own ones", fields, is_folded=True, lead=lead)


def look_of(
    document: dict[str, Any], in_own_look: Sequence[str], ticked: Sequence[str]
) -> Mapping[str, Any]:
    """Take the answers of `looks` out of a document; return the fields of an arm that say so.

    Raises:
        FormFault: An arm would add nothing.
    """
    if not all(added_by(box, ticked)[1] for box in in_own_look):
        raise FormFault(OWN_LOOK, TOO_FEW_TOGETHER)
    return {
        "harmonised": "validation" if document.pop(IF_IT_HELPS, False) else True,
        "harmonised_by": document.pop(OF_THE_LOOK, None),
    }


def own_generator(side_px: int, *, added: int, training_lesions: float) -> FieldGroup:
    """Ask how the centre's own generator is trained."""
    usual = usual_own_generator(side_px, shown=max(added, training_lesions))
    fields = {field.name: field for field in fields_of(usual, "study.own_generator.")}
    return FieldGroup(
        "The own generator",
        tuple(relabelled((fields[name] for name in OWN_FIELDS), OWN_FIELDS)),
        is_folded=True,
        lead=f'For the arm "{OWN_GENERATOR}", if it is ticked: the centre trains a generator on '
        "its own training lesions alone, and it stays here. The estimate of the time leaves its "
        "training out.",
    )


def usual_own_generator(side_px: int, *, shown: float) -> OwnGenerator:
    """Return an own generator whose training has some 1,700 steps, whatever an epoch shows.

    Args:
        shown: Lesions in an epoch: all of the training patients, or as many as an arm adds.
    """
    steps_an_epoch = shown / GeneratorTraining().batch_size
    epochs = max(FEWEST_EPOCHS, 10 * round(OWN_STEPS / steps_an_epoch / 10))
    return OwnGenerator(
        architecture=ARCHITECTURE.validate_python({**SMALL, "image_size": side_px}),
        training=GeneratorTraining(epochs=epochs),
    )


def own_generator_of(asked: Mapping[str, Any], image_size: str | None) -> dict[str, Any]:
    """Return the own generator that was asked for; its patches have the study's size.

    Raises:
        FormFault: No generator draws patches of that size.
    """
    if image_size is None:
        return dict(asked)
    try:
        TypeAdapter(ImageSize).validate_python(image_size)
    except ValidationError as error:
        raise FormFault(IMAGE_SIZE, NO_SUCH_SIDE) from error
    return {**asked, "architecture": {**asked.get("architecture", {}), "image_size": image_size}}


def cutting(donor: str, own: str, at_hand: AtHand) -> FieldGroup:
    """Ask what is cut otherwise of a donor's mammograms."""
    fields = (
        blank_field(DonorCutting, name, f"{CUTTINGS}{donor}.") for name in DonorCutting.model_fields
    )
    return FieldGroup(
        f"How lesions of {donor} are cut",
        tuple(named_after(donor, fields)),
        is_folded=True,
        is_in_pairs=True,
        lead=f"For real lesions of {donor}, where its pixels have another size than the own ones. "
        f"What is left blank is cut as the own patches are. {_pixels(donor, own, at_hand)}",
    )


def cuttings_of(
    asked: Mapping[str, Mapping[str, Any]], donors: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Return what is cut otherwise by donor; one of whom nothing is said is left out.

    Raises:
        FormFault: Nothing of a donor is cut of whom something is said.
    """
    given = {
        donor: {name: length for name, length in lengths.items() if length is not None}
        for donor, lengths in asked.items()
    }
    for donor, lengths in given.items():
        if lengths and donor not in donors:
            told = (
                f"Real lesions of {donor} are not ticked above, so nothing of it is cut; tick "
                "them, or clear this."
            )
            raise FormFault(f"{CUTTINGS}{donor}.{next(iter(lengths))}", told)
    return {donor: lengths for donor, lengths in given.items() if lengths}


def _pixels(donor: str, own: str, at_hand: AtHand) -> str:
    """Say how large the pixels of both are, as far as is known."""
    if not {donor, own} <= at_hand.spacings_mm.keys():
        return "Where its images do not tell how large their pixels are, give px."
    its, owns = (f"{at_hand.spacings_mm[name]:g} mm" for name in (donor, own))
    return f"Its pixels are {its}, those of {own} {owns}."
