"""Patient-level splits: no patient is in two subsets."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from centre_node.errors import NotEnoughPatientsError
from centre_node.mammography.mammograms import Mammogram
from shared.models import StrictModel

SUBSETS = ("train", "validation", "test")


class Split(StrictModel):
    """The patients of each subset, sorted."""

    seed: int
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def digest(self) -> str:
        """Return the SHA-256 of the split's JSON."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def split_patients(
    mammograms: Sequence[Mammogram], *, shares: tuple[float, float, float], seed: int
) -> Split:
    """Share the patients out, with lesions and breast densities alike in the subsets.

    Patients are grouped by whether they have a lesion and by their most frequent density, shuffled
    within each group, and dealt in that order to the subset that is furthest behind its share, so
    that every stretch of similar patients is spread over all subsets.

    Raises:
        NotEnoughPatientsError: Fewer patients with lesions than subsets.

    Source: paper section 2.4, paragraph 1.
    """
    dealt: dict[str, list[str]] = {name: [] for name in SUBSETS}
    with_lesions, without = _ordered(mammograms, seed)
    if len(with_lesions) < len(SUBSETS):
        raise NotEnoughPatientsError(
            f"{len(with_lesions)} patients with lesions cannot fill {len(SUBSETS)} subsets; "
            f"at least {len(SUBSETS)} are needed"
        )
    for patients in (with_lesions, without):
        for name, chosen in zip(SUBSETS, _dealt(patients, shares), strict=True):
            dealt[name] += chosen
    return Split(seed=seed, **{name: tuple(sorted(chosen)) for name, chosen in dealt.items()})


def share_of_patients(patients: Sequence[str], share: float, *, seed: int) -> tuple[str, ...]:
    """Return a share, 0 to 1, of the patients, at least one; smaller shares lie inside larger."""
    shuffled = _shuffled(patients, seed=seed)
    return tuple(sorted(shuffled[: max(1, round(share * len(shuffled)))]))


def _ordered(mammograms: Sequence[Mammogram], seed: int) -> tuple[list[str], list[str]]:
    """Return the patients with and those without lesions, similar densities side by side."""
    images: dict[str, list[Mammogram]] = defaultdict(list)
    for mammogram in mammograms:
        images[mammogram.patient_id].append(mammogram)
    patients = _shuffled(images, seed=seed)
    patients.sort(key=lambda patient: _density(images[patient]))
    affected = {patient for patient in patients if any(m.lesions for m in images[patient])}
    return [p for p in patients if p in affected], [p for p in patients if p not in affected]


def _shuffled(patients: Iterable[str], *, seed: int) -> list[str]:
    ordered = sorted(patients)
    return [ordered[index] for index in np.random.default_rng(seed).permutation(len(ordered))]


def _density(images: Sequence[Mammogram]) -> int:
    densities = Counter(image.density for image in images if image.density is not None)
    return min(densities, key=lambda density: (-densities[density], density), default=0)


def _dealt(patients: Sequence[str], shares: tuple[float, float, float]) -> list[list[str]]:
    dealt: list[list[str]] = [[] for _ in shares]
    for done, patient in enumerate(patients, start=1):
        # Every subset gets one before the shares decide, so that none is empty.
        behind = [
            (not chosen and len(patients) - done < _empty(dealt), share * done - len(chosen))
            for share, chosen in zip(shares, dealt, strict=True)
        ]
        dealt[behind.index(max(behind))].append(patient)
    return dealt


def _empty(dealt: Sequence[Sequence[str]]) -> int:
    return sum(not chosen for chosen in dealt)
