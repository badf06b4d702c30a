"""Features for the task itself: those of a classifier that has seen real patches only."""

import hashlib
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import nn

from centre_node.classifiers.features import classifier_features
from centre_node.classifiers.training import (
    ClassifierProgress,
    lesion_log_odds,
    train_classifier,
)
from centre_node.fidelity.comparison import FeatureKind
from centre_node.fidelity.features import Features
from centre_node.mammography.patch_store import PatchStore
from node_api.classifier_training import ClassifierTraining
from node_api.patches import Jitter

EPOCHS = 15


def train_task_features(
    train: PatchStore,
    validation: PatchStore,
    test: PatchStore,
    *,
    size: int,
    jitter: Jitter,
    seed: int,
    device: torch.device,
    on_epoch: Callable[[ClassifierProgress], None],
) -> tuple[Features, FeatureKind]:
    """Train the paper's CNN to tell lesions from healthy tissue, and take its last features.

    Args:
        train: Real lesion and healthy patches; they are jittered anew in each epoch.
        validation: The same of other patients: they choose the epoch.
        test: Of others again: they tell how good the classifier is, which the kind says.

    Returns:
        The extractor, and what it is called in a report.

    Raises:
        OneClassOnlyError: A store holds one class only.
    """
    network = train_classifier(
        lambda random: _patches(train, size=size, jitter=jitter, random=random),
        _patches(validation, size=size),
        name="cnn",
        image_size=size,
        training=ClassifierTraining(epochs=EPOCHS),
        seed=seed,
        device=device,
        on_epoch=on_epoch,
    )
    pixels, labels = _patches(test, size=size)
    reached = roc_auc_score(labels, lesion_log_odds(network, pixels))
    name = (
        f"last layer of the paper's CNN, {EPOCHS} epochs on real patches only, "
        f"AUROC {reached:.2f} on other patients"
    )
    return classifier_features(network), FeatureKind(name, _digest(network))


def _patches(
    store: PatchStore,
    *,
    size: int,
    jitter: Jitter | None = None,
    random: np.random.Generator | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    pixels = store.crops(range(len(store.records)), size=size, jitter=jitter, random=random)
    return pixels, store.labels


def _digest(network: nn.Module) -> str:
    """Return the SHA-256 of the weights, in the order of their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().numpy().tobytes())
    return digest.hexdigest()
