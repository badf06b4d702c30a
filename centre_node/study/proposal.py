"""Proposes a study of a centre's own mammograms, and says what it assumed."""

import math
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from centre_node.mammography.errors import OneClassOnlyError
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.splits import with_kinds
from centre_node.mammography.usual_patches import (
    MARGIN_MM,
    SMALLEST_SIDE_MM,
    usual_patches,
)
from centre_node.study.errors import GeneratorSizeError
from centre_node.study.plan import plan_study, try_paces
from centre_node.study.preparation import StudyInputs
from node_api.patches import PatchConfiguration
from node_api.plans import StudyPlan
from node_api.studies import EVERY_KIND, Arm, StudyConfiguration
from shared.counts import counted
from shared.durations import duration
from shared.names import LesionKind
from shared.packages import Package

USUAL_SIDE_PX = 64
SPLIT_SHARES = (0.5, 0.15, 0.35)
LENGTHS = ((10, 500), (8, 500), (6, 500), (5, 500), (5, 300), (5, 200))
"""Seeds and steps, the best first. Fewer than five seeds lead to no verdict."""

FEWEST_ADDED, MOST_ADDED = 40, 600


@dataclass(frozen=True, slots=True)
class Proposal:
    """A study, what it would do, and in sentences what was assumed."""

    configuration: StudyConfiguration
    plan: StudyPlan
    assumed: tuple[str, ...]


def propose(
    inputs: StudyInputs,
    names: Mapping[str, str],
    *,
    kinds: Sequence[LesionKind],
    minutes: float,
    device: torch.device,
) -> Proposal:
    """Choose everything that a study needs from what its data are.

    Args:
        names: Manifest digest of each generator, by the name that its arm gets.
        kinds: Of the lesions; empty takes the kind that most patients have.
        minutes: That the study may take on this machine.

    Raises:
        OneClassOnlyError: There is no lesion.
        GeneratorSizeError: The generators make patches of different sizes.
        NotEnoughPatientsError: The patients are too few for three subsets.
    """
    own = inputs.own.mammograms
    chosen_kinds, why_kinds = _kinds(own, kinds)
    scope = with_kinds(own, chosen_kinds)
    side, why_side = _side(inputs.packages)
    patches, why_patches = _patches(own, scope)
    added, why_added = _added(scope)
    fixed = {
        "lesions": "masses" if chosen_kinds == ("mass",) else "all",
        "lesion_kinds": chosen_kinds,
        "image_size": side,
        "patches": patches,
        "split_shares": SPLIT_SHARES,
        "train_fractions": (1.0,),
        "synthetic_patches": added,
        "arms": tuple(_arms(names, inputs)),
    }
    configuration, plan, why_length = _fitted(fixed, inputs, minutes, device)
    why = (why_kinds, why_side, *why_patches, why_added, why_length)
    return Proposal(configuration, plan, why)


def _kinds(
    mammograms: Sequence[Mammogram], wanted: Sequence[LesionKind]
) -> tuple[tuple[LesionKind, ...], str]:
    patients = Counter(
        kind
        for kind, _ in {(le.kind, image.patient_id) for image in mammograms for le in image.lesions}
    )
    if not patients:
        raise OneClassOnlyError(
            f"not one of the {counted(len(mammograms), 'image')} has an annotated lesion; a study "
            "compares lesions with healthy tissue"
        )
    told = ", ".join(f"{kind} in {count}" for kind, count in patients.most_common())
    if wanted:
        return tuple(wanted), f"lesions of the kinds {', '.join(wanted)}, as asked for"
    most = max(EVERY_KIND, key=lambda kind: patients[kind])
    return (most,), f"lesions of the kind {most}, which most patients have (patients: {told})"


def _side(packages: Mapping[str, Package]) -> tuple[int, str]:
    sides = {package.card.architecture.image_size for package in packages.values()}
    if len(sides) > 1:
        told = " and ".join(f"{side} px" for side in sorted(sides))
        raise GeneratorSizeError(f"the generators make patches of {told}; a study has one size")
    if sides:
        side = sides.pop()
        return side, f"patches of {side} px, as the generators make them"
    return USUAL_SIDE_PX, f"patches of {USUAL_SIDE_PX} px, which a processor trains on in minutes"


