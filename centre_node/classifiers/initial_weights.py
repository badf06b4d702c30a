"""Starts a classifier from the weights of a file instead of from random ones."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from centre_node.classifiers.errors import InitialWeightsError


def load_initial_weights(network: nn.Module, path: Path, *, sha256: str) -> None:
    """Copy a safetensors file's tensors into a network.

    The file must have exactly the network's tensors. Only its last linear layer may be one of
    another number of classes: then the network keeps its own.

    Raises:
        InitialWeightsError: The file is missing, is not the one with that digest, is no
            safetensors file, or does not fit.
    """
    tensors, expected = _tensors(path, sha256), network.state_dict()
    for name in _head_of_other_classes(tensors, network):
        del tensors[name], expected[name]
    _check_fit(path, tensors, expected)
    network.load_state_dict(tensors, strict=False)  # only the head may be missing


def _tensors(path: Path, sha256: str) -> dict[str, Tensor]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InitialWeightsError(
            f"{path.name} cannot be read: {error.strerror or error}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise InitialWeightsError(
            f"{path.name} has the SHA-256 {found}, but the configuration names {sha256}"
        )
    try:
        return load(content)
    except SafetensorError as error:
        raise InitialWeightsError(f"{path.name} is no safetensors file: {error}") from error


def _head_of_other_classes(tensors: Mapping[str, Tensor], network: nn.Module) -> list[str]:
    """Return the names of the last linear layer's tensors, if only the classes' number differs."""
    layers = [
        (name, module) for name, module in network.named_modules() if isinstance(module, nn.Linear)
    ]
    name, layer = layers[-1]
    head = {f"{name}.{part}": weights.shape for part, weights in layer.named_parameters()}
    found = {name: tensors[name].shape for name in head if name in tensors}
    classes = {shape[:1] for shape in found.values()}
    same_features = [found.get(name, ())[1:] for name in head] == [s[1:] for s in head.values()]
    other_number = len(found) == len(head) and len(classes) == 1 and found != head
    return list(head) if same_features and other_number else []


def _check_fit(path: Path, found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    for what, names in (
        ("lacks", expected.keys() - found.keys()),
        ("has the unknown", found.keys() - expected.keys()),
    ):
        if names:
            raise InitialWeightsError(
                f"{path.name} {what} tensor {min(names)}"
                + (f" and {len(names) - 1} more" if len(names) > 1 else "")
            )
    for name, tensor in found.items():
        if _form(tensor) != _form(expected[name]):
            raise InitialWeightsError(
                f"tensor {name} of {path.name} is {_form(tensor)}, "
                f"but the network's is {_form(expected[name])}"
            )
        if not tensor.isfinite().all():
            raise InitialWeightsError(f"tensor {name} of {path.name} holds NaN or infinity")


def _form(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"
