"""The arms that a study's form offers: boxes to tick, and the arm that each of them makes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from centre_node.pages.forms import Choice
from centre_node.pages.job_forms import AtHand
from node_api.studies import Arm

BASELINE = "none"
OWN_GENERATOR = "own generator"
CONTROLS: Mapping[str, Mapping[str, Any]] = {
    "extra healthy only": {"extra_healthy": True},
    "own lesions repeated": {"oversampled": True},
    "own lesions painted": {"painted": "own"},
    "blobs painted": {"painted": "ellipse"},
    "classical augmentation": {"augmentation": "classical"},
    OWN_GENERATOR: {"own_generator": True},
}
"""What the centre can do without donors, by the name of the arm."""

USUAL_CONTROLS = tuple(CONTROLS)[:4]
GENERATOR, PAINTED, DONOR = "generator:", "painted:", "data:"
"""How boxes begin whose lesions come from elsewhere: a digest and a name, or a data set's name."""

TOGETHER: Mapping[str, str] = {
    GENERATOR: "generators together",
    PAINTED: "painted generators together",
}
"""The box of all generators that are ticked, by how theirs begin: no arm has both kinds."""

ENDING_PAINTED, ENDING_OWN_LOOK = ", painted", ", one look"
LONGEST_NAME = 60


def boxes_of(at_hand: AtHand, donors: Iterable[str]) -> tuple[Choice, ...]:
    """Return every box: of controls, of generators, of real lesions of other data sets.

    Generators of residuals are painted, and no others: their cards say what they draw.
    """
    generators = [
        Choice(f"{PAINTED}{one.value} {one.label}", f"{one.label}, painted on own healthy tissue")
        if one.value in at_hand.residuals
        else Choice(f"{GENERATOR}{one.value} {one.label}", one.label)
        for one in at_hand.generators
    ]
    values = [box.value for box in generators]
    return (
        *(Choice(name, name) for name in CONTROLS),
        *generators,
        *(Choice(all_, all_) for kind, all_ in TOGETHER.items() if len(_digests(kind, values)) > 1),
        *(Choice(f"{DONOR}{name}", f"real lesions of {name}") for name in donors),
    )


def ticked_at_first(boxes: Iterable[Choice]) -> tuple[str, ...]:
    """Return what is ticked before a person ticks: usual controls, and every generator."""
    values = (box.value for box in boxes)
    usual = (*USUAL_CONTROLS, *TOGETHER.values())
    return tuple(box for box in values if box in usual or box.startswith((GENERATOR, PAINTED)))


def with_other_looks(boxes: Iterable[Choice]) -> tuple[Choice, ...]:
    """Return the boxes whose lesions have a look of their own; painted ones have the own greys."""
    with_look = (GENERATOR, TOGETHER[GENERATOR], DONOR)
    return tuple(
        replace(box, label=f"{box.label}{ENDING_OWN_LOOK}")
        for box in boxes
        if box.value.startswith(with_look)
    )


def arms_of(
    ticked: Sequence[str], in_own_look: Sequence[str], harmonised: Mapping[str, Any]
) -> Iterator[Arm]:
    """Yield the baseline, and the arm of every box that was ticked.

    Args:
        in_own_look: Boxes whose lesions make one more arm, in the look of the own lesions.
        harmonised: The fields of such an arm that say so.
    """
    yield Arm(name=BASELINE)
    for name, fields in CONTROLS.items():
        if name in ticked:
            yield Arm.model_validate({"name": name, **fields})
    for box in dict.fromkeys((*ticked, *in_own_look)):
        name, added = added_by(box, ticked)
        if added and box in ticked:
            yield Arm.model_validate({"name": _short(name), **added})
        if added and box in in_own_look:
            name = _short(name, ENDING_OWN_LOOK)
            yield Arm.model_validate({"name": name, **added, **harmonised})


def added_by(box: str, ticked: Sequence[str]) -> tuple[str, Mapping[str, Any]]:
    """Return an arm's name, and its fields that say what of other centres it adds.

    Nothing is added by a control, nor by generators together of which fewer than two are ticked.
    """
    for kind, together in TOGETHER.items():
        painted = {"painted": "generator"} if kind == PAINTED else {}
        if box.startswith(kind):
            digest, _, name = box.removeprefix(kind).partition(" ")
            return f"{name}{ENDING_PAINTED if painted else ''}", {"generators": [digest], **painted}
        if box == together:
            digests = _digests(kind, ticked)
            return box, {"generators": digests, **painted} if len(digests) > 1 else {}
    if box.startswith(DONOR):
        donor = box.removeprefix(DONOR)
        return f"Real {donor}", {"real_donors": [donor]}
    return box, {}


def _digests(kind: str, boxes: Iterable[str]) -> list[str]:
    return [box.removeprefix(kind).partition(" ")[0] for box in boxes if box.startswith(kind)]


def _short(name: str, ending: str = "") -> str:
    return f"{name[: LONGEST_NAME - len(ending)]}{ending}"
