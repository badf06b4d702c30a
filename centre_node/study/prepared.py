"""A study made ready: everything that its runs read, in files that any process can open."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from pydantic import Field

from centre_node.mammography.patch_store import PatchStore
from centre_node.painting.anew import PaintedAnew
from centre_node.painting.own_lesions import Painted
from centre_node.study.arms import Addition
from centre_node.study.harmonisation import OwnLook
from centre_node.study.kept_samples import StoredSamples, read_samples
from centre_node.study.painted_patches import (
    Paintings,
    own_of,
    read_painting,
    ready_to_paint,
    share_of_patches,
)
from centre_node.study.pathology_patches import BothPathologies, donated_of_both, labels_by_turns
from centre_node.study.training_patches import (
    HeldOut,
    Indices,
    OwnPatches,
    Pixels,
    RealPatches,
    TrainingPatches,
    donated,
    held_out,
)
from node_api.classifier_training import ClassifierName
from node_api.studies import Arm, StudyConfiguration
from node_api.tasks import BENIGN_OR_MALIGNANT
from shared.models import StrictModel
from shared.names import Digest
from shared.version import genshare_version

RUN_FORMAT = 2
PAINTED_ANEW = "every own lesion is painted"
"""Of runs that paint in each epoch: the first ones painted the same half of the lesions always."""


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


class PreparedStudy(StrictModel):
    """What the runs of a study read, all of it inside one folder.

    Attributes:
        train: By training fraction.
        donors: By donor.
        synthetic: By the generator's manifest digest.
        painted: By training fraction, then by what is painted.
        own_generated: Samples of the own generator, by training fraction.
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
    painted: dict[float, Paintings] = Field(default_factory=dict)
    own_generated: dict[float, StoredSamples] = Field(default_factory=dict)
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
            mode="json",
            exclude={
                *("arms", "seeds", "train_fractions", "classifiers", "resamples"),
                "own_generator",  # what it drew is in the keys of its own runs
                *("donor_cuttings", "test_healthy_per_lesion"),  # in the digests of what was cut
            },
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
            *self._own_made(run.train_fraction, added, run.arm.augmentation == "painted"),
        ]
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()

    def _own_made(self, fraction: float, added: Addition, is_anew: bool) -> Iterator[str]:
        """Yield the recipes of what the centre made for itself; other runs' keys have none."""
        for source in (*added.painted, *(added.synthetic if added.paints_synthetic else ())):
            yield self.painted[fraction][source].recipe_digest
        if added.own_generated:
            yield self.own_generated[fraction].recipe_digest
        if is_anew:
            yield PAINTED_ANEW

    @property
    def files(self) -> tuple[str, ...]:
        """Every folder and file that the runs read, relative to the study's folder."""
        stores = [*self.train.values(), self.validation, self.test, *self.donors.values()]
        weights = [self.initial_weights] if self.initial_weights else []
        return (
            *dict.fromkeys(store.folder for store in stores),
            *(samples.file for samples in self.synthetic.values()),
            *(samples.file for samples in self.own_generated.values()),
            *(one.file for paintings in self.painted.values() for one in paintings.values()),
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
    painted: Mapping[float, Mapping[str, Painted]]
    own_generated: Mapping[float, Pixels]

    def training_patches(self, run: Run, *, is_harmonised: bool = False) -> TrainingPatches:
        """Return what a run trains on.

        Args:
            is_harmonised: Whether lesions of donors and generators get the own lesions' look.
        """
        study = self.study.configuration
        added = self.study.additions[run.arm.name]
        store = self.train[run.train_fraction]
        if study.task == BENIGN_OR_MALIGNANT:
            share = share_of_patches(study, run.train_fraction)
            return self._of_both_pathologies(store, share, run.arm, is_harmonised=is_harmonised)
        own = own_of(study, store, run.train_fraction)
        mine = own.with_healthy(added.healthy - added.sham, own_lesions=added.own_lesions)
        is_anew = run.arm.augmentation == "painted"
        look = self._own_look(store, own.lesions, run.arm) if is_harmonised else None
        return TrainingPatches(
            real=(
                RealPatches(store, mine),
                RealPatches(store, own.repeated(added.repeated), is_jittered=False),
                *_in_look(
                    look,
                    (
                        donated(self.donors[name], count=count, seed=study.split_seed)
                        for name, count in added.donated.items()
                    ),
                ),
            ),
            synthetic=np.concatenate(list(self._added_lesions(run.train_fraction, added, look))),
            jitter=study.patches.jitter,
            size=study.image_size,
            sham=self._sham(run.train_fraction, added),
            anew=self._painted_anew(store, own) if is_anew else None,
        )

    def _of_both_pathologies(
        self, store: PatchStore, share: float, arm: Arm, *, is_harmonised: bool
    ) -> TrainingPatches:
        """Return what a run trains on to tell benign from malignant lesions."""
        study, added = self.study.configuration, self.study.additions[arm.name]
        own = BothPathologies.of(store, share=share, seed=study.split_seed)
        mine = own.everything if added.own_lesions else own.everything[:0]
        look = self._own_look(store, own.everything, arm) if is_harmonised else None
        return TrainingPatches(
            real=(
                RealPatches(store, mine, task=study.task),
                RealPatches(
                    store, own.repeated(added.repeated), is_jittered=False, task=study.task
                ),
                *_in_look(
                    look,
                    (
                        donated_of_both(self.donors[name], count=count, seed=study.split_seed)
                        for name, count in added.donated.items()
                    ),
                ),
            ),
            synthetic=np.concatenate(list(self._added_lesions(1.0, added, look))),
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

    def _own_look(self, store: PatchStore, lesions: Indices, arm: Arm) -> OwnLook:
        size = self.study.configuration.image_size
        return OwnLook(store.crops(lesions, size=size), arm.harmonised_by)

    def _added_lesions(
        self, fraction: float, added: Addition, look: OwnLook | None
    ) -> Iterator[Pixels]:
        """Yield lesions that no mammogram shows, by source, and none of none."""
        size = self.study.configuration.image_size
        yield np.empty((0, size, size), dtype=np.uint8)
        if added.paints_synthetic:
            yield from self._painted_synthetic(fraction, added)
        else:
            for name, count in added.synthetic.items():
                drawn = self.synthetic[name][:count]
                yield drawn if look is None else look.of_synthetic(drawn)
        for source, count in added.painted.items():
            yield self.painted[fraction][source].lesions[:count]
        if added.own_generated:
            yield self.own_generated[fraction][: added.own_generated]

    def _painted_synthetic(self, fraction: float, added: Addition) -> Iterator[Pixels]:
        """Yield what each generator's residuals became, on healthy patches that no other has."""
        start = 0
        for name, count in added.synthetic.items():
            yield self.painted[fraction][name].lesions[start : start + count]
            start += count

    def _sham(self, fraction: float, added: Addition) -> Pixels | None:
        if not added.sham:
            return None
        (source,) = added.painted
        return self.painted[fraction][source].healthy[: added.sham]

    def _painted_anew(self, store: PatchStore, own: OwnPatches) -> PaintedAnew:
        study = self.study.configuration
        ready = ready_to_paint(store, own, size=study.image_size)
        return PaintedAnew(ready, own.healthy, study.patches.jitter)


def _in_look(look: OwnLook | None, parts: Iterable[RealPatches]) -> Iterator[RealPatches]:
    return (part if look is None else look.of_donated(part) for part in parts)


@lru_cache(maxsize=2)
def opened(study_file: Path) -> StudyPatches:
    """Open a prepared study's patches; a process opens each study once.

    Raises:
        PatchStoreError: A store has been damaged since.
        SamplesAlteredError: A file of synthetic or painted patches has been altered since.
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
            digest: read_samples(folder, samples) for digest, samples in study.synthetic.items()
        },
        painted={
            fraction: {source: read_painting(folder, one) for source, one in paintings.items()}
            for fraction, paintings in study.painted.items()
        },
        own_generated={
            fraction: read_samples(folder, samples)
            for fraction, samples in study.own_generated.items()
        },
    )
