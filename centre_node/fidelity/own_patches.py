"""A centre's own lesion patches, and what makes numbers of them to compare samples by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from centre_node.fidelity.comparison import FeatureKind
from centre_node.fidelity.features import Features
from centre_node.fidelity.measuring import RADIOMICS
from centre_node.fidelity.radiomics.extraction import radiomic_features
from centre_node.mammography.errors import OneClassOnlyError
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.splits import split_patients, with_kinds
from shared.counts import counted
from shared.packages import sha256_of
from shared.progress import Progress

SPLIT_SHARES = (0.5, 0.15, 0.35)


@dataclass(frozen=True)
class OwnPatches:
    """Real patches, 8 bit, shape (n, side, side), whose they are, and the features to compare."""

    patches: NDArray[np.uint8]
    patients: Sequence[str]
    features: Features
    kind: FeatureKind

    def some(self, chosen: NDArray[np.int64]) -> "OwnPatches":
        """Return those of some indices, shape (m,)."""
        patients = [self.patients[index] for index in chosen]
        return replace(self, patches=self.patches[chosen], patients=patients)


@dataclass(frozen=True)
class OwnCutting:
    """Cuts a centre's patches of one size, each time into a store of its own in `scratch`."""

    cutting: PatchCutting
    scratch: Path
    size: int
    device: torch.device

    def by_themselves(
        self, mammograms: Sequence[Mammogram], inception_weights: Path | None
    ) -> OwnPatches:
        """Cut every lesion; radiomics, or features of Inception v3, make numbers of them."""
        store = self._store("own", mammograms, healthy=False)
        kind, features = _extractor(inception_weights, self.device)
        return OwnPatches(self._lesions(store), _patients(store), features, kind)

    def by_a_classifier(self, mammograms: Sequence[Mammogram]) -> OwnPatches:
        """Train a classifier on some patients, and cut the lesions of others."""
        from centre_node.fidelity.task_features import train_task_features

        train, validation, test = self._subsets(mammograms)
        message = f"training a classifier on {len(train.records)} real patches"
        features, kind = train_task_features(
            train,
            validation,
            test,
            size=self.size,
            jitter=self.cutting.configuration.jitter,
            seed=self.cutting.seed,
            device=self.device,
            on_epoch=lambda epoch: self.cutting.on_progress(
                Progress(done=epoch.epoch, total=epoch.epochs, unit="epochs", message=message)
            ),
        )
        return OwnPatches(self._lesions(test), _patients(test), features, kind)

    def lesions_elsewhere(self, mammograms: Sequence[Mammogram]) -> NDArray[np.uint8]:
        """Cut the lesions of another centre."""
        return self._lesions(self._store("other", mammograms, healthy=False, whose=" of --other"))

    def _subsets(self, mammograms: Sequence[Mammogram]) -> list[PatchStore]:
        # Lesions of other kinds stay in what is cut, for healthy patches to avoid.
        scope = with_kinds(mammograms, self.cutting.kinds)
        split = split_patients(scope, shares=SPLIT_SHARES, seed=self.cutting.seed)
        return [
            self._store(name, [m for m in mammograms if m.patient_id in set(patients)])
            for name, patients in split.subsets()
        ]

    def _store(
        self, name: str, mammograms: Sequence[Mammogram], *, healthy: bool = True, whose: str = ""
    ) -> PatchStore:
        lesions = self.cutting.count_lesions(mammograms)
        if not lesions:
            have = counted(len(mammograms), f"mammogram{whose} has", f"mammograms{whose} have")
            raise OneClassOnlyError(
                f"{have} no lesion of the kinds {', '.join(self.cutting.kinds)}"
            )
        return self.cutting.cut_into(self.scratch / name, mammograms, healthy=lesions * healthy)

    def _lesions(self, store: PatchStore) -> NDArray[np.uint8]:
        return store.crops(store.indices(1), size=self.size)


def _patients(store: PatchStore) -> list[str]:
    return [store.records[index].patient_id for index in store.indices(1)]


def _extractor(
    inception_weights: Path | None, device: torch.device
) -> tuple[FeatureKind, Features]:
    if inception_weights is None:
        return RADIOMICS, lambda patches: radiomic_features(patches, device)
    from centre_node.fidelity.inception import load_inception_features  # torchvision takes seconds

    extract = load_inception_features(inception_weights, device)
    name = f"2048 pooled features of Inception v3, weights {inception_weights.name}"
    return FeatureKind(name, sha256_of(inception_weights)), extract
