"""The optimisers of the recipes and the course of their learning rate."""

import math
from typing import Any

import torch
from torch import nn

from node_api.classifier_training import ClassifierTraining

NEVER_DECAYED = "relative_position_bias_table"
"""Swin's table of attention biases: a matrix by its shape only."""


def new_optimiser(network: nn.Module, training: ClassifierTraining) -> torch.optim.Optimizer:
    """Return the recipe's optimiser of a network that is on its device already.

    Source: paper section 2.4.1 for the descent; Loshchilov and Hutter 2019 (arXiv 1711.05101) for
    AdamW. Biases and the scales of normalisations do not decay.
    """
    if training.momentum is not None:
        return torch.optim.SGD(
            network.parameters(), lr=training.learning_rate, momentum=training.momentum, fused=True
        )
    assert training.weight_decay is not None, "the configuration sees to it"
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for name, weights in network.named_parameters():
        decays = weights.ndim > 1 and not name.endswith(NEVER_DECAYED)
        (decayed if decays else free).append(weights)
    groups: list[dict[str, Any]] = [
        {"params": decayed, "weight_decay": training.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=training.learning_rate, fused=True)


def rate_at(training: ClassifierTraining, progress: float) -> float:
    """Return the learning rate of a step.

    Args:
        progress: Share of the training that is done in the middle of the step, above 0, below 1.
    """
    if training.warm_up_share is None:
        return training.learning_rate
    if progress < training.warm_up_share:
        return training.learning_rate * progress / training.warm_up_share
    fallen = (progress - training.warm_up_share) / (1 - training.warm_up_share)
    return training.learning_rate * (1 + math.cos(math.pi * fallen)) / 2


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Let the next steps take a learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate
