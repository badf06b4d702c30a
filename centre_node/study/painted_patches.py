"""Painted patches of a study: made once for each training share, like samples of generators."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.patch_store import PatchStore
from centre_node.painting.own_lesions import OwnLesions, Painted, PaintedFrom
from centre_node.painting.residual_patches import drawn_marks
from centre_node.study.kept_samples import StoredSamples, kept_samples, read_samples
from centre_node.study.training_patches import OwnPatches, own_patches
from node_api.studies import StudyConfiguration
from shared.files import write_whole
from shared.progress import OnProgress, Progress
from shared.version import genshare_version

PAINTED, FORMAT = "painted", 1
SOURCES: tuple[PaintedFrom, ...] = ("own", "ellipse")


Paintings = dict[str, StoredSamples]
"""A file for each source, or digest of a generator of residuals: lesions, then their healthy twins,
shape (2, n, size, size)."""


def share_of_patches(configuration: StudyConfiguration, fraction: float) -> float:
    """Return which share of a training store's lesions is used; all where patients are shared."""
    return fraction if configuration.train_fraction_of == "patches" else 1.0


def own_of(configuration: StudyConfiguration, store: PatchStore, fraction: float) -> OwnPatches:
    """Return the own patches of a training share, in their order."""
    share = share_of_patches(configuration, fraction)
    return own_patches(store, share=share, seed=configuration.split_seed)


def ready_to_paint(store: PatchStore, own: OwnPatches, *, size: int) -> OwnLesions:
    """Measure the own lesions, and as many healthy patches of the baseline in their stead."""
    return OwnLesions.of(store, own.lesions, own.healthy[: len(own.lesions)], size=size)


def painted_patches(
    configuration: StudyConfiguration,
    stores: Mapping[float, PatchStore],
    folder: Path,
    *,
    drawn: Mapping[str, StoredSamples],
    on_progress: OnProgress,
) -> dict[float, Paintings]:
    """Paint what the arms need, of the training lesions of each share alone.

    Lesions stand on the very healthy patches that arms add beside them, each on one: so a
    background tells nothing of a lesion.

    Args:
        stores: Training patches by share.
        folder: The study's.
        drawn: Samples by generator's digest, at least those that are to be painted.
        on_progress: Told before each set is painted; what it raises stops it.
    """
    arms = configuration.arms
    sources = [one for one in SOURCES if any(arm.painted == one for arm in arms)]
    digests = sorted(
        {digest for arm in arms if arm.painted == "generator" for digest in arm.generators}
    )
    total = len(stores) * (len(sources) + len(digests))
    found: dict[float, Paintings] = {}

    def tell() -> None:
        done = sum(map(len, found.values()))
        on_progress(Progress(done=done, total=total, unit="sets", message="painting lesions"))

    for fraction, store in stores.items():
        work = _Painting(configuration, store, own_of(configuration, store, fraction), folder)
        painted = found.setdefault(fraction, {})
        for source in sources:
            tell()
            painted[source] = work.of_own(source)
        for digest in digests:
            tell()
            painted[digest] = work.of_drawn(drawn[digest])
    return found


def read_painting(folder: Path, painting: StoredSamples) -> Painted:
    """Return what was painted, mapped from disk.

    Raises:
        SamplesAlteredError: A file is not what it was.
    """
    return Painted(*read_samples(folder, painting))


@dataclass(frozen=True)
class _Painting:
    """Paints on the healthy patches that arms add to a training share, unless that is done."""

    study: StudyConfiguration
    store: PatchStore
    own: OwnPatches
    folder: Path

    def of_own(self, source: PaintedFrom) -> StoredSamples:
        """Paint own lesions, or blobs that take after them."""
        return self._kept(
            source,
            lambda: self._ready().painted(
                source, self._backgrounds(), random=self._random(SOURCES.index(source))
            ),
        )

    def of_drawn(self, samples: StoredSamples) -> StoredSamples:
        """Paint what a generator of residuals drew.

        Two generators get the same places in the same order, so that arms which take some lesions
        of each stand on every healthy patch once.
        """
        return self._kept(
            samples.recipe_digest,
            lambda: self._ready().painted_with(
                drawn_marks(read_samples(self.folder, samples)[: len(self._backgrounds())]),
                self._backgrounds(),
                random=self._random(len(SOURCES)),
            ),
        )

    def _kept(self, source: str, painted: Callable[[], Painted]) -> StoredSamples:
        digest = _recipe_digest(self.study, self.store, self.own, source)
        path = self.folder / PAINTED / f"{digest}.npy"

        def make() -> None:
            made = painted()
            both = np.stack([made.lesions, made.healthy])
            write_whole(path, lambda file: np.save(file, both))

        return kept_samples(self.folder, path, recipe_digest=digest, make=make)

    def _ready(self) -> OwnLesions:
        return ready_to_paint(self.store, self.own, size=self.study.image_size)

    def _backgrounds(self) -> NDArray[np.int64]:
        return self.own.healthy[len(self.own.lesions) :][: self.study.synthetic_patches]

    def _random(self, number: int) -> np.random.Generator:
        return np.random.default_rng([self.study.sampling_seed, number])


def _recipe_digest(
    study: StudyConfiguration, store: PatchStore, own: OwnPatches, source: str
) -> str:
    recipe = [
        FORMAT,
        genshare_version(),
        store.digest,
        source,
        len(own.lesions),
        *(study.image_size, study.synthetic_patches, study.sampling_seed, study.split_seed),
    ]
    return hashlib.sha256(json.dumps(recipe).encode()).hexdigest()
