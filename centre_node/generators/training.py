"""Trains a DCGAN on patches, with checkpoints that an interrupted training resumes from."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from centre_node.errors import TooFewPatchesError, TrainingDivergedError
from centre_node.generators.checkpoints import (
    TrainingRun,
    claim_folder,
    load_checkpoint,
    save_checkpoint,
    training_run,
)
from centre_node.generators.configuration import GeneratorTraining
from centre_node.generators.draws import draw_epoch, real_batch
from centre_node.generators.kept_weights import FINAL_WEIGHTS, is_kept, kept_weights_name
from centre_node.generators.progress import TrainingProgress, append_losses, write_losses
from centre_node.generators.sampling import generated
from centre_node.generators.state import (
    SAMPLE_GRID,
    DcganState,
    new_state,
    random_stream,
    training_step,
)
from centre_node.generators.storage import full_disk_named
from centre_node.generators.weights import export_weights
from centre_node.mammography.pictures import contact_sheet, write_png
from shared.architectures import DcganArchitecture

WEIGHTS, LOSSES, SAMPLES = FINAL_WEIGHTS, "losses.csv", "samples"
GRID_SIDE = 8

OnProgress = Callable[[TrainingProgress], None]


def train_generator(
    patches: NDArray[np.uint8],
    *,
    architecture: DcganArchitecture,
    training: GeneratorTraining,
    folder: Path,
    device: torch.device,
    on_progress: OnProgress,
) -> Path:
    """Train a generator and return the path of its weights, `folder`/weights.safetensors.

    The folder belongs to this training. A checkpoint in it is resumed from, and on the CPU the
    result is then bit for bit that of a training without interruption; finished weights in it
    are returned at once. It also gets training.json, losses.csv, samples/epoch-*.png and
    weights-epoch-*.safetensors, the weights of the epochs that the configuration keeps.

    Args:
        patches: 8-bit, shape (n, side, side), side being the architecture's image size.
        on_progress: Called after every epoch; what it raises stops the training.

    Raises:
        TooFewPatchesError: There are fewer patches than a batch has.
        CheckpointError: The folder holds another training, or a damaged checkpoint.
        TrainingDivergedError: A loss or weight became NaN or infinite; the last checkpoint stays.
        OutOfSpaceError: The disk is full; the last checkpoint stays.

    Source: paper section 2.3.1.
    """
    _check_patches(patches, architecture, training)
    run = training_run(patches, architecture, training)
    weights = folder / WEIGHTS
    with full_disk_named(folder):
        claim_folder(folder, run)
        if not weights.exists():
            state = _trained(patches, run, folder, device, on_progress)
            export_weights(state.generator, architecture, weights)
    return weights


def _check_patches(
    patches: NDArray[np.uint8], architecture: DcganArchitecture, training: GeneratorTraining
) -> None:
    side = architecture.image_size
    if patches.dtype != np.uint8 or patches.shape[1:] != (side, side):
        raise ValueError(
            f"patches are {patches.dtype} {patches.shape}, expected uint8 (n, {side}, {side})"
        )
    if len(patches) < training.batch_size:
        raise TooFewPatchesError(
            f"{len(patches)} patches are fewer than one batch of {training.batch_size}"
        )


def _trained(
    patches: NDArray[np.uint8],
    run: TrainingRun,
    folder: Path,
    device: torch.device,
    on_progress: OnProgress,
) -> DcganState:
    """Run the epochs that are not done yet."""
    epochs = run.training.epochs
    state = new_state(run.architecture, run.training, device)
    load_checkpoint(folder, state, run)
    write_losses(folder / LOSSES, state.losses)
    on_device = torch.tensor(patches, device=device)  # (n, side, side), uint8
    while state.epoch < epochs:
        event = _trained_epoch(state, on_device, run)
        append_losses(folder / LOSSES, event)
        if is_kept(state.epoch, run.training):
            _check_weights(state)
            export_weights(
                state.generator, run.architecture, folder / kept_weights_name(state.epoch)
            )
        if state.epoch % run.training.checkpoint_every_epochs == 0 or state.epoch == epochs:
            _keep(state, run, folder)
        on_progress(event)
    return state


def _trained_epoch(state: DcganState, patches: Tensor, run: TrainingRun) -> TrainingProgress:
    training, started = run.training, time.perf_counter()
    draws = draw_epoch(
        len(patches),
        batch_size=training.batch_size,
        latent_size=run.architecture.latent_size,
        real_labels=training.real_labels,
        random=state.random,
    ).to(patches.device)
    total = torch.zeros(2, device=patches.device)
    for step in range(len(draws)):
        total += training_step(
            state,
            real_batch(patches, draws.order[step], draws.flips[step]),
            draws.latents[step],
            draws.labels[step],
            half=training.precision == "bfloat16",
        )
    on_discriminator, on_generator = (total / len(draws)).tolist()  # the epoch's only wait
    epoch = state.epoch + 1
    if not (math.isfinite(on_discriminator) and math.isfinite(on_generator)):
        raise TrainingDivergedError(
            f"the losses of epoch {epoch} are {on_discriminator} (discriminator) "
            f"and {on_generator} (generator), not finite"
        )
    state.losses.append((on_discriminator, on_generator))
    rate = draws.order.numel() / (time.perf_counter() - started)
    return TrainingProgress(epoch, training.epochs, on_discriminator, on_generator, rate)


def _keep(state: DcganState, run: TrainingRun, folder: Path) -> None:
    """Leave a sample grid, then a checkpoint."""
    _check_weights(state)
    latents = torch.randn(
        GRID_SIDE**2,
        run.architecture.latent_size,
        generator=random_stream(run.training.seed, SAMPLE_GRID),
    )
    sheet = contact_sheet(generated(state.generator, latents), columns=GRID_SIDE)
    write_png(folder / SAMPLES / f"epoch-{state.epoch:04d}.png", sheet)
    save_checkpoint(folder, state, run)


def _check_weights(state: DcganState) -> None:
    if not state.is_finite():
        raise TrainingDivergedError(f"a weight is NaN or infinite after epoch {state.epoch}")
