"""Trains a classifier on patches and predicts with it."""

import copy
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from centre_node.averages import MovingAverage
from centre_node.classifiers.epochs import Labels, Pixels, network_input, on_device
from centre_node.classifiers.errors import InitialWeightsError
from centre_node.classifiers.initial_weights import load_initial_weights
from centre_node.classifiers.metrics import auprc
from centre_node.classifiers.networks import Cnn, swin
from centre_node.classifiers.optimisation import new_optimiser, rate_at, set_rate
from centre_node.classifiers.stretches import DrawEpoch, Patches, Step, check_both_classes
from centre_node.errors import TrainingDivergedError
from node_api.classifier_training import ClassifierName, ClassifierTraining

PREDICTION_BATCH = 32  # more at once no longer fit a core's cache
NETWORKS: dict[ClassifierName, Callable[[int, ClassifierTraining], nn.Module]] = {
    "cnn": lambda image_size, _training: Cnn(image_size),
    "swin": lambda _image_size, training: swin(training.swin_side_px),
}


@dataclass(frozen=True, slots=True)
class ClassifierProgress:
    """One finished epoch; `epoch` counts from 1 to `epochs`, `loss` is the mean over patches.

    A training in steps has none: there it is the stretch before a look at the validation patches.
    """

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
    initial_weights: Path | None = None,
) -> nn.Module:
    """Return a classifier, in evaluation mode, with the weights of its best epoch.

    The best epoch is the first with the highest validation AUPRC. A training in steps is looked at
    a few times on its way, and each stretch between two looks counts as an epoch. All randomness
    comes from `seed`; torch's global random state is neither used nor changed.

    Args:
        draw_epoch: Returns an epoch's patches, 8-bit, shape (n, side, side), in any order, and
            their labels, 1 for the positive class and 0 for the other, shape (n,).
        validation: The same for the patches that choose the best epoch.
        on_epoch: Called after every epoch; what it raises stops the training.
        initial_weights: The safetensors file that `training.initial_weights` names.

    Raises:
        InitialWeightsError: The file is missing, another one, or does not fit the network.
        OneClassOnlyError: An epoch's or the validation patches are all of one class.
        TrainingDivergedError: The loss became NaN or infinite.

    Source: paper section 2.4.1.
    """
    check_both_classes("validation", validation[1])
    patches = Patches(draw_epoch, training, np.random.default_rng(seed), device)
    with _torch_seeded(seed, device):  # initial weights, dropout and drop-path
        network = _new_network(name, image_size, training, initial_weights)
        loop = _Loop.start(network.to(device), training)
        held_out = on_device(validation[0], device)
        best_auprc, best_state = -1.0, network.state_dict()
        for epoch, steps in enumerate(patches.stretches(), start=1):
            loss = loop.train(steps)
            if not math.isfinite(loss):
                raise TrainingDivergedError(
                    f"the classifier's loss of epoch {epoch} is {loss}, not finite"
                )
            reached = auprc(validation[1], _log_odds(loop.evaluated, held_out))
            assert reached is not None, "both classes are there"
            if reached > best_auprc:
                best_auprc, best_state = reached, copy.deepcopy(loop.evaluated.state_dict())
            on_epoch(ClassifierProgress(epoch, patches.looks, loss, reached))
    network.load_state_dict(best_state)
    return network.eval()


def _new_network(
    name: ClassifierName, image_size: int, training: ClassifierTraining, path: Path | None
) -> nn.Module:
    network = NETWORKS[name](image_size, training)
    if (path is None) != (training.initial_weights is None):
        wanted = "are asked for" if path is None else "are not asked for"
        given = "no file was given" if path is None else f"{path.name} was given"
        raise InitialWeightsError(f"initial_weights {wanted}, but {given}")
    if path is not None and training.initial_weights is not None:
        load_initial_weights(network, path, sha256=training.initial_weights)
    return network


def lesion_log_odds(network: nn.Module, pixels: Pixels) -> NDArray[np.float64]:
    """Return the logit of lesion minus that of healthy, shape (n,).

    The network predicts in evaluation mode and is given back in the mode that it was in.

    Args:
        pixels: 8-bit patches, shape (n, side, side).
    """
    return _log_odds(network, on_device(pixels, next(network.parameters()).device))


def _log_odds(network: nn.Module, pixels: Tensor) -> NDArray[np.float64]:
    """Do the same with patches that are on the network's device."""
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            logits = [network(network_input(part)) for part in pixels.split(PREDICTION_BATCH)]
    finally:
        network.train(was_training)
    healthy, lesion = torch.cat(logits).double().cpu().unbind(dim=1)
    difference: NDArray[np.float64] = (lesion - healthy).numpy()
    return difference


@dataclass(frozen=True)
class _Loop:
    """What takes part in every step of a training. Nothing waits for the device within an epoch.

    Channels lie innermost in memory: the CNN's pooling is several times as fast so on a CPU.
    """

    network: nn.Module
    training: ClassifierTraining
    optimiser: torch.optim.Optimizer
    average: MovingAverage | None

    @classmethod
    def start(cls, network: nn.Module, training: ClassifierTraining) -> "_Loop":
        network = network.to(memory_format=torch.channels_last)
        half_life = training.average_half_life_patches
        average = MovingAverage(network, half_life) if half_life is not None else None
        return cls(network, training, new_optimiser(network, training), average)

    @property
    def evaluated(self) -> nn.Module:
        """The network whose weights are kept."""
        return self.average.network if self.average is not None else self.network

    def train(self, steps: Iterable[Step]) -> float:
        """Descend once along every step's patches and return the mean loss over patches."""
        total = torch.zeros((), device=next(self.network.parameters()).device)
        trained_on = 0
        self.network.train()
        for step in steps:
            set_rate(self.optimiser, rate_at(self.training, step.progress))
            total += self._step(step.inputs, step.labels)
            trained_on += len(step.labels)
        return float(total) / trained_on

    def _step(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Descend once and return the sum of the patches' losses."""
        with torch.autocast(
            inputs.device.type, torch.bfloat16, enabled=self.training.precision == "bfloat16"
        ):
            loss = cross_entropy(self.network(inputs), labels)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        if self.average is not None:
            self.average.update(self.network, len(labels))
        return loss.detach() * len(labels)


@contextmanager
def _torch_seeded(seed: int, device: torch.device) -> Iterator[None]:
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
