"""Patient-level splits: no patient is in two subsets."""

import hashlib
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from centre_node.mammography.errors import OTHER_KINDS, NotEnoughPatientsError
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.pathology import counted_pathologies, is_malignant
from node_api.summaries import SubsetBalance
from shared.counts import counted
from shared.models import StrictModel
from shared.names import LesionKind

SUBSETS = ("train", "validation", "test")
MOST_FOLDS = 20
NEAR_ENOUGH = 0.02

Shares = tuple[float, float, float]
Strata = Callable[[Mammogram], str]
HasEnough = Callable[[Sequence[Mammogram], Sequence[str]], bool]


class Split(StrictModel):
    """The patients of each subset, sorted."""

    seed: int
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def digest(self) -> str:
        """Return the SHA-256 of the split's JSON."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def subsets(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each subset's name and patients."""
        yield from (("train", self.train), ("validation", self.validation), ("test", self.test))


def split_patients(mammograms: Sequence[Mammogram], *, shares: Shares, seed: int) -> Split:
    """Share the patients out, with lesions and breast densities alike in the subsets.

    The patients are dealt to folds by scikit-learn's grouped stratification of their images, by
    whether an image has a lesion and by its density, and each subset takes the number of folds that
    is nearest to its share. Where a subset would stay without a lesion or without an image that has
    none, density is given up.

    Raises:
        NotEnoughPatientsError: Fewer patients with lesions than subsets, or a subset without.

    Source: paper section 2.4, paragraph 1.
    """
    _check_some_lesion(mammograms, "of the wanted kinds")
    affected = len({m.patient_id for m in mammograms if m.lesions})
    if affected < len(SUBSETS):
        raise NotEnoughPatientsError(
            f"{counted(affected, 'patient')} with lesions cannot fill {len(SUBSETS)} subsets; "
            f"at least {len(SUBSETS)} are needed"
        )
    counts = _folds_of(shares, at_most=min(MOST_FOLDS, affected))
    dealt = [_dealt(mammograms, counts, strata, seed) for strata in (_lesion_and_density, _lesion)]
    split = _first_with_enough(mammograms, dealt, (_has_both_classes, _has_lesion), seed)
    if split is None:
        raise NotEnoughPatientsError(
            f"{counted(affected, 'patient')} with lesions could not be shared out so that each of "
            f"{len(SUBSETS)} subsets has one; another seed may"
        )
    return split


def split_patients_by_pathology(
    mammograms: Sequence[Mammogram], *, shares: Shares, seed: int
) -> Split:
    """Share the patients out, with those who have a malignant lesion alike in the subsets.

    The same as `split_patients`, but the classes are patients with a malignant lesion and without.

    Args:
        mammograms: With lesions of known pathology only (`with_known_pathology`).

    Raises:
        NotEnoughPatientsError: Fewer patients of a pathology than subsets, or a subset without.
    """
    _check_some_lesion(mammograms, "of the wanted kinds and of known pathology")
    ill = {m.patient_id for m in mammograms if is_malignant(m)}
    fewest = min(len(ill), len({m.patient_id for m in mammograms} - ill))
    if fewest < len(SUBSETS):
        raise NotEnoughPatientsError(
            f"{counted(len(ill), 'patient')} with malignant lesions and "
            f"{len({m.patient_id for m in mammograms} - ill)} with benign ones only cannot fill "
            f"{len(SUBSETS)} subsets; at least {len(SUBSETS)} of each are needed"
        )
    counts = _folds_of(shares, at_most=min(MOST_FOLDS, fewest))
    dealt = [
        _dealt(mammograms, counts, lambda m: f"{m.patient_id in ill} {m.density}", seed),
        _dealt(mammograms, counts, lambda m: f"{m.patient_id in ill}", seed),
    ]
    split = _first_with_enough(mammograms, dealt, (_has_both_pathologies,), seed)
    if split is None:
        raise NotEnoughPatientsError(
            f"{counted(len(ill), 'patient')} with malignant lesions could not be shared out so "
            f"that each of {len(SUBSETS)} subsets has malignant and benign ones; another seed may"
        )
    return split


def _check_some_lesion(mammograms: Sequence[Mammogram], wanted: str) -> None:
    if not any(m.lesions for m in mammograms):
        raise NotEnoughPatientsError(f"no mammogram has a lesion {wanted}", hint=OTHER_KINDS)


def _first_with_enough(
    mammograms: Sequence[Mammogram],
    dealt: Sequence[Sequence[tuple[str, ...]]],
    demands: Sequence[HasEnough],
    seed: int,
) -> Split | None:
    """Return the first deal whose subsets all have enough, by the first demand that one meets."""
    for has_enough in demands:
        for subsets in dealt:
            if all(has_enough(mammograms, patients) for patients in subsets):
                return Split(seed=seed, **dict(zip(SUBSETS, subsets, strict=True)))
    return None


def with_kinds(
    mammograms: Iterable[Mammogram], kinds: Sequence[LesionKind]
) -> tuple[Mammogram, ...]:
    """Return the mammograms with their lesions of the given kinds only: what a split looks at."""
    return tuple(
        replace(m, lesions=tuple(lesion for lesion in m.lesions if lesion.kind in kinds))
        for m in mammograms
    )


