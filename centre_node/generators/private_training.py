"""A training under differential privacy: what it checks, and how it goes on after an interruption.

What the promise is, to whom, and what it leaves out: docs/privacy.md. What it asks of a training:

- the discriminator's steps are noisy (`private_epochs`, `patient_gradients`) and counted before
  they are taken (`spent_steps`, `accountant`);
- nothing adapts to real patches: no augmentation that follows overfitting, no number of steps
  that follows the discriminator's accuracy, no stop at a collapse;
- nothing that compares samples with the patches is measured, so no fidelity reaches a card.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from centre_node.generators.errors import CheckpointError, PrivacyError
from centre_node.generators.spent_steps import Budget
from centre_node.generators.state import TrainingState
from node_api.generator_training import GeneratorTraining
from shared.architectures import Architecture
from shared.counts import counted


def check_owners(
    patients: NDArray[np.int64] | None,
    patches: int,
    architecture: Architecture,
    training: GeneratorTraining,
) -> None:
    """Check that a private training knows whose its patches are, and can do with what it has.

    Args:
        patients: Each patch's patient, numbers from 0 without a gap, shape (patches,).

    Raises:
        PrivacyError: It cannot.
    """
    if training.privacy is None:
        return
    if architecture.classes:
        raise PrivacyError(
            "the recipe private trains no generator of classes: leave classes out of the "
            "architecture"
        )
    if patients is None or patients.shape != (patches,):
        raise PrivacyError(
            f"the recipe private protects patients, so each of the {patches} patches needs to be "
            "some patient's, but it is not known whose they are"
        )
    people, rate = len(np.unique(patients)), training.privacy.sampling_rate
    if people * rate < 1:
        raise PrivacyError(
            f"at a sampling_rate of {rate} a step sees less than one of "
            f"{counted(people, 'patient')} on "
            "average: raise it, or train on more patients"
        )


def skip_lost_epochs(state: TrainingState, budget: Budget, folder: Path) -> None:
    """Leave out the epochs that were spent after the last checkpoint: they are not done again.

    Raises:
        CheckpointError: Fewer epochs were counted than the checkpoint has.
        PrivacyError: All were spent, and no checkpoint kept what they brought.
    """
    lost = budget.epochs - state.epoch
    if lost < 0:
        raise CheckpointError(
            f"{folder} counts {counted(budget.epochs, 'epoch')} as spent, but its checkpoint is "
            f"of epoch {state.epoch}; train anew in another folder, and count both"
        )
    if state.epoch == 0 and budget.is_spent:
        raise PrivacyError(
            f"{folder} has spent all its epochs and kept no checkpoint of them; train anew in "
            "another folder, and count both"
        )
    state.losses += [(None, None)] * lost
