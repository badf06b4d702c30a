"""Painted patches of a study: made once for each training share, like samples of generators."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from centre_node.mammography.patch_store import PatchStore
from centre_node.painting.own_lesions import OwnLesions, Painted, PaintedFrom
from centre_node.study.kept_samples import StoredSamples, kept_samples, read_samples
from centre_node.study.training_patches import OwnPatches, own_patches
from node_api.studies import StudyConfiguration
from shared.files import write_whole
from shared.version import genshare_version

PAINTED, FORMAT = "painted", 1
SOURCES: tuple[PaintedFrom, ...] = ("own", "ellipse")


Paintings = dict[PaintedFrom, StoredSamples]
"""A file for each source: lesions, then their healthy twins, shape (2, n, size, size)."""


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
    configuration: StudyConfiguration, stores: Mapping[float, PatchStore], folder: Path
) -> dict[float, Paintings]:
    """Paint what the arms need, of the training lesions of each share alone.

    Lesions stand on the very healthy patches that arms add beside them, each on one: so a
    background tells nothing of a lesion.

    Args:
        stores: Training patches by share.
        folder: The study's.
    """
    sources = [one for one in SOURCES if any(arm.painted == one for arm in configuration.arms)]
    return {
        fraction: {
            source: _stored(
                configuration, store, own_of(configuration, store, fraction), source, folder
            )
            for source in sources
        }
        for fraction, store in stores.items()
    }


def read_painting(folder: Path, painting: StoredSamples) -> Painted:
    """Return what was painted, mapped from disk.

    Raises:
        SamplesAlteredError: A file is not what it was.
    """
    return Painted(*read_samples(folder, painting))


def _stored(
    configuration: StudyConfiguration,
    store: PatchStore,
    own: OwnPatches,
    source: PaintedFrom,
    folder: Path,
) -> StoredSamples:
    digest = _recipe_digest(configuration, store, own, source)
    path = folder / PAINTED / f"{digest}.npy"

    def make() -> None:
        painted = _painted(configuration, store, own, source)
        both = np.stack([painted.lesions, painted.healthy])
        write_whole(path, lambda file: np.save(file, both))

    return kept_samples(folder, path, recipe_digest=digest, make=make)


def _recipe_digest(
    study: StudyConfiguration, store: PatchStore, own: OwnPatches, source: PaintedFrom
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


def _painted(
    study: StudyConfiguration, store: PatchStore, own: OwnPatches, source: PaintedFrom
) -> Painted:
    added = own.healthy[len(own.lesions) :][: study.synthetic_patches]
    random = np.random.default_rng([study.sampling_seed, SOURCES.index(source)])
    return ready_to_paint(store, own, size=study.image_size).painted(source, added, random=random)
