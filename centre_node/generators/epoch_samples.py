"""Samples that a training keeps along its way, so that its fidelity over epochs can be told.

Samples and not weights: a hundred patches are a tenth of the paper's generator on the disk, and
there are some whatever weights a training keeps.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from centre_node.generators.conditions import by_turns
from centre_node.generators.sampling import generate
from node_api.generator_training import GeneratorTraining
from shared.architectures import Architecture
from shared.files import write_whole

MOST_EPOCHS = 12
MOST_SAMPLES = 128
BATCH = 64

FOLDER = "epoch-samples"
FILE = re.compile(r"epoch-(\d{4,})\.npy")


def sampled_epochs(training: GeneratorTraining) -> tuple[int, ...]:
    """Return at most 12 of the epochs with a checkpoint, evenly spread; the last is one."""
    every, last = training.checkpoint_every_epochs, training.epochs
    due = (*range(every, last, every), last)
    count = min(MOST_EPOCHS, len(due))
    return tuple(due[number * len(due) // count - 1] for number in range(1, count + 1))


def samples_of_an_epoch(patches: int) -> int:
    """Return how many samples are kept: as many as are compared with half of the real patches."""
    return min((patches + 1) // 2, MOST_SAMPLES)


def keep_samples(
    folder: Path,
    epoch: int,
    generator: nn.Module,
    *,
    count: int,
    architecture: Architecture,
    random: torch.Generator,
) -> None:
    """Write samples, uint8, shape (count, side, side), to a training's folder."""
    latents = torch.randn(count, architecture.latent_size, generator=random)
    inputs = by_turns(latents, architecture)
    samples = np.concatenate([generate(generator, part) for part in inputs.split(BATCH)])
    path = folder / FOLDER / f"epoch-{epoch:04d}.npy"
    path.parent.mkdir(exist_ok=True)
    write_whole(path, lambda file: np.save(file, samples, allow_pickle=False))


def read_samples(folder: Path) -> Mapping[int, NDArray[np.uint8]]:
    """Return the samples that a training's folder holds, by epoch, in order."""
    found = {path: FILE.fullmatch(path.name) for path in (folder / FOLDER).glob("*")}
    epochs = {int(match[1]): path for path, match in found.items() if match is not None}
    return {epoch: np.load(epochs[epoch], allow_pickle=False) for epoch in sorted(epochs)}
