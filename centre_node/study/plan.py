"""What a study would do, before anything is cut or trained."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.splits import with_kinds
from centre_node.study.arms import addition
from centre_node.study.cuttings import cutting_warnings
from centre_node.study.durations import Pace, Sizes, try_pace, try_reading
from centre_node.study.fitting_arms import cards_of, check_arms
from centre_node.study.preparation import StudyInputs
from centre_node.study.task_data import (
    check_lengths,
    check_no_patient_twice,
    split_of,
    training_patients,
    usable,
)
from node_api.classifier_training import ClassifierName
from node_api.plans import PlannedSubset, StudyPlan
from node_api.studies import Arm, StudyConfiguration, looks_tried
from node_api.tasks import BENIGN_OR_MALIGNANT
from shared.progress import OnProgress, Progress
from shared.transfer_progress import say_nothing


@dataclass(frozen=True, slots=True)
class Paces:
    """How fast this machine is at what a study does.

    Attributes:
        classifiers: By name.
        image: Seconds to read one mammogram.
    """

    classifiers: Mapping[ClassifierName, Pace]
    image: float


def try_paces(
    configuration: StudyConfiguration,
    inputs: StudyInputs,
    device: torch.device,
    on_progress: OnProgress = say_nothing,
) -> Paces:
    """Read a few images, and train each classifier for a moment.

    Args:
        on_progress: Told before each trial; what it raises stops them.

    Raises:
        BadImageError: One of the images cannot be read.
    """
    total, classifiers = len(configuration.classifiers) + 1, dict[ClassifierName, Pace]()

    def tell(message: str) -> None:
        done = len(classifiers)
        on_progress(Progress(done=done, total=total, unit="steps", message=message))

    for name in configuration.classifiers:
        tell(f"trying how long {name} takes")
        classifiers[name] = try_pace(configuration, name, device)
    tell("trying how long images take")
    return Paces(classifiers, try_reading(inputs.own.mammograms))


def plan_study(
    configuration: StudyConfiguration,
    inputs: StudyInputs,
    paces: Paces,
    *,
    workers: int | None = None,
) -> StudyPlan:
    """Refuse what the start of a study would refuse of its data, and say what it would do.

    Args:
        workers: Runs that are done at once; None: one a processor.

    Raises:
        NotEnoughPatientsError, OneClassOnlyError: The data are too few.
        BadMammogramsError: A donor's patients are own ones or another donor's too.
        NothingCutError: The own or a donor's images have no room for margin or smallest side, or
            no pixel spacing where these are in mm.
        RepeatedArmsError: Two arms differ in their names alone, or one names a source twice.
        GeneratorSizeError, GeneratorClassesError: A generator does not fit.
    """
    cards = cards_of(inputs.packages)
    check_arms(configuration, cards)
    own = usable(configuration, inputs.own)
    check_lengths(configuration, own, inputs.donors)
    scope = with_kinds(own.mammograms, configuration.lesion_kinds)
    split = split_of(configuration, scope)
    check_no_patient_twice(configuration, own, inputs.donors, split)
    count = _Count(configuration, scope)
    training = (
        count.of(f"training, {share:.0%}", training_patients(configuration, split, scope, share))
        for share in configuration.train_fractions
    )
    held_out = count.of("validation", split.validation), count.of("test", split.test)
    subsets = (*training, *held_out)
    at_once = len(os.sched_getaffinity(0)) if workers is None else workers
    donated = {
        name: count.lesions_of(usable(configuration, reading).mammograms)
        for name, reading in inputs.donors.items()
    }
    images = len(own.mammograms) + sum(len(inputs.donors[name].mammograms) for name in donated)
    cutting = images * paces.image / at_once
    return StudyPlan(
        subsets=subsets,
        arms=tuple(arm.name for arm in configuration.arms),
        classifiers=configuration.classifiers,
        seeds=configuration.seeds,
        length=configuration.classifier_training.length,
        runs=configuration.runs,
        workers=at_once,
        seconds=cutting + _running(configuration, subsets, donated, paces) / at_once,
        warnings=cutting_warnings(configuration, cards, own, inputs.donors),
    )


@dataclass(frozen=True, slots=True)
class _Count:
    configuration: StudyConfiguration
    scope: Sequence[Mammogram]

    def of(self, name: str, patients: Sequence[str]) -> PlannedSubset:
        chosen = frozenset(patients)
        mine = [image for image in self.scope if image.patient_id in chosen]
        return PlannedSubset(name=name, patients=len(chosen), lesions=self.lesions_of(mine))

    def lesions_of(self, mammograms: Sequence[Mammogram]) -> int:
        study = self.configuration
        return PatchCutting(study.patches, study.lesion_kinds).count_lesions(mammograms)


def _running(
    configuration: StudyConfiguration,
    subsets: Sequence[PlannedSubset],
    donated: Mapping[str, int],
    paces: Paces,
) -> float:
    """Return the seconds of all runs, one after the other."""
    classes = 1 if configuration.task == BENIGN_OR_MALIGNANT else 2
    validation, test = (classes * subset.lesions for subset in subsets[-2:])
    test = round(test * (1 + configuration.test_healthy_per_lesion) / 2)
    seconds = 0.0
    for name in configuration.classifiers:
        pace = paces.classifiers[name]
        for subset in subsets[:-2]:
            sizes = Sizes(classes * subset.lesions, validation, test)
            seconds += len(configuration.seeds) * sum(
                len(looks_tried(arm.harmonised))
                * pace.of_run(configuration, sizes, _added(arm, configuration, donated, classes))
                for arm in configuration.arms
            )
    return seconds


def _added(
    arm: Arm, configuration: StudyConfiguration, donated: Mapping[str, int], classes: int
) -> int:
    """Return about how many patches an arm adds."""
    count = configuration.synthetic_patches
    added = addition(arm, synthetic_patches=count, donor_lesions=donated)
    return added.lesions + (added.healthy if classes > 1 else 0)
