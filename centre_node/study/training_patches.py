"""Which patches a run is trained, validated and tested on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.configuration import Jitter
from centre_node.mammography.patch_store import PatchStore

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]

HEALTHY, LESION = 0, 1


@dataclass(frozen=True)
class TrainingPatches:
    """A run's training set: jittered anew each epoch where real, as sampled where synthetic.

    Attributes:
        indices: Records of `store` that are used.
        synthetic: Shape (n, size, size), every one a lesion.
    """

    store: PatchStore
    indices: NDArray[np.int64]
    synthetic: Pixels
    jitter: Jitter
    size: int

    def draw_epoch(self, random: np.random.Generator) -> tuple[Pixels, Labels]:
        """Return every patch once, shape (n, size, size), with its label, shape (n,)."""
        real = self.store.crops(self.indices, size=self.size, jitter=self.jitter, random=random)
        labels = [self.store.records[index].label for index in self.indices]
        labels += [LESION] * len(self.synthetic)
        return np.concatenate([real, self.synthetic]), np.array(labels, dtype=np.int64)


def own_and_extra_healthy(
    store: PatchStore, *, share: float, seed: int
) -> tuple[NDArray[np.int64], ...]:
    """Return the lesions' indices, as many healthy ones, and the remaining healthy ones.

    The patches are shuffled once with `seed`, so every arm has the same own patches and an arm that
    adds healthy patches adds the same ones.

    Args:
        share: Of the lesions, 0 to 1; smaller shares lie inside larger ones. The healthy patches
            beyond as many as all lesions are the remaining ones, whatever the share.
    """
    random = np.random.default_rng(seed)
    healthy, lesions = (random.permutation(store.indices(label)) for label in (HEALTHY, LESION))
    own = max(1, round(share * len(lesions)))
    return np.sort(lesions[:own]), healthy[:own], healthy[len(lesions) :]


def all_patches(store: PatchStore, *, size: int) -> tuple[Pixels, Labels]:
    """Return every patch of a store without jitter, shape (n, size, size), and the labels."""
    indices = np.arange(len(store.records))
    labels = np.array([record.label for record in store.records], dtype=np.int64)
    return store.crops(indices, size=size), labels
