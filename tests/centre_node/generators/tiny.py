"""A DCGAN small enough for a test, and patches for it."""

from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from centre_node.generators.loop import OnEpoch
from centre_node.generators.progress import FinishedEpoch
from centre_node.generators.training import train_generator
from node_api import losses
from node_api.generator_training import GeneratorTraining
from shared.architectures import Architecture, DcganArchitecture, ResidualArchitecture
from shared.cards import Loss

SIDE = 16
ARCHITECTURE = DcganArchitecture(image_size=SIDE, latent_size=8, width=4)
RESIDUAL = ResidualArchitecture(image_size=SIDE, latent_size=8, width=4, group_size=4)
LOSSES: tuple[Loss, ...] = get_args(Loss)
CPU = torch.device("cpu")


class StopError(Exception):
    """Stands for a cancelled job."""


def discs(count: int, *, seed: int = 0, side: int = SIDE) -> NDArray[np.uint8]:
    """Bright discs, somewhat off the centre, on a dark noisy ground."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side, :side]
    centres = (side - 1) / 2 + random.normal(0, side / 32, (2, count, 1, 1))
    distance = np.hypot(rows - centres[0], columns - centres[1])
    ground = np.where(distance < side / 4, 220.0, 30.0)
    return (ground + random.normal(0, 8, ground.shape)).clip(0, 255).astype(np.uint8)


def settings(**changes: Any) -> GeneratorTraining:
    traits = losses.LOSSES[changes.get("loss", losses.DEFAULT_LOSS)]
    recipe = "paper" if traits.is_the_papers else "improved"
    short = {
        "recipe": recipe,
        "epochs": 4,
        "batch_size": 4,
        "checkpoint_every_epochs": 2,
        "seed": 0,
    }
    return GeneratorTraining(**{**short, **changes})


def train(
    folder: Path,
    training: GeneratorTraining,
    *,
    patches: NDArray[np.uint8] | None = None,
    architecture: Architecture = ARCHITECTURE,
    on_progress: OnEpoch = lambda _event: None,
    tensorboard: bool = False,
) -> Path:
    return train_generator(
        discs(14) if patches is None else patches,
        architecture=architecture,
        training=training,
        folder=folder,
        device=CPU,
        on_epoch=on_progress,
        tensorboard=tensorboard,
    )


def stop_after(epoch: int) -> OnEpoch:
    def on_progress(event: FinishedEpoch) -> None:
        if event.epoch == epoch:
            raise StopError

    return on_progress
