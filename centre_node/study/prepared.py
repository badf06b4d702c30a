"""A study made ready: everything that its runs read, in files that any process can open."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from centre_node.mammography.patch_store import PatchStore
from centre_node.study.arms import Addition
from centre_node.study.pathology_patches import BothPathologies, donated_of_both, labels_by_turns
from centre_node.study.training_patches import (
    HeldOut,
    Pixels,
    RealPatches,
    TrainingPatches,
    donated,
    held_out,
    own_patches,
)
from node_api.classifier_training import ClassifierName
from node_api.studies import Arm, StudyConfiguration
from node_api.tasks import BENIGN_OR_MALIGNANT
from shared.models import StrictModel
from shared.names import Digest, Pathology
from shared.version import genshare_version

RUN_FORMAT = 2


class Run(StrictModel):
    """One cell of the grid with one seed."""

    classifier: ClassifierName
    train_fraction: float
    arm: Arm
    seed: int

    @property
    def title(self) -> str:
        """How the run is called in progress lines."""
        return f"{self.classifier}, {self.train_fraction:.0%}, {self.arm.name}, seed {self.seed}"


class StoredPatches(StrictModel):
    """A patch store's folder, relative to the study's, and the digest of what it holds."""

    folder: str
    digest: Digest


class StoredSamples(StrictModel):
    """A file of synthetic patches, relative to the study's folder, and their recipe's digest.

    Attributes:
        classes: Of the patches, by turns; none where the generator knows none.
    """

    file: str
    recipe_digest: Digest
    classes: tuple[Pathology, ...] = ()


class PreparedStudy(StrictModel):
    """What the runs of a study read, all of it inside one folder.

    Attributes:
        train: By training fraction.
        donors: By donor.
        synthetic: By the generator's manifest digest.
        additions: By arm.
        threads: That each run computes with; results depend on it.
        device: cpu or cuda; results depend on it.
        initial_weights: A file of weights that classifiers start from, if any.
    """

    configuration: StudyConfiguration
    train: dict[float, StoredPatches]
    validation: StoredPatches
    test: StoredPatches
    donors: dict[str, StoredPatches]
    synthetic: dict[Digest, StoredSamples]
    additions: dict[str, Addition]
    threads: int
    device: str
    initial_weights: str | None = None

    def runs(self) -> Iterator[Run]:
        """Yield the grid."""
        study = self.configuration
        for classifier in study.classifiers:
            for fraction in study.train_fractions:
                for arm in study.arms:
                    for seed in study.seeds:
                        yield Run(
                            classifier=classifier, train_fraction=fraction, arm=arm, seed=seed
                        )

    def run_digest(self, run: Run) -> str:
        """Return a key that changes with anything that the run's numbers depend on."""
        shared_fields = self.configuration.model_dump(
            mode="json", exclude={"arms", "seeds", "train_fractions", "classifiers", "resamples"}
        )
        added = self.additions[run.arm.name]
        identity = [
            RUN_FORMAT,
            genshare_version(),
            torch.__version__,
            shared_fields,
            run.model_dump(mode="json"),
            self.train[run.train_fraction].digest,
            self.validation.digest,
            self.test.digest,
            {name: self.donors[name].digest for name in added.donated},
            {name: self.synthetic[name].recipe_digest for name in added.synthetic},
            self.threads,
            self.device,
        ]
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()

    @property
    def files(self) -> tuple[str, ...]:
        """Every folder and file that the runs read, relative to the study's folder."""
        stores = [*self.train.values(), self.validation, self.test, *self.donors.values()]
        weights = [self.initial_weights] if self.initial_weights else []
        return (
            *dict.fromkeys(store.folder for store in stores),
            *(samples.file for samples in self.synthetic.values()),
            *weights,
        )


@dataclass(frozen=True)
class StudyPatches:
    """A prepared study's patches, opened."""

    study: PreparedStudy
    folder: Path
    train: Mapping[float, PatchStore]
    donors: Mapping[str, PatchStore]
    validation: HeldOut
    test: HeldOut
    synthetic: Mapping[str, Pixels]

    def training_patches(self, run: Run) -> TrainingPatches:
        """Return what a run trains on."""
        study = self.study.configuration
        added = self.study.additions[run.arm.name]
        by_patches = study.train_fraction_of == "patches"
        store = self.train[run.train_fraction]
        share = run.train_fraction if by_patches else 1.0
        if study.task == BENIGN_OR_MALIGNANT:
            return self._of_both_pathologies(store, share, added)
        own = own_patches(store, share=share, seed=study.split_seed)
        mine = own.with_healthy(added.healthy, own_lesions=added.own_lesions)
        return TrainingPatches(
            real=(
                RealPatches(store, mine),
                RealPatches(store, own.repeated(added.repeated), is_jittered=False),
                *(
                    donated(self.donors[name], count=count, seed=study.split_seed)
                    for name, count in added.donated.items()
                ),
            ),
            synthetic=self._synthetic(added),
            jitter=study.patches.jitter,
            size=study.image_size,
        )

    def _of_both_pathologies(
        self, store: PatchStore, share: float, added: Addition
    ) -> TrainingPatches:
        """Return what a run trains on to tell benign from malignant lesions."""
        study = self.study.configuration
        own = BothPathologies.of(store, share=share, seed=study.split_seed)
        mine = own.everything if added.own_lesions else own.everything[:0]
        return TrainingPatches(
            real=(
                RealPatches(store, mine, task=study.task),
                RealPatches(
                    store, own.repeated(added.repeated), is_jittered=False, task=study.task
                ),
                *(
                    donated_of_both(self.donors[name], count=count, seed=study.split_seed)
                    for name, count in added.donated.items()
                ),
            ),
            synthetic=self._synthetic(added),
            jitter=study.patches.jitter,
            size=study.image_size,
            synthetic_labels=np.concatenate(
                [
                    np.empty(0, dtype=np.int64),
                    *(
                        labels_by_turns(self.study.synthetic[name].classes, count)
                        for name, count in added.synthetic.items()
                    ),
                ]
            ),
        )

    def _synthetic(self, added: Addition) -> Pixels:
        """Return the generators' patches of an arm, shape (n, size, size)."""
        size = self.study.configuration.image_size
        none = np.empty((0, size, size), dtype=np.uint8)
        return np.concatenate(
            [none, *(self.synthetic[name][:n] for name, n in added.synthetic.items())]
        )


@lru_cache(maxsize=2)
def opened(study_file: Path) -> StudyPatches:
    """Open a prepared study's patches; a process opens each study once.

    Raises:
        PatchStoreError: A store has been damaged since.
    """
    folder = study_file.parent
    study = PreparedStudy.model_validate_json(study_file.read_bytes())
    size, task = study.configuration.image_size, study.configuration.task
    return StudyPatches(
        study=study,
        folder=folder,
        train={key: PatchStore.open(folder / at.folder) for key, at in study.train.items()},
        donors={key: PatchStore.open(folder / at.folder) for key, at in study.donors.items()},
        validation=held_out(
            PatchStore.open(folder / study.validation.folder), size=size, task=task
        ),
        test=held_out(PatchStore.open(folder / study.test.folder), size=size, task=task),
        synthetic={
            digest: np.load(folder / samples.file, mmap_mode="r", allow_pickle=False)
            for digest, samples in study.synthetic.items()
        },
    )
