"""What the discriminator knows of its training patches: more than anybody outside can learn."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from centre_node.generators.checkpoints import CHECKPOINT, read_checkpoint
from centre_node.generators.conditions import ConditionedScorer, class_rows
from centre_node.generators.construction import blank_discriminator
from centre_node.generators.pixels import from_8_bit
from node_api.generator_training import GeneratorTraining
from shared.architectures import Architecture

BATCH = 128


def discriminator_scores(
    folder: Path,
    architecture: Architecture,
    training: GeneratorTraining,
    patches: NDArray[np.uint8],
    device: torch.device,
) -> NDArray[np.float64] | None:
    """Return the score of each patch, shape (n,), or None where no checkpoint is left.

    A patch has the higher one of its scores as each class, where there are classes.

    Args:
        folder: A training's, with its checkpoint.
        patches: 8-bit, shape (n, side, side).

    Raises:
        CheckpointError: The checkpoint is damaged.

    Source: Hayes et al. 2019 (LOGAN, arXiv 1705.07663), the white-box attack.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    _, state = read_checkpoint(path)
    network = _loaded(blank_discriminator(architecture, training), state["discriminator"])
    network = network.to(device).eval()
    parts = [
        _scores(network, architecture, patches[start : start + BATCH], device)
        for start in range(0, len(patches), BATCH)
    ]
    return np.concatenate(parts)


def _loaded(network: nn.Module, saved: Mapping[str, torch.Tensor]) -> nn.Module:
    network.load_state_dict(saved, assign=True)
    return network


def _scores(
    network: nn.Module,
    architecture: Architecture,
    patches: NDArray[np.uint8],
    device: torch.device,
) -> NDArray[np.float64]:
    inputs = from_8_bit(torch.tensor(patches, device=device)).unsqueeze(1)
    with torch.inference_mode():
        if not architecture.classes:
            scores = network(inputs)
        else:
            each = []
            for number in range(len(architecture.classes)):
                classes = torch.full((len(inputs),), number, device=device)
                scorer = ConditionedScorer(network, class_rows(classes, architecture))
                each.append(scorer(inputs))
            scores = torch.stack(each).amax(dim=0)
    found: NDArray[np.float64] = scores.flatten().double().cpu().numpy()
    return found
