"""What a classifier is trained on from one look at the validation patches to the next."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np
import torch
from torch import Tensor

from centre_node.classifiers.epochs import Epoch, Labels, Pixels, batches, mix_epoch
from centre_node.mammography.errors import OneClassOnlyError
from node_api.classifier_training import ClassifierTraining

LOOKS = 20
"""How often a training in steps looks at the validation patches, as far as it has steps."""

DrawEpoch = Callable[[np.random.Generator], tuple[Pixels, Labels]]


@dataclass(frozen=True, slots=True)
class Step:
    """The patches of one step.

    Attributes:
        inputs: What the network sees, shape (batch, 1, side, side), in [-1, 1].
        labels: 1 for the positive class, 0 for the other, shape (batch,).
        progress: Share of the training that is done in the middle of the step, above 0, below 1.
    """

    inputs: Tensor
    labels: Tensor
    progress: float


@dataclass(frozen=True)
class Patches:
    """Where a training's patches come from, epoch by epoch.

    Attributes:
        draw: Returns an epoch's patches, 8-bit, shape (n, side, side), and labels, shape (n,).
    """

    draw: DrawEpoch
    training: ClassifierTraining
    random: np.random.Generator
    device: torch.device

    @property
    def looks(self) -> int:
        """How many stretches the training has: its epochs, or parts of its steps."""
        if self.training.steps is not None:
            return min(LOOKS, self.training.steps)
        assert self.training.epochs is not None, "the configuration sees to it"
        return self.training.epochs

    def stretches(self) -> Iterator[Iterator[Step]]:
        """Yield the steps of each stretch; those of one are to be done before the next is asked.

        In epochs every patch comes once in each, so that more patches are more steps. In steps all
        are of `batch_size` patches, and an epoch's rest goes into one batch with the next epoch's
        first, so that a training has as many whatever it is trained on.
        """
        if self.training.steps is None:
            for epoch in range(self.looks):
                yield self._of_epoch(epoch)
        else:
            steps = self._without_end(self.training.steps)
            ends = [round(self.training.steps * i / self.looks) for i in range(self.looks + 1)]
            for start, end in pairwise(ends):
                yield islice(steps, end - start)

    def _of_epoch(self, epoch: int) -> Iterator[Step]:
        drawn = self._mixed()
        cuts = list(batches(len(drawn.labels), self.training.batch_size))
        for index, batch in enumerate(cuts):
            progress = (epoch + (index + 0.5) / len(cuts)) / self.looks
            yield Step(drawn.inputs(batch), drawn.labels[batch], progress)

    def _without_end(self, steps: int) -> Iterator[Step]:
        drawn, size, done = self._mixed(), self.training.batch_size, 0
        while True:
            while len(drawn.labels) < size:
                drawn = drawn.followed_by(self._mixed())
            batch = slice(0, size)
            yield Step(drawn.inputs(batch), drawn.labels[batch], (done + 0.5) / steps)
            drawn, done = drawn.behind(size), done + 1

    def _mixed(self) -> Epoch:
        pixels, labels = self.draw(self.random)
        check_both_classes("training", labels)
        classical = self.training.augmentation == "classical"
        return mix_epoch(pixels, labels, self.random, device=self.device, classical=classical)


def check_both_classes(subset: str, labels: Labels) -> None:
    """Check that patches are not all of one class.

    Raises:
        OneClassOnlyError: They are.
    """
    positive = int(labels.sum())
    if positive in (0, len(labels)):
        raise OneClassOnlyError(
            f"the {subset} patches of the classifier are {positive} of the positive class and "
            f"{len(labels) - positive} of the other, both are needed"
        )
