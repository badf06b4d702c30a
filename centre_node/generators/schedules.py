"""Numbers that change from epoch to epoch."""

import math
from typing import Any

import torch
from torch import Tensor

from centre_node.generators.state import TrainingState
from node_api.generator_training import GeneratorTraining


def follow_schedules(state: TrainingState, training: GeneratorTraining) -> None:
    """Set what changes between epochs for the epoch that comes next."""
    when = {"epoch": state.epoch, "epochs": training.epochs}
    rate = cosine(training.learning_rate, training.learning_rate_end, **when)
    for optimiser in (state.generator_optimiser, state.discriminator_optimiser):
        for group in optimiser.param_groups:
            _set_rate(group, rate)
    if training.penalty_weight is not None:
        weight = cosine(training.penalty_weight, training.penalty_weight_end, **when)
        state.penalty_weight.fill_(weight)


def cosine(start: float, end: float | None, *, epoch: int, epochs: int) -> float:
    """Return an epoch's number, on half a cosine from `start` in the first to `end` in the last.

    Args:
        end: None keeps `start`.
        epoch: Counted from 0 to `epochs` - 1.
    """
    if end is None or epochs == 1:
        return start
    return end + (start - end) * (1 + math.cos(math.pi * epoch / (epochs - 1))) / 2


def _set_rate(group: dict[str, Any], rate: float) -> None:
    """Set a learning rate; a captured graph reads it from one tensor's memory."""
    device = group["params"][0].device
    if device.type != "cuda":
        group["lr"] = rate
    elif isinstance(group["lr"], Tensor) and group["lr"].device == device:
        group["lr"].fill_(rate)
    else:  # at the start, or read from a checkpoint
        group["lr"] = torch.tensor(rate, device=device)
