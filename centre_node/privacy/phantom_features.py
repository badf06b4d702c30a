"""Features of a classifier that has seen phantoms only: it knows nobody, member or not."""

import tempfile
from pathlib import Path

import numpy as np
import torch

from centre_node.classifiers.features import classifier_features
from centre_node.classifiers.training import train_classifier
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.phantoms import read_phantoms
from centre_node.privacy.spaces import Features, Patches
from node_api.classifier_training import ClassifierTraining
from node_api.data_sources import PhantomSet
from node_api.patches import Jitter, PatchConfiguration
from shared.progress import OnProgress, Progress

PATIENTS, VALIDATED = 32, 12
HEIGHT_PX = 384
CUTTING = PatchConfiguration(margin_px=10, smallest_side_px=32)
EPOCHS = 5


def phantom_features(size: int, device: torch.device, on_progress: OnProgress) -> Features:
    """Train the paper's CNN to tell lesions of phantoms from healthy tissue.

    Args:
        size: Side of a patch in pixels, a multiple of 16.

    Returns:
        What gives the input of its last layer.
    """
    with tempfile.TemporaryDirectory() as scratch:
        train = _store(Path(scratch) / "train", PATIENTS, 0, on_progress)
        validation = _store(Path(scratch) / "validation", VALIDATED, 1, on_progress)
        network = train_classifier(
            lambda random: _patches(train, size, random),
            _patches(validation, size),
            name="cnn",
            image_size=size,
            training=ClassifierTraining(epochs=EPOCHS),
            seed=0,
            device=device,
            on_epoch=lambda epoch: on_progress(
                Progress(
                    done=epoch.epoch,
                    total=epoch.epochs,
                    unit="epochs",
                    message="training a classifier on phantoms",
                )
            ),
        )
    return classifier_features(network)


def _store(folder: Path, patients: int, seed: int, on_progress: OnProgress) -> PatchStore:
    phantoms = PhantomSet(style="film", patients=patients, seed=seed, image_height_px=HEIGHT_PX)
    cutting = PatchCutting(CUTTING, ("mass", "calcification"), seed, on_progress)
    mammograms = read_phantoms(phantoms).mammograms
    lesions = cutting.count_lesions(mammograms)
    return cutting.cut_into(folder, mammograms, healthy=lesions, message="drawing phantoms")


def _patches(
    store: PatchStore, size: int, random: np.random.Generator | None = None
) -> tuple[Patches, np.ndarray]:
    jitter = None if random is None else Jitter()
    pixels = store.crops(range(len(store.records)), size=size, jitter=jitter, random=random)
    return pixels, store.labels