def share_of_patients(patients: Sequence[str], share: float, *, seed: int) -> tuple[str, ...]:
    """Return a share, 0 to 1, of the patients, at least one; smaller shares lie inside larger."""
    ordered = sorted(patients)
    shuffled = [ordered[index] for index in np.random.default_rng(seed).permutation(len(ordered))]
    return tuple(sorted(shuffled[: max(1, round(share * len(shuffled)))]))


def share_of_both(
    patients: Sequence[str], mammograms: Iterable[Mammogram], share: float, *, seed: int
) -> tuple[str, ...]:
    """Return a share of the patients with a malignant lesion, and of those without.

    Args:
        mammograms: With lesions of known pathology only, the patients' among them.
    """
    ill = {m.patient_id for m in mammograms if is_malignant(m)}
    groups = [[p for p in patients if (p in ill) == malignant] for malignant in (True, False)]
    chosen = [share_of_patients(group, share, seed=seed) for group in groups if group]
    return tuple(sorted(patient for group in chosen for patient in group))


def balance(split: Split, mammograms: Sequence[Mammogram]) -> tuple[SubsetBalance, ...]:
    """Count what each subset holds."""
    return tuple(
        _balance(name, patients, mammograms, sum(len(others) for _, others in split.subsets()))
        for name, patients in split.subsets()
    )


def balance_of_pathologies(
    split: Split, mammograms: Sequence[Mammogram]
) -> tuple[SubsetBalance, ...]:
    """Count what each subset holds, and its lesions by pathology."""
    return tuple(
        part.model_copy(
            update={
                "pathologies": counted_pathologies(
                    m for m in mammograms if m.patient_id in set(patients)
                )
            }
        )
        for part, (_, patients) in zip(balance(split, mammograms), split.subsets(), strict=True)
    )


def _balance(
    name: str, patients: Sequence[str], mammograms: Sequence[Mammogram], n_patients: int
) -> SubsetBalance:
    chosen = set(patients)
    images = [m for m in mammograms if m.patient_id in chosen]
    densities = Counter("unknown" if m.density is None else str(m.density) for m in images)
    return SubsetBalance(
        subset=name,
        patients=len(patients),
        share_of_patients=len(patients) / n_patients,
        images=len(images),
        images_with_lesions=sum(bool(m.lesions) for m in images),
        lesions=dict(sorted(Counter(lesion.kind for m in images for lesion in m.lesions).items())),
        densities={key: times / len(images) for key, times in sorted(densities.items())},
    )


def _lesion_and_density(mammogram: Mammogram) -> str:
    return f"{bool(mammogram.lesions)} {mammogram.density}"


def _lesion(mammogram: Mammogram) -> str:
    return str(bool(mammogram.lesions))


def _folds_of(shares: Shares, *, at_most: int) -> tuple[int, ...]:
    """Return folds for each subset: as few as come near the shares, for they balance best."""
    choices = [_counts(shares, folds) for folds in range(len(shares), at_most + 1)]
    near = [counts for counts in choices if _distance(counts, shares) <= NEAR_ENOUGH]
    return near[0] if near else min(choices, key=lambda counts: _distance(counts, shares))


def _counts(shares: Shares, folds: int) -> tuple[int, ...]:
    """Return whole numbers of folds in proportion to the shares, none of them zero."""
    counts = [max(1, int(share * folds)) for share in shares]
    while sum(counts) != folds:
        step = 1 if sum(counts) < folds else -1
        open_to = [i for i, count in enumerate(counts) if count + step >= 1]
        behind = max(open_to, key=lambda i: step * (shares[i] * folds - counts[i]))
        counts[behind] += step
    return tuple(counts)


def _distance(counts: Sequence[int], shares: Shares) -> float:
    return max(
        abs(count / sum(counts) - share) for count, share in zip(counts, shares, strict=True)
    )


def _dealt(
    mammograms: Sequence[Mammogram], counts: Sequence[int], strata: Strata, seed: int
) -> list[tuple[str, ...]]:
    ordered = sorted(mammograms, key=lambda m: (m.patient_id, m.image_id))
    patients = np.array([m.patient_id for m in ordered])
    labels = [strata(m) for m in ordered]
    if max(Counter(labels).values()) < sum(counts):
        return [() for _ in counts]
    folder = StratifiedGroupKFold(sum(counts), shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # Rare strata, such as an unknown density, cannot be in every fold; that is expected.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        folds = iter([patients[test] for _, test in folder.split(patients, labels, patients)])
    return [_unique(patient for _ in range(count) for patient in next(folds)) for count in counts]


def _unique(patients: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({str(patient) for patient in patients}))


def _has_both_classes(mammograms: Sequence[Mammogram], patients: Sequence[str]) -> bool:
    chosen = set(patients)
    return len({bool(m.lesions) for m in mammograms if m.patient_id in chosen}) == 2


def _has_lesion(mammograms: Sequence[Mammogram], patients: Sequence[str]) -> bool:
    chosen = set(patients)
    return any(m.lesions for m in mammograms if m.patient_id in chosen)


def _has_both_pathologies(mammograms: Sequence[Mammogram], patients: Sequence[str]) -> bool:
    chosen = set(patients)
    return len(counted_pathologies(m for m in mammograms if m.patient_id in chosen)) == 2
