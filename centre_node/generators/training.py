"""Trains a generator on patches, with checkpoints that an interrupted training resumes from."""

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from centre_node.device import chosen_precision
from centre_node.errors import TrainingDivergedError
from centre_node.generators.board import Board, board, check_tensorboard
from centre_node.generators.checkpoints import (
    TrainingRun,
    claim_folder,
    load_checkpoint,
    save_checkpoint,
    training_run,
)
from centre_node.generators.collapse import COMPARED, diversity, has_collapsed
from centre_node.generators.draws import draw_epoch
from centre_node.generators.epoch_samples import (
    keep_samples,
    sampled_epochs,
    samples_of_an_epoch,
)
from centre_node.generators.errors import FlatPatchesError, ModeCollapseError, TooFewPatchesError
from centre_node.generators.estimates import SAMPLES, check_disk, estimate
from centre_node.generators.graphs import Step, fastest_step
from centre_node.generators.kept_weights import FINAL_WEIGHTS, kept_weights_name
from centre_node.generators.memory import check_memory
from centre_node.generators.progress import TrainingProgress, append_losses, write_losses
from centre_node.generators.sampling import generated
from centre_node.generators.state import (
    COMPARED_PATCHES,
    EPOCH_SAMPLES,
    SAMPLE_GRID,
    TrainingState,
    follow_schedules,
    new_state,
    random_stream,
)
from centre_node.generators.steps import training_step
from centre_node.generators.weights import export_weights
from centre_node.mammography.pictures import contact_sheet, write_png
from node_api.generator_training import GeneratorTraining, is_kept
from shared.architectures import Architecture
from shared.files import full_disk_named

WEIGHTS, LOSSES = FINAL_WEIGHTS, "losses.csv"
GRID_SIDE = 8

OnProgress = Callable[[TrainingProgress], None]


def train_generator(
    patches: NDArray[np.uint8],
    *,
    architecture: Architecture,
    training: GeneratorTraining,
    folder: Path,
    device: torch.device,
    on_progress: OnProgress,
    tensorboard: bool = False,
) -> Path:
    """Train a generator and return the path of its weights, `folder`/weights.safetensors.

    The folder belongs to this training, and to one process at a time: whoever calls sees to that
    (`alone_in`). A checkpoint in it is resumed from, and on the CPU the result is then bit for bit
    that of a training without interruption; finished weights in it are returned at once. It also
    gets training.json, losses.csv, samples/epoch-*.png, epoch-samples/epoch-*.npy (see
    `epoch_samples`) and weights-epoch-*.safetensors, the weights of the epochs that the
    configuration keeps.

    Args:
        patches: 8-bit, shape (n, side, side), side being the architecture's image size.
        on_progress: Called after every epoch; what it raises stops the training.
        tensorboard: Whether to write scalars and sample grids to `folder`/tensorboard as well.

    Raises:
        TooFewPatchesError: There are fewer patches than a batch has.
        FlatPatchesError: No patch has any contrast, or all are the same.
        CheckpointError: The folder holds another training, or a damaged checkpoint.
        TrainingDivergedError: A loss or weight became NaN or infinite; the last checkpoint stays.
        ModeCollapseError: The samples became alike, and the configuration stops then; the last
            checkpoint stays.
        OutOfSpaceError: The disk is too small, or full; the last checkpoint stays.
        NotEnoughMemoryError: The device cannot hold it; nothing was written.
        CompilationError: It is to be compiled, and nothing can be on this machine.
        TensorboardMissingError: TensorBoard is asked for and not installed.

    Source: paper sections 2.3.1 and 2.3.2.
    """
    _check_patches(patches, architecture, training)
    precision = chosen_precision(training.precision, device)
    training = training.model_copy(update={"precision": precision})
    if tensorboard:
        check_tensorboard()
    run = training_run(patches, architecture, training)
    weights = folder / WEIGHTS
    if not weights.exists():
        needed = estimate(architecture, training, len(patches))
        check_disk(folder, needed.disk_bytes)
        check_memory(needed.memory_bytes, device)
    with full_disk_named(folder):
        claim_folder(folder, run)
        if not weights.exists():
            state = _trained(patches, run, folder, device, on_progress, tensorboard)
            export_weights(state.exported, architecture, weights)
    return weights


