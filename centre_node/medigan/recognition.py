"""From the names and shapes in a checkpoint to one of the known models, and to our names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from centre_node.medigan.checkpoints import Checkpoint
from centre_node.medigan.errors import UnknownMediganModelError
from centre_node.medigan.known_models import KNOWN_MODELS, KnownModel

NUMBERED = re.compile(r"(\d{1,4})\.(\w+)")
COUNTER = "num_batches_tracked"
MOST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Recognised:
    """A known model and its generator's tensors, float32, by the names of its architecture."""

    model: KnownModel
    tensors: Mapping[str, Tensor]
    left_out: tuple[str, ...]


def recognise(checkpoint: Checkpoint, file_name: str, wanted: str | None) -> Recognised:
    """Tell which model a checkpoint is, and rename its generator's tensors.

    Tensors say which architecture it is, and a discriminator with which loss it was trained.
    They cannot tell two trainings of one architecture apart: the file must have medigan's name
    for the model, or the caller must say which one it is.

    Args:
        checkpoint: What the file holds.
        file_name: The file's own name.
        wanted: A model's id or its number, such as 00005; None goes by the file's name.

    Raises:
        UnknownMediganModelError: It is none of them, or another than wanted, or early layers
            stand twice and differ.
    """
    fitting = _fitting(checkpoint, file_name)
    model = _named(fitting, file_name) if wanted is None else _wanted(fitting, file_name, wanted)
    state = checkpoint.generator
    tensors = _renamed(state, model.body)
    _check_copies(state, model, file_name)
    return Recognised(
        model,
        {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()},
        _left_out(checkpoint, model),
    )


def _fitting(checkpoint: Checkpoint, file_name: str) -> list[KnownModel]:
    """Return the known models that the tensors fit; at least one."""
    state, discriminator = checkpoint.generator, checkpoint.discriminator
    fitting = [model for model in KNOWN_MODELS if _is_generator_of(state, model)]
    if not fitting:
        raise UnknownMediganModelError(
            f"{file_name} holds {_description(state)}; known are {_known()}"
        )
    if discriminator is None:
        return fitting
    loss = "dcgan" if _is_normalised(discriminator) else "wgan-gp"
    trained_so = [model for model in fitting if model.loss == loss]
    if not trained_so:
        raise UnknownMediganModelError(
            f"{file_name} holds the generator of {fitting[0].number} beside a {loss} critic"
        )
    return trained_so


def _is_generator_of(state: Mapping[str, Tensor], model: KnownModel) -> bool:
    """Tell whether exactly the model's tensors are there, whatever their values."""
    allowed = {model.body, model.copies, model.unused}
    expected = model.architecture.generator_tensors()
    found = _renamed(state, model.body)
    return (
        {name.partition(".")[0] for name in state} <= allowed
        and {name: tuple(tensor.shape) for name, tensor in found.items()}
        == {name: spec.shape for name, spec in expected.items()}
        and all(tensor.dtype is torch.float32 for tensor in found.values())
    )


def _renamed(state: Mapping[str, Tensor], body: str) -> dict[str, Tensor]:
    """Return the tensors of a body, which alternates convolutions and norms, by our names.

    Its modules are numbered with gaps where activations stand: 0 is a convolution, 1 its norm, 3
    the next convolution. A name that is not of this form is kept, so that it fits nothing.
    """
    parts = _parts(state, body)
    positions = {number: place for place, number in enumerate(sorted({n for n, _ in parts}))}
    renamed = {}
    for (number, part), tensor in parts.items():
        block, is_norm = divmod(positions[number], 2)
        module = f"blocks.{block}.{'norm' if is_norm else 'convolution'}"
        if positions[number] == len(positions) - 1:
            module = "output"
        renamed[f"{module}.{part}"] = tensor
    return renamed


