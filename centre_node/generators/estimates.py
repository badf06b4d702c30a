"""What a training will need, before it starts."""

import math
import shutil
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from centre_node.generators.augmentation import DRAWS_PER_PATCH
from centre_node.generators.construction import blank_discriminator, blank_generator
from centre_node.generators.draws import VIEWS
from centre_node.generators.epoch_samples import FOLDER as EPOCH_SAMPLES
from centre_node.generators.epoch_samples import sampled_epochs, samples_of_an_epoch
from centre_node.generators.patient_gradients import CHUNK
from node_api.generator_training import GeneratorTraining, kept_epochs
from node_api.losses import LOSSES
from shared.architectures import Architecture
from shared.errors import OutOfSpaceError

SAMPLES = "samples"
"""The folder of a training's sample grids."""

FLOAT_BYTES = 4
CHECKPOINTED = 3  # weights and Adam's two moments
IN_MEMORY = 4  # and gradients
CHECKPOINTS_AT_ONCE = 2  # the new one is written before the old one goes
GRID_PATCHES, GRID_GAP_PX = 64, 2
BYTES_PER_EPOCH = 40  # a row of losses.csv, and the checkpoint's copy of it
SMALL_FILES_BYTES = 1 << 16
ENTRY_BYTES = 1024  # what a checkpoint adds around each tensor


class Estimate(NamedTuple):
    """Bytes that a training needs.

    Attributes:
        memory_bytes: Of its arrays, without the program's own; measured peaks on a CPU were
            0.71 to 1.12 times as large.
        disk_bytes: At most, at any one time.
    """

    memory_bytes: int
    disk_bytes: int


def estimate(
    architecture: Architecture, training: GeneratorTraining, patches: int, patients: int = 0
) -> Estimate:
    """Return what a training on so many patches needs.

    Args:
        patients: Whose they are; only a private training needs to know.
    """
    networks = (blank_generator(architecture), blank_discriminator(architecture, training))
    generator, discriminator = (_floats(network) for network in networks)
    average = generator if training.average_half_life_images is not None else 0
    memory = FLOAT_BYTES * (IN_MEMORY * (generator + discriminator) + average)
    memory += patches * architecture.image_size**2 + _draws_bytes(architecture, training, patches)
    memory += _activation_bytes(*networks, architecture, training)
    if training.privacy is not None:
        at_once = CHUNK + math.ceil(2 * training.privacy.sampling_rate * patients)
        memory += FLOAT_BYTES * at_once * discriminator
    tensors = sum(len(network.state_dict()) for network in networks)
    checkpoint = FLOAT_BYTES * (CHECKPOINTED * (generator + discriminator) + average)
    checkpoint += ENTRY_BYTES * (CHECKPOINTED + 1) * tensors
    weights = FLOAT_BYTES * generator * (kept_epochs(training) + 2)  # and the one being written
    disk = CHECKPOINTS_AT_ONCE * checkpoint + weights + _record_bytes(architecture, training)
    samples = len(sampled_epochs(training)) * samples_of_an_epoch(patches)
    disk += samples * architecture.image_size**2
    return Estimate(memory, disk)


def check_disk(folder: Path, needed_bytes: int) -> None:
    """Check that a training's folder can grow to its final size.

    Raises:
        OutOfSpaceError: Less is free than it will need beyond what it already holds.
    """
    own = [folder / name for name in ("", SAMPLES, EPOCH_SAMPLES)]  # others may share the folder
    held = sum(
        path.stat().st_size
        for place in own
        if place.is_dir()
        for path in place.iterdir()
        if path.is_file()
    )
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if needed_bytes - held > free:
        raise OutOfSpaceError(
            f"the training needs up to {_megabytes(needed_bytes - held)} on the disk of {folder}, "
            f"but {_megabytes(free)} are free"
        )


def _floats(network: nn.Module) -> int:
    return sum(tensor.numel() for tensor in network.state_dict().values())


def _draws_bytes(architecture: Architecture, training: GeneratorTraining, patches: int) -> int:
    """Bytes of an epoch's draws: two sets of latents, order, and what augmentation needs."""
    augmentation = 0 if training.augmentation is None else VIEWS * DRAWS_PER_PATCH
    floats = 2 * architecture.latent_size + augmentation + 6
    return FLOAT_BYTES * patches * floats


def _activation_bytes(
    generator: nn.Module,
    discriminator: nn.Module,
    architecture: Architecture,
    training: GeneratorTraining,
) -> int:
    """Bytes of the maps that a discriminator's step keeps for its gradients.

    It is the largest moment of a training.
    """
    batch, side = training.batch_size, architecture.image_size
    latents = torch.empty(batch, architecture.input_size, device="meta")
    patches = torch.empty(batch, 1 + len(architecture.classes), side, side, device="meta")
    of_generator, of_discriminator = (
        _map_floats(generator, latents),
        _map_floats(discriminator, patches),
    )
    passes = LOSSES[training.loss].discriminator_passes
    return FLOAT_BYTES * (of_generator + passes * of_discriminator)


def _map_floats(network: nn.Module, inputs: Tensor) -> int:
    """Count the outputs of all layers, twice: an activation follows nearly each of them."""
    sizes: list[int] = []
    layers = [module for module in network.modules() if not list(module.children())]
    handles = [
        layer.register_forward_hook(lambda _layer, _inputs, output: sizes.append(output.numel()))
        for layer in layers
    ]
    network(inputs)
    for handle in handles:
        handle.remove()
    return 2 * sum(sizes)


def _record_bytes(architecture: Architecture, training: GeneratorTraining) -> int:
    """Bytes of sample grids, were they not compressed, and of the small files."""
    side = math.isqrt(GRID_PATCHES) * (architecture.image_size + GRID_GAP_PX)
    grids = training.epochs // training.checkpoint_every_epochs + 1
    return grids * side**2 + BYTES_PER_EPOCH * training.epochs + SMALL_FILES_BYTES


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB"
