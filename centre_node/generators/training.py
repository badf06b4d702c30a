"""Trains a generator on patches, with checkpoints that an interrupted training resumes from.

This room read downwards, from what a training is to what can be made of it:

- `training` checks, prepares and ends; `training_data` is what it is of; `loop` runs the epochs and
  leaves what is due after each;
- `steps` is one update of both networks: `objectives` says what for, out of `losses` and
  `penalties` (`second_derivatives` makes these cheap); `draws` has its random numbers,
  `augmentation` and `augmenter` what the discriminator sees;
- `state` is all that changes, `schedules` how it does by the epoch; `construction` makes its
  networks, of `networks` or `residual_networks`;
- `conditions` tells both networks which class a patch is of, where there are classes;
- `private_training` is a training under differential privacy: `private_epochs` its epoch,
  `patient_gradients` and `secret_draws` what hides patients, `spent_steps` and `accountant` what
  that costs; `epochs` is any other training's epoch;
- `compilation` and `graphs` make a step faster, with the same result;
- `estimates` and `memory` refuse what will not fit, `collapse` finds samples that are alike;
- `starting` has networks of an earlier training to start from;
- `checkpoints`, `weights`, `kept_weights` and `epoch_samples` are what lies in a training's
  folder, `progress` and `board` what a training tells;
- `sampling` draws patches from weights, `file_draws` from which file of several; `pixels` maps
  grey values to the networks' range.
"""

import secrets
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from centre_node.device import chosen_precision
from centre_node.generators.board import check_tensorboard, open_board
from centre_node.generators.checkpoints import (
    RUN,
    TrainingRun,
    claim_folder,
    load_checkpoint,
    read_run,
    training_run,
)
from centre_node.generators.collapse import COMPARED
from centre_node.generators.errors import FlatPatchesError, TooFewPatchesError
from centre_node.generators.estimates import check_disk, estimate
from centre_node.generators.kept_weights import FINAL_WEIGHTS
from centre_node.generators.loop import OnEpoch, TrainingLoop
from centre_node.generators.memory import check_memory
from centre_node.generators.private_training import check_owners
from centre_node.generators.progress import LOSSES, write_losses
from centre_node.generators.starting import StartingNetworks
from centre_node.generators.state import (
    COMPARED_PATCHES,
    TrainingState,
    new_state,
    random_stream,
)
from centre_node.generators.training_data import TrainingData, epoch_of
from centre_node.generators.weights import export_weights
from node_api.generator_training import GeneratorTraining
from shared.architectures import Architecture
from shared.counts import counted
from shared.files import full_disk_named


