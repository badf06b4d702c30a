"""How long a study will take on this machine, by a trial of a few seconds."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from centre_node.classifiers.stretches import LOOKS
from centre_node.classifiers.training import lesion_log_odds, train_classifier
from centre_node.mammography.mammograms import Mammogram
from node_api.classifier_training import ClassifierName, ClassifierTraining
from node_api.studies import StudyConfiguration

TRIAL_STEPS, TRIAL_PATCHES, WARM_UP_STEPS = 12, 64, 2
TRIAL_IMAGES = 3
START_SECONDS = 1.0
"""Of a run, to open its patches and to keep its result."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What one classifier takes on this machine, in seconds."""

    step: float
    prediction: float

    def of_run(self, configuration: StudyConfiguration, sizes: "Sizes", added: int) -> float:
        """Return the seconds of one run.

        Args:
            added: Patches that its arm adds.
        """
        training = configuration.classifier_training
        patches = sizes.training + added
        if training.steps is None:
            assert training.epochs is not None, "the model sees to it"
            steps = training.epochs * -(-patches // training.batch_size)
            looks = training.epochs
        else:
            steps, looks = training.steps, min(training.steps, LOOKS)
        predicted = looks * sizes.validation + 2 * sizes.validation + sizes.test
        return START_SECONDS + steps * self.step + predicted * self.prediction


@dataclass(frozen=True, slots=True)
class Sizes:
    """Patches of both classes in a study's subsets."""

    training: int
    validation: int
    test: int


def try_pace(configuration: StudyConfiguration, name: ClassifierName, device: torch.device) -> Pace:
    """Train and predict on noise for a moment, and return what it took."""
    side = configuration.image_size
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, size=(TRIAL_PATCHES, side, side), dtype=np.uint8)
    labels = np.arange(TRIAL_PATCHES, dtype=np.int64) % 2
    few = slice(0, 4)

    def train(steps: int) -> torch.nn.Module:
        training = configuration.classifier_training.model_dump() | {
            "epochs": None,
            "steps": steps,
            "initial_weights": None,
        }
        return train_classifier(
            lambda _random: (pixels, labels),
            (pixels[few], labels[few]),
            name=name,
            image_size=side,
            training=ClassifierTraining.model_validate(training),
            seed=0,
            device=device,
            on_epoch=lambda _progress: None,
        )

    network = train(WARM_UP_STEPS)
    trained = _seconds(lambda: train(TRIAL_STEPS))
    predicted = _seconds(lambda: lesion_log_odds(network, pixels))
    return Pace(step=trained / TRIAL_STEPS, prediction=predicted / TRIAL_PATCHES)


def try_reading(mammograms: Sequence[Mammogram]) -> float:
    """Return the seconds that it takes to read one image, of which a few are read."""
    tried = mammograms[:: max(1, len(mammograms) // TRIAL_IMAGES)][:TRIAL_IMAGES]
    return _seconds(lambda: [image.load() for image in tried]) / len(tried)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
