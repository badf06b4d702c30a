"""What a training is of, and the epoch that it makes of that."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from centre_node.generators.checkpoints import TrainingRun
from centre_node.generators.conditions import class_rows
from centre_node.generators.epochs import OneEpoch, OrdinaryEpoch
from centre_node.generators.graphs import fastest_step
from centre_node.generators.private_epochs import PatientPatches, PrivateEpoch
from centre_node.generators.private_training import skip_lost_epochs
from centre_node.generators.spent_steps import open_budget
from centre_node.generators.starting import StartingNetworks
from centre_node.generators.state import TrainingState
from centre_node.generators.steps import training_step


@dataclass(frozen=True)
class TrainingData:
    """What a training is of.

    Attributes:
        patches: uint8, shape (n, side, side).
        classes, patients: Of each patch, shape (n,); None where the training does not ask.
        start: Networks to start from; None: random ones.
    """

    patches: NDArray[np.uint8]
    classes: NDArray[np.int64] | None
    patients: NDArray[np.int64] | None
    start: StartingNetworks | None


def epoch_of(data: TrainingData, run: TrainingRun, state: TrainingState, folder: Path) -> OneEpoch:
    """Return what updates a state by one epoch.

    A private training's state leaves out the epochs that were lost.

    Raises:
        PrivacyError: The training's promise cannot be kept, or all of it is spent.
        CheckpointError: Its count is lost or damaged.
        CompilationError: It is to be compiled, and nothing can be on this machine.
    """
    if run.training.privacy is None:
        return _ordinary_epoch(data, run, state)
    return _private_epoch(data, run, state, folder)


def _ordinary_epoch(data: TrainingData, run: TrainingRun, state: TrainingState) -> OneEpoch:
    device = state.penalty_weight.device
    rows = (
        None
        if data.classes is None
        else class_rows(torch.from_numpy(data.classes), run.architecture).to(device)
    )
    patches = torch.tensor(data.patches, device=device)  # (n, side, side), uint8
    step = fastest_step(
        training_step(state, run.training, patches, rows),
        graphs=run.training.cuda_graphs,
        compiles=run.training.compile,
    )
    return OrdinaryEpoch(run, state, step)


def _private_epoch(
    data: TrainingData, run: TrainingRun, state: TrainingState, folder: Path
) -> OneEpoch:
    assert data.patients is not None, "checked before"
    assert run.training.privacy is not None, "asked before"
    on_device = torch.tensor(data.patches, device=state.penalty_weight.device)
    patches = PatientPatches(on_device, data.patients)
    budget = open_budget(folder, run.training, patches.patients)
    skip_lost_epochs(state, budget, folder)
    return PrivateEpoch(run, state, run.training.privacy, patches, budget)
