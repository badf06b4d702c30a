"""The epochs of a training, one after the other, and what each leaves on the disk."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import torch
from numpy.typing import NDArray

from centre_node.errors import TrainingDivergedError
from centre_node.generators.board import Board
from centre_node.generators.checkpoints import TrainingRun, save_checkpoint
from centre_node.generators.collapse import diversity, has_collapsed
from centre_node.generators.conditions import by_turns
from centre_node.generators.epoch_samples import (
    keep_samples,
    sampled_epochs,
    samples_of_an_epoch,
)
from centre_node.generators.epochs import EpochTotals, OneEpoch
from centre_node.generators.errors import ModeCollapseError
from centre_node.generators.estimates import SAMPLES
from centre_node.generators.kept_weights import kept_weights_name
from centre_node.generators.progress import LOSSES, FinishedEpoch, append_losses
from centre_node.generators.sampling import generate
from centre_node.generators.schedules import follow_schedules
from centre_node.generators.state import (
    EPOCH_SAMPLES,
    SAMPLE_GRID,
    TrainingState,
    random_stream,
)
from centre_node.generators.weights import export_weights
from centre_node.mammography.pictures import contact_sheet, write_png
from node_api.generator_training import is_kept

GRID_SIDE = 8

OnEpoch = Callable[[FinishedEpoch], None]


@dataclass
class TrainingLoop:
    """A training under way.

    Attributes:
        one_epoch: Updates the state.
        compared: The real patches that samples are compared with; None in a private training,
            whose samples are compared with none.
        good_epoch: That of the last checkpoint, 0 for none.
        board: Where it is told to TensorBoard, if it is.
    """

    run: TrainingRun
    folder: Path
    state: TrainingState
    one_epoch: OneEpoch
    compared: NDArray[np.uint8] | None
    good_epoch: int
    board: Board | None

    def run_epochs(self, on_epoch: OnEpoch) -> None:
        """Run the epochs that are left, and tell each."""
        started, done_before = time.perf_counter(), self.state.epoch
        while self.state.epoch < self.run.training.epochs:
            event = self._run_epoch()
            append_losses(self.folder / LOSSES, event)
            if self.board is not None:
                self.board.write_epoch(event, self.state)
            warning = self._keep_due()
            pace = (time.perf_counter() - started) / (event.epoch - done_before)
            left = pace * (event.epochs - event.epoch)
            on_epoch(replace(event, seconds_left=left, warning=warning))

    def _run_epoch(self) -> FinishedEpoch:
        state, training, started = self.state, self.run.training, time.perf_counter()
        follow_schedules(state, training)
        totals = self.one_epoch()
        losses = self._mean_losses(totals)
        state.losses.append(losses)
        rate = totals.patches / (time.perf_counter() - started)
        return FinishedEpoch(state.epoch, training.epochs, *losses, rate, seconds_left=0.0)

    def _mean_losses(self, totals: EpochTotals) -> tuple[float | None, float | None]:
        sums = totals.losses.tolist()  # the epoch's only wait
        means = [total / max(1, steps) for total, steps in zip(sums, totals.steps, strict=True)]
        if not all(map(math.isfinite, means)):
            self._stop_diverged(
                f"the losses of epoch {self.state.epoch + 1} are {means[0]} (discriminator) and "
                f"{means[1]} (generator), not finite"
            )
        discriminator, generator = (
            mean if steps else None for mean, steps in zip(means, totals.steps, strict=True)
        )
        return discriminator, generator

    def _keep_due(self) -> str | None:
        """Leave what is due after an epoch, and return what a person should be warned of."""
        state, training = self.state, self.run.training
        is_due = state.epoch % training.checkpoint_every_epochs == 0
        is_due = is_due or state.epoch == training.epochs
        keeps_weights = is_kept(state.epoch, training)
        if (is_due or keeps_weights) and not state.is_finite():
            self._stop_diverged(f"a weight is NaN or infinite after epoch {state.epoch}")
        warning = self._draw_grid() if is_due else None
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
        architecture, seed = self.run.architecture, self.run.training.drawn_seed
        keep_samples(
            self.folder,
            self.state.epoch,
            self.state.exported,
            count=samples_of_an_epoch(self.run.patches),
            architecture=architecture,
            random=random_stream(seed, EPOCH_SAMPLES),
        )

    def _draw_grid(self) -> str | None:
        """Leave a sample grid, and return what its patches have against them."""
        state, training = self.state, self.run.training
        latents = torch.randn(
            GRID_SIDE**2,
            self.run.architecture.latent_size,
            generator=random_stream(training.drawn_seed, SAMPLE_GRID),
        )
        samples = generate(state.exported, by_turns(latents, self.run.architecture))
        path = self.folder / SAMPLES / f"epoch-{state.epoch:04d}.png"
        sheet = contact_sheet(samples, columns=GRID_SIDE)
        found = None if self.compared is None else diversity(samples, self.compared)
        write_png(path, sheet)
        if self.board is not None:
            self.board.write_samples(state.epoch, sheet, found)
        return None if found is None else self._check_collapse(found)

    def _check_collapse(self, now: float) -> str | None:
        """Return a warning of samples that are alike, or stop, as the configuration says.

        What becomes of it in the end, the fidelity of the trained generator says.
        """
        state, training = self.state, self.run.training
        before, state.diversity = state.diversity, max(now, state.diversity)
        last, share = state.epoch == training.epochs, training.collapse_share
        if not has_collapsed(now, largest_before=before, share=share, last=last):
            return None
        has_fallen = before >= share
        reason = (
            f"after epoch {state.epoch} the samples' mean distance from each other "
            f"is {now:.1%} of the real patches', under {share:.1%}"
        )
        if training.on_collapse == "stop" and has_fallen:
            raise ModeCollapseError(f"mode collapse: {reason}; {self._last_checkpoint}")
        return f"the samples look alike: {reason}"

    def _stop_diverged(self, reason: str) -> NoReturn:
        raise TrainingDivergedError(f"{reason}; {self._last_checkpoint}")

    @property
    def _last_checkpoint(self) -> str:
        if self.good_epoch == 0:
            return "no checkpoint was written before"
        return f"the last good checkpoint is that of epoch {self.good_epoch}"
