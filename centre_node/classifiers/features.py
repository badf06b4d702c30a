"""What a classifier sees in patches: the activations that its last layer decides on."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from centre_node.classifiers.epochs import network_input

BATCH = 128


def classifier_features(
    network: nn.Module,
) -> Callable[[NDArray[np.uint8]], NDArray[np.float64]]:
    """Return an extractor of the input of the network's last linear layer.

    The network should have been trained on real patches only: one that has seen synthetic ones
    may tell them apart by what they are, not by how they look.

    Args:
        network: Maps patches, float32, shape (n, 1, side, side), in [-1, 1], to logits; the last
            linear layer that it has is its last layer. Used in evaluation mode and given back in
            the mode that it was in.

    Raises:
        ValueError: It has no linear layer.
    """
    layers = [module for module in network.modules() if isinstance(module, nn.Linear)]
    if not layers:
        raise ValueError(f"a {type(network).__name__} has no linear layer to take features from")

    def extract(patches: NDArray[np.uint8]) -> NDArray[np.float64]:
        parts = [
            _last_input(network, layers[-1], patches[start : start + BATCH])
            for start in range(0, len(patches), BATCH)
        ]
        if not parts:
            return np.empty((0, layers[-1].in_features))
        return torch.cat(parts).double().cpu().numpy()

    return extract


def _last_input(network: nn.Module, layer: nn.Linear, patches: NDArray[np.uint8]) -> Tensor:
    """Return what reaches the layer, shape (n, in_features)."""
    seen: list[Tensor] = []
    handle = layer.register_forward_pre_hook(lambda _layer, inputs: seen.append(inputs[0]))
    device, was_training = layer.weight.device, network.training
    network.eval()
    try:
        with torch.inference_mode():
            network(network_input(torch.tensor(patches, device=device)))
    finally:
        handle.remove()
        network.train(was_training)
    return seen[-1]
