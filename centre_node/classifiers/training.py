"""Trains a classifier on patches and predicts with it."""

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from centre_node.classifiers.configuration import ClassifierName, ClassifierTraining
from centre_node.classifiers.metrics import auprc
from centre_node.classifiers.networks import Cnn
from centre_node.errors import OneClassOnlyError, TrainingDivergedError

PREDICTION_BATCH = 128
NETWORKS: dict[ClassifierName, Callable[[int], nn.Module]] = {"cnn": Cnn}

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
DrawEpoch = Callable[[np.random.Generator], tuple[Pixels, Labels]]


@dataclass(frozen=True, slots=True)
class ClassifierProgress:
    """One finished epoch; `epoch` counts from 1 to `epochs`, `loss` is the mean over patches."""

    epoch: int
    epochs: int
    loss: float
    validation_auprc: float


def train_classifier(
    draw_epoch: DrawEpoch,
    validation: tuple[Pixels, Labels],
    *,
    name: ClassifierName,
    image_size: int,
    training: ClassifierTraining,
    seed: int,
    device: torch.device,
    on_epoch: Callable[[ClassifierProgress], None],
) -> nn.Module:
    """Return a classifier, in evaluation mode, with the weights of its best epoch.

    The best epoch is the first with the highest validation AUPRC. All randomness comes from
    `seed`; torch's global random state is neither used nor changed.

    Args:
        draw_epoch: Returns an epoch's patches, 8-bit, shape (n, side, side), in any order, and
            their labels, 1 for lesion and 0 for healthy, shape (n,).
        validation: The same for the patches that choose the best epoch.
        on_epoch: Called after every epoch; what it raises stops the training.

    Raises:
        OneClassOnlyError: An epoch's or the validation patches are all of one class.
        TrainingDivergedError: The loss became NaN or infinite.

    Source: paper section 2.4.1.
    """
    _check_both_classes("validation", validation[1])
    random = np.random.default_rng(seed)
    with _torch_seeded(seed, device):  # initial weights and dropout
        network = NETWORKS[name](image_size).to(device)
        optimiser = torch.optim.SGD(
            network.parameters(), lr=training.learning_rate, momentum=training.momentum
        )
        best_auprc, best_state = -1.0, network.state_dict()
        for epoch in range(1, training.epochs + 1):
            loss = _trained_epoch(network, optimiser, draw_epoch(random), training, random)
            if not math.isfinite(loss):
                raise TrainingDivergedError(
                    f"the classifier's loss of epoch {epoch} is {loss}, not finite"
                )
            reached = auprc(validation[1], lesion_probabilities(network, validation[0]))
            assert reached is not None, "both classes are there"
            if reached > best_auprc:
                best_auprc, best_state = reached, copy.deepcopy(network.state_dict())
            on_epoch(ClassifierProgress(epoch, training.epochs, loss, reached))
    network.load_state_dict(best_state)
    return network.eval()


def lesion_probabilities(network: nn.Module, pixels: Pixels) -> NDArray[np.float64]:
    """Return the probability of a lesion, shape (n,), for 8-bit patches, shape (n, side, side).

    The network predicts in evaluation mode and is given back in the mode that it was in.
    """
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            parts = [
                _lesion_softmax(network, torch.tensor(pixels[start : start + PREDICTION_BATCH]))
                for start in range(0, len(pixels), PREDICTION_BATCH)
            ]
    finally:
        network.train(was_training)
    probabilities: NDArray[np.float64] = torch.cat(parts).numpy()
    return probabilities


def _lesion_softmax(network: nn.Module, pixels: Tensor) -> Tensor:
    device = next(network.parameters()).device
    logits: Tensor = network(_network_input(pixels.to(device)))
    return torch.softmax(logits.double(), dim=1)[:, 1].cpu()


def _trained_epoch(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    patches: tuple[Pixels, Labels],
    training: ClassifierTraining,
    random: np.random.Generator,
) -> float:
    """Descend once along every batch and return the mean loss."""
    _check_both_classes("training", patches[1])
    device = next(network.parameters()).device
    pixels, labels = (torch.from_numpy(part).to(device) for part in _mixed(*patches, random))
    total = torch.zeros((), device=device)
    network.train()
    for batch in batches(len(labels), training.batch_size):
        loss = cross_entropy(network(_network_input(pixels[batch])), labels[batch])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        total += loss.detach() * (batch.stop - batch.start)
    return float(total) / len(labels)


def batches(count: int, size: int) -> Iterator[slice]:
    """Cut `count` patches into batches; a last single patch joins the batch before it.

    BatchNorm has no variance to divide by in a batch of one.
    """
    starts = list(range(0, count, size))
    if len(starts) > 1 and count % size == 1:
        starts.pop()
    for start, stop in zip(starts, [*starts[1:], count], strict=True):
        yield slice(start, stop)


def _mixed(pixels: Pixels, labels: Labels, random: np.random.Generator) -> tuple[Pixels, Labels]:
    """Return the patches in random order, each mirrored either way with p = 0.5."""
    order = random.permutation(len(labels))
    pixels, labels = pixels[order], labels[order]
    left_right, top_bottom = random.random((2, len(labels))) < 0.5
    pixels[left_right] = pixels[left_right, :, ::-1]
    pixels[top_bottom] = pixels[top_bottom, ::-1]
    return pixels, labels


def _network_input(pixels: Tensor) -> Tensor:
    """Map uint8, shape (batch, side, side), to float32 in [-1, 1], (batch, 1, side, side)."""
    return pixels.unsqueeze(1).float() / 127.5 - 1


def _check_both_classes(subset: str, labels: Labels) -> None:
    lesions = int(labels.sum())
    if lesions in (0, len(labels)):
        raise OneClassOnlyError(
            f"the {subset} patches of the classifier are {lesions} lesions and "
            f"{len(labels) - lesions} healthy, both are needed"
        )


@contextmanager
def _torch_seeded(seed: int, device: torch.device) -> Iterator[None]:
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
