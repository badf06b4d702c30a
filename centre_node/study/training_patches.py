"""Which patches a run is trained, validated and tested on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.looks import AS_IT_IS, Look
from centre_node.mammography.patch_store import PatchStore
from centre_node.painting.anew import PaintedAnew
from node_api.patches import Jitter
from node_api.tasks import LESION_OR_HEALTHY, Task

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
Indices = NDArray[np.int64]

HEALTHY, LESION = 0, 1


def class_labels(store: PatchStore, task: Task) -> Labels:
    """Return 1 for each record of a task's positive class and 0 for the others, shape (n,)."""
    if task == LESION_OR_HEALTHY:
        return store.labels
    return np.array([record.pathology == "malignant" for record in store.records], dtype=np.int64)


@dataclass(frozen=True)
class RealPatches:
    """Records of a store; one that is there twice is drawn twice.

    Attributes:
        is_jittered: Own patches are, anew each time. Lesions that an arm adds are not: synthetic
            ones cannot be, for their generator knew the squares alone, and what stands in for them
            in another arm must differ in nothing but where it comes from.
        look: What is done to a donor's lesions that get the look of the own ones.
    """

    store: PatchStore
    indices: Indices
    is_jittered: bool = True
    task: Task = LESION_OR_HEALTHY
    look: Look = AS_IT_IS

    def crops(self, *, size: int, jitter: Jitter, random: np.random.Generator) -> Pixels:
        """Return the patches, shape (n, size, size); those that are jittered change each time."""
        jitter_of_these = jitter if self.is_jittered else None
        crops = self.store.crops(self.indices, size=size, jitter=jitter_of_these, random=random)
        return self.look.applied(crops)

    @property
    def labels(self) -> Labels:
        """1 for the task's positive class, 0 for the other, shape (n,)."""
        return class_labels(self.store, self.task)[self.indices]


@dataclass(frozen=True)
class TrainingPatches:
    """A run's training set: own patches jittered anew each epoch, added lesions as they are.

    Attributes:
        real: The centre's own patches first, then its lesions over again, and those of donors.
        synthetic: Shape (n, size, size).
        synthetic_labels: 1 for the task's positive class, 0 for the other, shape (n,); None where
            every one is a lesion, and that is the positive class.
        sham: Painted without a lesion, shape (m, size, size), every one healthy.
        anew: What own patches are painted with in each epoch, if they are.
    """

    real: tuple[RealPatches, ...]
    synthetic: Pixels
    jitter: Jitter
    size: int
    synthetic_labels: Labels | None = None
    sham: Pixels | None = None
    anew: PaintedAnew | None = None

    @property
    def n_synthetic(self) -> int:
        """Patches that are generated or painted, each of which an epoch has once."""
        return len(self.synthetic) + (0 if self.sham is None else len(self.sham))

    @property
    def n_real(self) -> int:
        """Patches of an epoch that are not synthetic."""
        return sum(len(part.indices) for part in self.real)

    def draw_epoch(self, random: np.random.Generator) -> tuple[Pixels, Labels]:
        """Return every patch once, shape (n, size, size), with its label, shape (n,)."""
        crops = [
            part.crops(size=self.size, jitter=self.jitter, random=random) for part in self.real
        ]
        labels = [part.labels for part in self.real]
        if self.anew is not None:
            self.anew.replace_some(crops[0], labels[0], random)
        of_synthetic = self.synthetic_labels
        if of_synthetic is None:
            of_synthetic = np.full(len(self.synthetic), LESION, dtype=np.int64)
        crops.append(self.synthetic)
        labels.append(of_synthetic)
        if self.sham is not None:
            crops.append(self.sham)
            labels.append(np.full(len(self.sham), HEALTHY, dtype=np.int64))
        return np.concatenate(crops), np.concatenate(labels)


@dataclass(frozen=True)
class OwnPatches:
    """A centre's training patches in a fixed random order, so that arms add the same ones.

    Attributes:
        lesions: Those that are used.
        healthy: As many as there are lesions come first, then those that arms add.
    """

    lesions: Indices
    healthy: Indices

    def with_healthy(self, added: int, *, own_lesions: bool) -> Indices:
        """Return the lesions, where they are used, and one healthy patch for each lesion.

        Args:
            added: Healthy patches that come with lesions from elsewhere, or alone.
        """
        lesions = self.lesions if own_lesions else self.lesions[:0]
        return np.concatenate([np.sort(lesions), self.healthy[: len(lesions) + added]])

    def repeated(self, count: int) -> Indices:
        """Return lesions over again, each as often as the others or once more."""
        return np.resize(self.lesions, count if len(self.lesions) else 0)


def own_patches(store: PatchStore, *, share: float, seed: int) -> OwnPatches:
    """Shuffle a store's patches once with `seed`.

    Args:
        share: Of the lesions, 0 to 1; smaller shares lie inside larger ones. The healthy patches
            beyond as many as all lesions are those that arms add, whatever the share.
    """
    random = np.random.default_rng(seed)
    healthy, lesions = (random.permutation(store.indices(label)) for label in (HEALTHY, LESION))
    own = max(1, round(share * len(lesions)))
    return OwnPatches(lesions[:own], np.concatenate([healthy[:own], healthy[len(lesions) :]]))


def donated(store: PatchStore, *, count: int, seed: int) -> RealPatches:
    """Return `count` lesions of a donor, not jittered; fewer ones lie inside more."""
    order = np.random.default_rng(seed).permutation(store.indices(LESION))
    return RealPatches(store, order[:count], is_jittered=False)


@dataclass(frozen=True)
class HeldOut:
    """Patches that are looked at without jitter: those of validation, or of the test.

    Attributes:
        pixels: Shape (n, size, size).
        labels: 1 for the task's positive class, 0 for the other, shape (n,).
        patients: A number for each patch's patient, shape (n,).
    """

    pixels: Pixels
    labels: Labels
    patients: NDArray[np.int64]


def held_out(store: PatchStore, *, size: int, task: Task = LESION_OR_HEALTHY) -> HeldOut:
    """Return every patch of a store without jitter."""
    indices = np.arange(len(store.records))
    names = [record.patient_id for record in store.records]
    _, patients = np.unique(names, return_inverse=True)
    return HeldOut(
        pixels=store.crops(indices, size=size),
        labels=class_labels(store, task),
        patients=patients.astype(np.int64),
    )
