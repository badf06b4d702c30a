"""A generator that the study's centre trains for itself, on its training lesions alone."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from centre_node.generators.progress import FinishedEpoch
from centre_node.generators.sampling import sample_ensemble
from centre_node.generators.training import train_generator
from centre_node.mammography.patch_store import PatchStore
from centre_node.sampling.patch_files import array_file
from centre_node.study.kept_samples import StoredSamples, kept_samples
from centre_node.study.painted_patches import own_of
from centre_node.study.training_patches import Indices
from node_api.studies import OwnGenerator, StudyConfiguration
from shared.progress import OnProgress, Progress
from shared.version import genshare_version

OWN_GENERATORS = "own-generators"


def own_generated(
    configuration: StudyConfiguration,
    stores: Mapping[float, PatchStore],
    folder: Path,
    *,
    device: torch.device,
    on_progress: OnProgress,
) -> dict[float, StoredSamples]:
    """Train the own generator of each training share, where an arm needs it, and draw from it.

    It sees the lesions' squares, as donors' generators do, over again until they are as many as
    arms add: a few lesions then have as many steps in an epoch as many. A training that was
    interrupted goes on from its last checkpoint.

    Args:
        stores: Training patches by share.
        folder: The study's.
        on_progress: Told of every epoch; what it raises stops the training.
    """
    own = configuration.own_generator
    if own is None or not any(arm.own_generator for arm in configuration.arms):
        return {}
    return {
        fraction: _drawn(configuration, own, store, fraction, folder, device, on_progress)
        for fraction, store in stores.items()
    }


def _drawn(
    study: StudyConfiguration,
    own: OwnGenerator,
    store: PatchStore,
    fraction: float,
    folder: Path,
    device: torch.device,
    on_progress: OnProgress,
) -> StoredSamples:
    lesions = own_of(study, store, fraction).lesions
    digest = _recipe_digest(study, own, store, lesions, device)
    path = folder / OWN_GENERATORS / f"{digest}.npy"

    def make() -> None:
        fewest = max(study.synthetic_patches, own.training.batch_size)
        shown = np.resize(lesions, max(fewest, len(lesions)))
        weights = train_generator(
            store.crops(shown, size=study.image_size),
            architecture=own.architecture,
            training=own.training.model_copy(update={"on_collapse": "warn"}),
            folder=path.with_suffix(""),
            device=device,
            on_epoch=lambda epoch: on_progress(_progress(epoch)),
        )
        with array_file(path, count=study.synthetic_patches, side=study.image_size) as keep:
            sample_ensemble(
                [weights],
                own.architecture,
                count=study.synthetic_patches,
                seed=study.sampling_seed,
                device=device,
                keep=keep,
            )

    return kept_samples(folder, path, recipe_digest=digest, make=make)


def _progress(epoch: FinishedEpoch) -> Progress:
    message = f"training the centre's own generator: {epoch.message}"
    return Progress(done=epoch.epoch, total=epoch.epochs, unit="epochs", message=message)


def _recipe_digest(
    study: StudyConfiguration,
    own: OwnGenerator,
    store: PatchStore,
    lesions: Indices,
    device: torch.device,
) -> str:
    recipe = [
        genshare_version(),
        torch.__version__,
        device.type,
        own.model_dump(mode="json"),
        store.digest,
        lesions.tolist(),
        *(study.image_size, study.synthetic_patches, study.sampling_seed),
    ]
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