def train_generator(
    patches: NDArray[np.uint8],
    *,
    architecture: Architecture,
    training: GeneratorTraining,
    folder: Path,
    device: torch.device,
    on_epoch: OnEpoch,
    tensorboard: bool = False,
    classes: NDArray[np.int64] | None = None,
    patients: NDArray[np.int64] | None = None,
    start: StartingNetworks | None = None,
) -> Path:
    """Train a generator and return the path of its weights, `folder`/weights.safetensors.

    The folder belongs to this training, and to one process at a time: whoever calls sees to that
    (`alone_in`). A checkpoint in it is resumed from, and on the CPU the result is then bit for bit
    that of a training without interruption; finished weights in it are returned at once. It also
    gets training.json, losses.csv, samples/epoch-*.png, epoch-samples/epoch-*.npy (see
    `epoch_samples`) and weights-epoch-*.safetensors, the weights of the epochs that the
    configuration keeps. Without a seed one is drawn from the operating system, which training.json
    keeps. A private training is never the same twice, takes no step again that an interruption
    lost, and counts its epochs in privacy.json.

    Args:
        patches: 8-bit, shape (n, side, side), side being the architecture's image size.
        on_epoch: Called after every epoch; what it raises stops the training.
        tensorboard: Whether to write scalars and sample grids to `folder`/tensorboard as well.
        classes: Each patch's class as its number in the architecture, shape (n,), where the
            architecture has classes; every one of them must be there.
        patients: Whose each patch is, numbers from 0 without a gap, shape (n,); a private training
            needs to know, any other does not look at it.
        start: Networks to start from; by default random ones.

    Raises:
        PrivacyError: What the recipe private promises cannot be kept.
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
    _check_classes(patches, architecture, classes)
    check_owners(patients, len(patches), architecture, training)
    precision = chosen_precision(training.precision, device)
    seed = training.seed if training.seed is not None else _kept_or_new_seed(folder)
    training = training.model_copy(update={"precision": precision, "seed": seed})
    if tensorboard:
        check_tensorboard()
    owners = None if training.privacy is None else patients
    run = training_run(
        patches,
        architecture,
        training,
        classes,
        owners,
        start_sha256=None if start is None else start.sha256,
    )
    weights = folder / FINAL_WEIGHTS
    if not weights.exists():
        people = 0 if owners is None else len(np.unique(owners))
        needed = estimate(architecture, training, len(patches), people)
        check_disk(folder, needed.disk_bytes)
        check_memory(needed.memory_bytes, device)
    with full_disk_named(folder):
        claim_folder(folder, run)
        if not weights.exists():
            data = TrainingData(patches, classes, owners, start)
            state = _run_training(data, run, folder, device, on_epoch, tensorboard)
            export_weights(state.exported, architecture, weights)
    return weights


def _kept_or_new_seed(folder: Path) -> int:
    """Return the seed of the training in a folder, or one from the operating system."""
    if (folder / RUN).exists():
        return read_run(folder).training.drawn_seed
    return secrets.randbits(64)


def _check_patches(
    patches: NDArray[np.uint8], architecture: Architecture, training: GeneratorTraining
) -> None:
    side = architecture.image_size
    if patches.dtype != np.uint8 or patches.shape[1:] != (side, side):
        raise ValueError(
            f"patches are {patches.dtype} {patches.shape}, expected uint8 (n, {side}, {side})"
        )
    if len(patches) < training.batch_size and training.privacy is None:
        raise TooFewPatchesError(
            f"{counted(len(patches), 'patch is', 'patches are')} fewer than one batch of "
            f"{training.batch_size}"
        )
    if (patches == patches[:, :1, :1]).all():
        raise FlatPatchesError(
            f"each of the {counted(len(patches), 'patch', 'patches')} is of one grey value"
        )
    if (patches == patches[0]).all():
        raise FlatPatchesError(
            f"the {counted(len(patches), 'patch is', 'patches are')} one and the same"
        )


def _check_classes(
    patches: NDArray[np.uint8], architecture: Architecture, classes: NDArray[np.int64] | None
) -> None:
    expected = list(range(len(architecture.classes)))
    found = [] if classes is None else np.unique(classes).tolist()
    if found != expected or (classes is not None and classes.shape != (len(patches),)):
        raise ValueError(
            f"the architecture's classes are {architecture.classes}, so each of {len(patches)} "
            f"patches needs one of the numbers {expected}, and each must be there"
        )


def _run_training(
    data: TrainingData,
    run: TrainingRun,
    folder: Path,
    device: torch.device,
    on_epoch: OnEpoch,
    tensorboard: bool,
) -> TrainingState:
    """Run the epochs that are not done yet."""
    state = new_state(run.architecture, run.training, device)
    if data.start is not None:
        data.start.put_into(state)
    load_checkpoint(folder, state, run)
    epoch = epoch_of(data, run, state, folder)
    write_losses(folder / LOSSES, state.losses)
    opened = open_board(folder, epochs_done=state.epoch) if tensorboard else nullcontext()
    with opened as told:
        compared = _compared(data.patches, run.training)
        loop = TrainingLoop(run, folder, state, epoch, compared, state.epoch, told)
        loop.run_epochs(on_epoch)
    return state


def _compared(patches: NDArray[np.uint8], training: GeneratorTraining) -> NDArray[np.uint8] | None:
    """Return the real patches that samples are compared with, always the same; None if none are."""
    if training.privacy is not None:
        return None
    order = torch.randperm(
        len(patches), generator=random_stream(training.drawn_seed, COMPARED_PATCHES)
    )
    chosen: NDArray[np.uint8] = patches[order[:COMPARED].numpy()]
    return chosen
