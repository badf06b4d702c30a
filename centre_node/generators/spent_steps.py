"""What a private training has spent, on disk before anything that it bought can be seen.

An epoch is charged before its first step. What an interruption then loses was spent all the same
and is not done again: whoever stops a training, having looked at it, gains nothing. So the file
counts every step that ever touched a patient, and never more of them than were planned.
"""

from pathlib import Path

from pydantic import Field

from centre_node.generators.accountant import (
    Steps,
    check_countable,
    delta_for,
    needed_noise,
    spent_epsilon,
)
from centre_node.generators.checkpoints import CHECKPOINT
from centre_node.generators.errors import CheckpointError, PrivacyError
from node_api.generator_training import GeneratorTraining
from shared.cards import PrivacyPromise
from shared.counts import counted
from shared.files import write_text
from shared.models import StrictModel, read_model

SPENT = "privacy.json"


class SpentSteps(StrictModel):
    """The noise of a training's steps, and the epochs that were charged.

    Attributes:
        noise_multiplier: Kept, so that another version of the accountant changes no training.
    """

    noise_multiplier: float = Field(gt=0)
    delta: float = Field(gt=0, lt=1)
    epochs: int = Field(ge=0)


class Budget:
    """Counts a training's epochs in its folder."""

    def __init__(self, folder: Path, training: GeneratorTraining, spent: SpentSteps) -> None:
        self._path, self._training, self._spent = folder / SPENT, training, spent

    @property
    def noise_multiplier(self) -> float:
        """Standard deviation of each step's noise in clips."""
        return self._spent.noise_multiplier

    @property
    def epochs(self) -> int:
        """Epochs that were charged."""
        return self._spent.epochs

    @property
    def is_spent(self) -> bool:
        """Tell whether no epoch is left."""
        return self.epochs >= self._training.epochs

    def charge_epoch(self) -> None:
        """Count one more epoch, on disk when this returns.

        Raises:
            PrivacyError: All that were planned are spent.
        """
        if self.is_spent:
            raise PrivacyError(
                f"the training's {counted(self._training.epochs, 'epoch is', 'epochs are')} spent"
            )
        self._spent = self._spent.model_copy(update={"epochs": self.epochs + 1})
        write_text(self._path, self._spent.model_dump_json(indent=2))

    def promise(self) -> PrivacyPromise:
        """Return what the steps so far spent."""
        privacy = self._training.privacy
        assert privacy is not None, "only a private training has a budget"
        steps = Steps(
            self.epochs * privacy.steps_per_epoch, privacy.sampling_rate, self._spent.delta
        )
        return PrivacyPromise(
            epsilon=spent_epsilon(steps, self.noise_multiplier),
            delta=steps.delta,
            noise_multiplier=self.noise_multiplier,
            clip=privacy.clip,
            sampling_rate=steps.sampling_rate,
            steps=steps.count,
        )


def open_budget(folder: Path, training: GeneratorTraining, patients: int) -> Budget:
    """Return the budget of a training on so many patients, new or as far as it is spent.

    Raises:
        CheckpointError: The folder's count is lost or damaged.
        PrivacyError: The promise cannot be kept.
    """
    path = folder / SPENT
    if path.exists():
        spent = read_model(SpentSteps, path, CheckpointError, as_what=" is damaged")
        return Budget(folder, training, spent)
    if (folder / CHECKPOINT).exists():
        raise CheckpointError(
            f"{folder} holds {CHECKPOINT}, but no {SPENT} that counts what it spent; train anew "
            "in another folder, and count both"
        )
    return Budget(folder, training, _nothing_spent(training, patients))


def _nothing_spent(training: GeneratorTraining, patients: int) -> SpentSteps:
    privacy = training.privacy
    assert privacy is not None, "only a private training has a budget"
    delta, noise = delta_for(privacy, patients), privacy.noise_multiplier
    count = training.epochs * privacy.steps_per_epoch
    steps = Steps(count, privacy.sampling_rate, delta)
    if noise is not None:
        check_countable(steps, noise)
        return SpentSteps(noise_multiplier=noise, delta=delta, epochs=0)
    assert privacy.epsilon is not None, "the model takes one of both"
    return SpentSteps(noise_multiplier=needed_noise(steps, privacy.epsilon), delta=delta, epochs=0)


def promised(folder: Path, training: GeneratorTraining, patients: int) -> PrivacyPromise | None:
    """Return what a training in a folder promises so far; None where it is not private.

    Raises:
        CheckpointError: Nothing counts what it spent.
    """
    if training.privacy is None:
        return None
    if not (folder / SPENT).exists():
        raise CheckpointError(f"{folder} has no {SPENT}, so nobody knows what its training spent")
    return open_budget(folder, training, patients).promise()