def _parts(state: Mapping[str, Tensor], body: str) -> dict[tuple[int, str], Tensor]:
    """Return a body's tensors by number and part: `main.3.weight` is (3, "weight")."""
    parts = {}
    for name, tensor in state.items():
        first, _, rest = name.partition(".")
        found = NUMBERED.fullmatch(rest)
        if first == body and not name.endswith(f".{COUNTER}"):
            parts[(int(found[1]), found[2]) if found else (0, name)] = tensor
    return parts


def _is_normalised(discriminator: Mapping[str, Tensor]) -> bool:
    """Tell a DCGAN's discriminator from a WGAN-GP's critic, which has no BatchNorm.

    The one that an unused embedding of labels has does not count.

    Source: paper section 2.3.2.
    """
    return any(
        name.endswith(".running_mean") and not name.startswith("embed_nn") for name in discriminator
    )


def _named(fitting: Sequence[KnownModel], file_name: str) -> KnownModel:
    for model in fitting:
        if model.file_name == file_name:
            return model
    numbers = " or ".join(model.number for model in fitting)
    raise UnknownMediganModelError(
        f"{file_name} has the tensors of {numbers}, but medigan's file is called "
        f"{' or '.join(model.file_name for model in fitting)}; if it is the same, say so with "
        f"--model {fitting[0].number}"
    )


def _wanted(fitting: Sequence[KnownModel], file_name: str, wanted: str) -> KnownModel:
    for model in fitting:
        if wanted in {model.model_id, model.number}:
            return model
    numbers = " or ".join(model.number for model in fitting)
    raise UnknownMediganModelError(
        f"{file_name} has the tensors of {numbers}, not of {wanted!a}; known are {_known()}"
    )


def _check_copies(state: Mapping[str, Tensor], model: KnownModel, file_name: str) -> None:
    for name, tensor in state.items():
        first, _, rest = name.partition(".")
        if first != model.copies or rest.endswith(COUNTER):
            continue
        twin = state.get(f"{model.body}.{rest}")
        if twin is None or not _same(tensor, twin):
            raise UnknownMediganModelError(
                f"{file_name} holds the layer {name[:80]!a} twice, and it differs from "
                f"its copy under {model.body}; which of them the generator uses is not known"
            )


def _same(first: Tensor, second: Tensor) -> bool:
    """Compare values, where NaN equals NaN: that it is one is found later."""
    alike = first.shape == second.shape and first.dtype == second.dtype
    return alike and torch.allclose(first, second, rtol=0.0, atol=0.0, equal_nan=True)


def _left_out(checkpoint: Checkpoint, model: KnownModel) -> tuple[str, ...]:
    """Say what of the file does not go into the package."""
    names = list(checkpoint.generator)
    copies = sum(name.partition(".")[0] == model.copies for name in names)
    unused = sum(name.partition(".")[0] == model.unused for name in names)
    counters = sum(name.endswith(COUNTER) and name.startswith(model.body) for name in names)
    said = (
        (copies, f"{copies} tensors under {model.copies}, equal to those under {model.body}"),
        (unused, f"{unused} tensors under {model.unused}, which the generator does not use"),
        (counters, f"{counters} counters of batches"),
    )
    return (*(text for count, text in said if count), *checkpoint.left_behind)


def _description(state: Mapping[str, Tensor]) -> str:
    """Say what a network is by its convolutions, in one clause."""
    shapes = {
        "x".join(map(str, tensor.shape)): None for tensor in state.values() if tensor.dim() == 4
    }
    listed = ", ".join(list(shapes)[:MOST_SHOWN]) or "none"
    prefixes = sorted({name.partition(".")[0][:40] for name in state})[:4]
    under = ", ".join(f"{prefix!a}" for prefix in prefixes)
    return f"{len(state)} tensors under {under} with the convolutions {listed}"


def _known() -> str:
    models = (
        f"{model.number} (channels {'-'.join(map(str, model.architecture.hidden_channels))}, "
        f"latents of {model.architecture.latent_size}, under {model.body!r})"
        for model in KNOWN_MODELS
    )
    return ", ".join(models)
