"""Whether a study goes on with the one whose report is in a folder, or is another."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from centre_node.study.errors import StudyFileError
from centre_node.study.lineage import RESULT, read_report
from node_api.studies import StudyConfiguration

ANOTHER_OUT = "Name another folder with --out."

_MAY_CHANGE = frozenset({"arms", "seeds", "classifiers", "train_fractions", "resamples"})
_OF_ARMS = frozenset({"own_generator", "donor_cuttings"})
"""Fields that come and go with the arms that need them."""


def check_goes_on(out: Path, study: StudyConfiguration) -> None:
    """Check that a study is the one whose report is in a folder, if any, but for its grid.

    Raises:
        StudyFileError: It is another, whose report would take the place of the one there.
    """
    if not (out / RESULT).exists():
        return
    there = read_report(out / RESULT).configuration
    then, now = _compared(there, study), _compared(study, there)
    for name in [*then, *now]:
        if then.get(name) != now.get(name):
            raise StudyFileError(
                f"{out} holds another study: {name} is {then.get(name)} there and "
                f"{now.get(name)} here",
                hint=ANOTHER_OUT,
            )


def check_same_images(out: Path, images: Mapping[str, str]) -> None:
    """Check that a study reads the images of the study whose report is in a folder, if any.

    They may have moved: what counts is which they are. Donors come and go with their arms.

    Args:
        images: As `image_digests` tells them.

    Raises:
        StudyFileError: Some are others.
    """
    if not (out / RESULT).exists():
        return
    there = read_report(out / RESULT).result.origin.images
    for what, digest in images.items():
        if there.get(what, digest) != digest:
            raise StudyFileError(
                f"{out} holds another study: the {what} is not the one that was read there, for "
                "images, patients or annotations differ",
                hint=ANOTHER_OUT,
            )


def _compared(study: StudyConfiguration, other: StudyConfiguration) -> Mapping[str, Any]:
    """Return a study's settings by name, without those that only one of the two has a use for."""
    found = dict(_flat(study, leave_out=_MAY_CHANGE | _OF_ARMS))
    if study.own_generator is not None and other.own_generator is not None:
        found |= _flat(study.own_generator, "own_generator.")
    for donor in {*study.donors} & {*other.donors}:
        found |= _flat(study.donor_patches(donor), f"donor_cuttings.{donor}.")
    if not ("swin" in study.classifiers and "swin" in other.classifiers):
        del found["classifier_training.swin_side_px"]
    if "auto" in (study.classifier_training.precision, other.classifier_training.precision):
        del found["classifier_training.precision"]
    return found


def _flat(
    model: BaseModel, before: str = "", *, leave_out: frozenset[str] = frozenset()
) -> Iterator[tuple[str, Any]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if name in leave_out:
            continue
        if isinstance(value, BaseModel):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
