"""Which mammograms, patients and classes a study's task makes of the data."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from centre_node.mammography.errors import APART, BadMammogramsError
from centre_node.mammography.fingerprints import digest_of_names
from centre_node.mammography.lengths import (
    check_room,
    check_spacing,
    lesions_without_spacing,
    no_spacing,
)
from centre_node.mammography.mammograms import Mammogram, Reading
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.pathology import (
    UNKNOWN,
    unknown_pathologies,
    with_known_pathology,
)
from centre_node.mammography.shortcuts import shortcut_report
from centre_node.mammography.splits import (
    Split,
    balance,
    balance_of_pathologies,
    share_of_both,
    share_of_patients,
    split_patients,
    split_patients_by_pathology,
    with_kinds,
)
from centre_node.study.training_patches import class_labels
from node_api.patches import PatchConfiguration
from node_api.studies import StudyConfiguration
from node_api.summaries import ShortcutReport, SubsetBalance
from node_api.tasks import BENIGN_OR_MALIGNANT
from shared.counts import counted
from shared.names import LesionKind

_OWN = {"test": "test", "validation": "validation", "train": "training"}
"""What subsets of a split are called, the test first: a leak from it is the gravest."""


def usable(configuration: StudyConfiguration, reading: Reading) -> Reading:
    """Return the mammograms and lesions that the task has a use for."""
    if configuration.task == BENIGN_OR_MALIGNANT:
        return with_known_pathology(reading, configuration.lesion_kinds)
    return reading


def left_out(
    configuration: StudyConfiguration, readings: Iterable[tuple[Reading, PatchConfiguration]]
) -> dict[str, int]:
    """Count the lesions that it has no use for, by reason.

    Args:
        readings: Each with how its patches are cut.
    """
    kinds, found = configuration.lesion_kinds, Counter[str]()
    for reading, patches in readings:
        if configuration.task == BENIGN_OR_MALIGNANT:
            found[UNKNOWN] += unknown_pathologies(reading.mammograms, kinds)
        mammograms = usable(configuration, reading).mammograms
        if lacking := lesions_without_spacing(mammograms, patches, kinds):
            found[no_spacing(patches)] += lacking
    return dict(+found)


def check_lengths(
    configuration: StudyConfiguration, own: Reading, donors: Mapping[str, Reading]
) -> None:
    """Refuse lengths that the images they are for cannot have.

    Args:
        donors: By name, at least those of the study's arms.

    Raises:
        NothingCutError: Not one image with lesions has room for them, or, where they are in mm, a
            pixel spacing, of the own or of a donor's.
    """
    kinds = configuration.lesion_kinds
    _check_lengths(own, configuration.patches, kinds, "own data")
    for name in configuration.donors:
        _check_lengths(donors[name], configuration.donor_patches(name), kinds, f"data of {name}")


def _check_lengths(
    reading: Reading, patches: PatchConfiguration, kinds: Iterable[LesionKind], what: str
) -> None:
    check_spacing(reading, patches, kinds, what)
    check_room(reading.mammograms, patches, kinds, f"{what} ({reading.name})")


def image_digests(
    configuration: StudyConfiguration, own: Reading, donors: Mapping[str, Reading]
) -> dict[str, str]:
    """Tell the images that a study is made of from others: digests, by what they are in words.

    Args:
        donors: By name, at least those of the study's arms.
    """
    lent = {f"data of {name}": donors[name] for name in configuration.donors}
    return {
        what: digest_of_names(reading.mammograms)
        for what, reading in {"own data": own, **lent}.items()
    }


def check_no_patient_twice(
    configuration: StudyConfiguration, own: Reading, donors: Mapping[str, Reading], split: Split
) -> None:
    """Refuse patients who are in two subsets, as their ids tell, before any image is opened.

    Patients of two folders may have the same id, and are not the same for that.

    Args:
        donors: By name, at least those of the study's arms.

    Raises:
        BadMammogramsError: A donor's are own patients or another donor's too.
    """
    held = dict(split.subsets())
    subsets = [
        *((f"own {name} patients", own.place, frozenset(held[key])) for key, name in _OWN.items()),
        *(
            (f"data of {name}", donors[name].place, _with_lesions(configuration, donors[name]))
            for name in configuration.donors
        ),
    ]
    for (one, here, some), (other, there, others) in combinations(subsets, 2):
        if here == there and (shared := some & others):
            raise BadMammogramsError(
                f"the {one} and the {other} share {counted(len(shared), 'patient')}", hint=APART
            )


def _with_lesions(configuration: StudyConfiguration, reading: Reading) -> frozenset[str]:
    scope = _scope(configuration, reading)
    return frozenset(mammogram.patient_id for mammogram in scope if mammogram.lesions)


def _scope(configuration: StudyConfiguration, reading: Reading) -> Sequence[Mammogram]:
    return with_kinds(usable(configuration, reading).mammograms, configuration.lesion_kinds)


def split_of(configuration: StudyConfiguration, scope: Sequence[Mammogram]) -> Split:
    """Share the patients out, with the classes alike in the subsets.

    Raises:
        NotEnoughPatientsError: There are too few of a class.
    """
    by_pathology = configuration.task == BENIGN_OR_MALIGNANT
    split = split_patients_by_pathology if by_pathology else split_patients
    return split(scope, shares=configuration.split_shares, seed=configuration.split_seed)


def own_split(configuration: StudyConfiguration, own: Reading) -> Split:
    """Share out the patients of a centre's whole data.

    Raises:
        NotEnoughPatientsError: There are too few of a class.
    """
    return split_of(configuration, _scope(configuration, own))


def training_patients(
    configuration: StudyConfiguration,
    split: Split,
    scope: Sequence[Mammogram],
    fraction: float,
) -> tuple[str, ...]:
    """Return the training patients of a fraction; those of a smaller one lie inside a larger."""
    if configuration.train_fraction_of == "patches":
        return split.train
    if configuration.task == BENIGN_OR_MALIGNANT:
        return share_of_both(split.train, scope, fraction, seed=split.seed)
    return share_of_patients(split.train, fraction, seed=split.seed)


def balance_of(
    configuration: StudyConfiguration, split: Split, scope: Sequence[Mammogram]
) -> tuple[SubsetBalance, ...]:
    """Count what each subset holds."""
    by_pathology = configuration.task == BENIGN_OR_MALIGNANT
    return (balance_of_pathologies if by_pathology else balance)(split, scope)


def shortcut_of(
    configuration: StudyConfiguration, train: PatchStore, test: PatchStore
) -> ShortcutReport:
    """Say how far the classes can be told apart by what no classifier should need."""
    labels = class_labels(train, configuration.task), class_labels(test, configuration.task)
    return shortcut_report(train, test, size=configuration.image_size, labels=labels)