def _patches(
    own: Sequence[Mammogram], scope: Sequence[Mammogram]
) -> tuple[PatchConfiguration, tuple[str, ...]]:
    """Choose how patches are cut; `scope` has the lesions of the chosen kinds, `own` all."""
    ill = [image for image in scope if image.lesions]
    median = statistics.median(le.box.larger_side for image in ill for le in image.lesions)
    spacings = [image.pixel_spacing_mm for image in scope if image.pixel_spacing_mm is not None]
    healthy = sum(image.is_free for image in own)
    patches = usual_patches(
        spacing_mm=statistics.median(spacings) if len(spacings) == len(scope) else None,
        lesion_side_px=median,
        healthy_images=healthy,
        ill_images=len(ill),
    )
    if patches.margin_mm is not None:
        why = (
            f"a margin of {MARGIN_MM} mm and sides of {SMALLEST_SIDE_MM:g} mm or more, the paper's "
            "at INbreast's spacing"
        )
    else:
        why = (
            f"a margin of {patches.margin_px} px: {len(scope) - len(spacings)} of {len(scope)} "
            f"images have no pixel spacing, and the median lesion is {median:g} px long"
        )
    everywhere = patches.healthy_from == "all_mammograms"
    where = "all images, outside every annotation" if everywhere else "those alone"
    why_healthy = (
        f"{healthy} of {len(scope)} images are without annotation, so healthy patches are from "
        f"{where}, inside the breast"
    )
    return patches, (why, why_healthy)


def _added(scope: Sequence[Mammogram]) -> tuple[int, str]:
    lesions = sum(len(image.lesions) for image in scope)
    training = SPLIT_SHARES[0] * lesions
    added = min(MOST_ADDED, max(FEWEST_ADDED, 10 * math.ceil(2 * training / 10)))
    about = round(training)
    return added, f"arms add {added} lesions to the own ones in training, which are about {about}"


def _arms(names: Mapping[str, str], inputs: StudyInputs) -> Iterator[Arm]:
    """Yield the baseline, every control that needs no donor, and an arm for each donor."""
    yield Arm(name="none")
    yield Arm(name="extra healthy only", extra_healthy=True)
    yield Arm(name="own lesions repeated", oversampled=True)
    yield Arm(name="own lesions painted", painted="own")
    yield Arm(name="blobs painted", painted="ellipse")
    for name, digest in names.items():
        draws_residuals = inputs.packages[digest].card.architecture.output == "residual"
        painted = {"painted": "generator"} if draws_residuals else {}
        yield Arm.model_validate({"name": name, "generators": (digest,), **painted})
    for name in inputs.donors:
        yield Arm(name=f"Real {name}", real_donors=(name,))


def _fitted(
    fixed: Mapping[str, object], inputs: StudyInputs, minutes: float, device: torch.device
) -> tuple[StudyConfiguration, StudyPlan, str]:
    """Return the longest study that fits the time, or else the shortest."""
    longest = _of_length(fixed, *LENGTHS[0])
    paces = try_paces(longest, inputs, device)
    tried = [_of_length(fixed, seeds, steps) for seeds, steps in LENGTHS]
    plans = [(study, plan_study(study, inputs, paces)) for study in tried]
    fitting = (both for both in plans if both[1].seconds <= 60 * minutes)
    configuration, plan = next(fitting, plans[-1])
    fits = plan.seconds <= 60 * minutes
    told = f"{len(configuration.seeds)} seeds of {configuration.classifier_training.length}"
    about = f"about {duration(plan.seconds)} on this machine"
    if fits:
        return configuration, plan, f"{told}: {about}"
    return (
        configuration,
        plan,
        (
            f"{told}: {about}, although {minutes:g} minutes were given; a smaller study leads to "
            "no verdict, so this is the smallest that is proposed"
        ),
    )


def _of_length(fixed: Mapping[str, object], seeds: int, steps: int) -> StudyConfiguration:
    training = {"steps": steps, "precision": "auto"}
    return StudyConfiguration.model_validate(
        {**fixed, "seeds": tuple(range(seeds)), "classifier_training": training}
    )