def _check_patches(
    patches: NDArray[np.uint8], architecture: Architecture, training: GeneratorTraining
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
    if (patches == patches[:, :1, :1]).all():
        raise FlatPatchesError(f"each of the {len(patches)} patches is of one grey value")
    if (patches == patches[0]).all():
        raise FlatPatchesError(f"the {len(patches)} patches are one and the same")


def _trained(
    patches: NDArray[np.uint8],
    run: TrainingRun,
    folder: Path,
    device: torch.device,
    on_progress: OnProgress,
    tensorboard: bool,
) -> TrainingState:
    """Run the epochs that are not done yet."""
    state = new_state(run.architecture, run.training, device)
    load_checkpoint(folder, state, run)
    write_losses(folder / LOSSES, state.losses)
    on_device = torch.tensor(patches, device=device)  # (n, side, side), uint8
    step = fastest_step(
        training_step(state, run.training, on_device),
        graphs=run.training.cuda_graphs,
        compiles=run.training.compile,
    )
    opened = board(folder, epochs_done=state.epoch) if tensorboard else nullcontext()
    with opened as told:
        loop = _Loop(run, folder, state, step, _compared(patches, run.training), state.epoch, told)
        loop.run_epochs(on_progress)
    return state


def _compared(patches: NDArray[np.uint8], training: GeneratorTraining) -> NDArray[np.uint8]:
    """Return the real patches that samples are compared with, always the same."""
    order = torch.randperm(len(patches), generator=random_stream(training.seed, COMPARED_PATCHES))
    chosen: NDArray[np.uint8] = patches[order[:COMPARED].numpy()]
    return chosen


@dataclass
class _Loop:
    """A training under way.

    Attributes:
        good_epoch: That of the last checkpoint, 0 for none.
        board: Where it is told to TensorBoard, if it is.
    """

    run: TrainingRun
    folder: Path
    state: TrainingState
    step: Step
    compared: NDArray[np.uint8]
    good_epoch: int
    board: Board | None

    def run_epochs(self, on_progress: OnProgress) -> None:
        """Run the epochs that are left, and tell each."""
        started, done_before = time.perf_counter(), self.state.epoch
        while self.state.epoch < self.run.training.epochs:
            event = self.trained_epoch()
            append_losses(self.folder / LOSSES, event)
            if self.board is not None:
                self.board.epoch(event, self.state)
            warning = self.kept()
            pace = (time.perf_counter() - started) / (event.epoch - done_before)
            left = pace * (event.epochs - event.epoch)
            on_progress(replace(event, seconds_left=left, warning=warning))

    def trained_epoch(self) -> TrainingProgress:
        """Run one epoch: the discriminator sees every patch once, in whole batches."""
        state, training, started = self.state, self.run.training, time.perf_counter()
        follow_schedules(state, training)
        device = state.penalty_weight.device
        draws = draw_epoch(
            self.run.patches,
            training,
            latent_size=self.run.architecture.latent_size,
            random=state.random,
        ).to(device)
        first = state.epoch * len(draws)  # steps of all epochs before
        total = torch.zeros(2, device=device)
        for index in range(len(draws)):
            with_generator = (first + index + 1) % training.critic_steps == 0
            total += self.step(draws[index], with_generator=with_generator)
        updates = (first + len(draws)) // training.critic_steps - first // training.critic_steps
        losses = self._mean_losses(total, len(draws), updates)
        state.losses.append(losses)
        rate = draws.steps.order.numel() / (time.perf_counter() - started)
        return TrainingProgress(state.epoch, training.epochs, *losses, rate, seconds_left=0.0)

    def _mean_losses(self, total: Tensor, steps: int, updates: int) -> tuple[float, float | None]:
        on_discriminator, on_generator = total.tolist()  # the epoch's only wait
        if not (math.isfinite(on_discriminator) and math.isfinite(on_generator)):
            self._diverged(
                f"the losses of epoch {self.state.epoch + 1} are {on_discriminator / steps} "
                f"(discriminator) and {on_generator / max(updates, 1)} (generator), not finite"
            )
        return on_discriminator / steps, on_generator / updates if updates else None

    def kept(self) -> str | None:
        """Leave what is due after an epoch, and return what a person should be warned of."""
        state, training = self.state, self.run.training
        is_due = state.epoch % training.checkpoint_every_epochs == 0
        is_due = is_due or state.epoch == training.epochs
        keeps_weights = is_kept(state.epoch, training)
        if (is_due or keeps_weights) and not state.is_finite():
            self._diverged(f"a weight is NaN or infinite after epoch {state.epoch}")
        warning = self._pictured() if is_due else None
        if keeps_weights:
            path = self.folder / kept_weights_name(state.epoch)
            export_weights(state.exported, self.run.architecture, path)
        if state.epoch in sampled_epochs(training):
            self._keep_samples()
        if is_due:
            save_checkpoint(self.folder, state, self.run)
            self.good_epoch = state.epoch
        return warning

    def _keep_samples(self) -> None:
        architecture, seed = self.run.architecture, self.run.training.seed
        keep_samples(
            self.folder,
            self.state.epoch,
            self.state.exported,
            count=samples_of_an_epoch(self.run.patches),
            latent_size=architecture.latent_size,
            random=random_stream(seed, EPOCH_SAMPLES),
        )

    def _pictured(self) -> str | None:
        """Leave a sample grid, and return what its patches have against them."""
        state, training = self.state, self.run.training
        latents = torch.randn(
            GRID_SIDE**2,
            self.run.architecture.latent_size,
            generator=random_stream(training.seed, SAMPLE_GRID),
        )
        samples = generated(state.exported, latents)
        path = self.folder / SAMPLES / f"epoch-{state.epoch:04d}.png"
        sheet, found = contact_sheet(samples, columns=GRID_SIDE), diversity(samples, self.compared)
        write_png(path, sheet)
        if self.board is not None:
            self.board.samples(state.epoch, sheet, found)
        return self._watched(found)

    def _watched(self, now: float) -> str | None:
        """Return a warning of mode collapse, or stop, as the configuration says."""
        state, training = self.state, self.run.training
        before, state.diversity = state.diversity, max(now, state.diversity)
        last, share = state.epoch == training.epochs, training.collapse_share
        if not has_collapsed(now, largest_before=before, share=share, last=last):
            return None
        has_fallen = before >= share
        reason = (
            f"mode collapse: after epoch {state.epoch} the samples' mean distance from each other "
            f"is {now:.1%} of the real patches', under {share:.1%}"
        )
        if training.on_collapse == "stop" and has_fallen:
            raise ModeCollapseError(f"{reason}; {self._last_checkpoint}")
        return reason

    def _diverged(self, reason: str) -> NoReturn:
        raise TrainingDivergedError(f"{reason}; {self._last_checkpoint}")

    @property
    def _last_checkpoint(self) -> str:
        if self.good_epoch == 0:
            return "no checkpoint was written before"
        return f"the last good checkpoint is that of epoch {self.good_epoch}"
