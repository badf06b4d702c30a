"""Which lesions a run trains on where benign and malignant ones are to be told apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from centre_node.mammography.errors import OneClassOnlyError
from centre_node.mammography.patch_store import PatchStore
from centre_node.study.arms import Addition, addition
from centre_node.study.training_patches import Indices, Labels, RealPatches, class_labels
from node_api.studies import Arm
from node_api.tasks import BENIGN_OR_MALIGNANT
from shared.names import Pathology


@dataclass(frozen=True)
class BothPathologies:
    """Lesions of a store, each pathology in a fixed random order, so that arms take the same ones.

    Attributes:
        malignant, benign: Records, shape (n,).
    """

    malignant: Indices
    benign: Indices

    @classmethod
    def of(cls, store: PatchStore, *, share: float = 1.0, seed: int) -> "BothPathologies":
        """Shuffle a store's lesions once with `seed`.

        Args:
            share: Of each pathology, 0 to 1, at least one; smaller shares lie inside larger ones.
        """
        random, labels = np.random.default_rng(seed), class_labels(store, BENIGN_OR_MALIGNANT)
        orders = [random.permutation(np.flatnonzero(labels == label)) for label in (1, 0)]
        malignant, benign = (order[: max(1, round(share * len(order)))] for order in orders)
        return cls(malignant, benign)

    @property
    def everything(self) -> Indices:
        """Every lesion once."""
        return np.sort(np.concatenate([self.malignant, self.benign]))

    def repeated(self, count: int) -> Indices:
        """Return lesions over again, malignant and benign by turns, each as often as its kind."""
        return by_turns(*(np.resize(part, -(-count // 2)) for part in self.both))[:count]

    def first(self, count: int) -> Indices:
        """Return lesions, malignant and benign by turns until one kind is used up."""
        return by_turns(*self.both)[:count]

    @property
    def both(self) -> tuple[Indices, Indices]:
        """Malignant and benign lesions."""
        return self.malignant, self.benign


def by_turns(first: Indices, second: Indices) -> Indices:
    """Return one of each by turns, then what one of them has more."""
    shared = min(len(first), len(second))
    pairs = np.stack([first[:shared], second[:shared]], axis=1).ravel()
    return np.concatenate([pairs, first[shared:], second[shared:]])


def addition_of_both(
    arm: Arm, *, synthetic_patches: int, donors: Mapping[str, PatchStore]
) -> Addition:
    """Return what `arm` adds: as many malignant as benign lesions, and no healthy patch.

    A donor gives as many of each as it has of the rarer; with `every_donated` all that it has.

    Raises:
        OneClassOnlyError: A donor has lesions of one pathology only, so that a classifier would
            learn to tell the donor's mammograms from the centre's own.
    """
    lesions = {}
    for name in arm.real_donors:
        found = BothPathologies.of(donors[name], seed=0)
        malignant, benign = len(found.malignant), len(found.benign)
        if not (malignant and benign):
            raise OneClassOnlyError(
                f"the donor {name} of the arm {arm.name!r} has {malignant} malignant and {benign} "
                "benign lesions, and both are needed; take a donor that has both, or leave out "
                "the arm"
            )
        lesions[name] = malignant + benign if arm.every_donated else 2 * min(malignant, benign)
    added = addition(arm, synthetic_patches=synthetic_patches, donor_lesions=lesions)
    return added.model_copy(update={"healthy": 0})


def donated_of_both(store: PatchStore, *, count: int, seed: int) -> RealPatches:
    """Return `count` lesions of a donor, not jittered; fewer ones lie inside more."""
    indices = BothPathologies.of(store, seed=seed).first(count)
    return RealPatches(store, indices, is_jittered=False, task=BENIGN_OR_MALIGNANT)


def labels_by_turns(classes: Sequence[Pathology], count: int) -> Labels:
    """Return 1 for each malignant patch and 0 for each benign one, as a generator drew them.

    Args:
        classes: The generator's, which its patches have by turns.
    """
    positive = np.array([pathology == "malignant" for pathology in classes], dtype=np.int64)
    return np.resize(positive, count)
