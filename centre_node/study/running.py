"""One run: trains a classifier on what an arm gives it, and keeps what it says of the test."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field

from centre_node.classifiers.calibration import fitted_temperature
from centre_node.classifiers.metrics import chosen_threshold, classification_metrics
from centre_node.classifiers.training import lesion_log_odds, train_classifier
from centre_node.study.prepared import Run, StudyPatches, opened
from node_api.classifier_training import ClassifierTraining
from node_api.rows import RunRow
from node_api.tasks import CLASSES
from shared.models import StrictModel

LogOdds = NDArray[np.float64]

OnEpoch = Callable[[], None]
"""Called after every epoch; what it raises stops the run."""


class RunResult(StrictModel):
    """A finished run. Log-odds are the positive class's logit minus the other's, patch by patch."""

    row: RunRow
    validation_log_odds: tuple[float, ...] = Field(repr=False)
    test_log_odds: tuple[float, ...] = Field(repr=False)
    seconds: float


def do_run(study_file: Path, run: Run, *, device: torch.device, on_epoch: OnEpoch) -> RunResult:
    """Do one run of a prepared study: a pure function of the study and the run.

    Source: paper section 2.4.
    """
    started = time.monotonic()
    patches = opened(study_file)
    with _threads(patches.study.threads):
        row, validation, test = _train_and_test(patches, run, device, on_epoch)
    return RunResult(
        row=row,
        validation_log_odds=tuple(validation.tolist()),
        test_log_odds=tuple(test.tolist()),
        seconds=time.monotonic() - started,
    )


def training_of(run: Run, training: ClassifierTraining) -> ClassifierTraining:
    """Return how a run's classifier is trained: as the study says, or augmented as its arm says."""
    if run.arm.augmentation in (None, "painted"):  # painted patches come with the epoch
        return training
    fields = training.model_dump(exclude={"augmentation"})
    return ClassifierTraining.model_validate({**fields, "augmentation": run.arm.augmentation})


def _train_and_test(
    patches: StudyPatches, run: Run, device: torch.device, on_epoch: OnEpoch
) -> tuple[RunRow, LogOdds, LogOdds]:
    study = patches.study.configuration
    training = patches.training_patches(run)
    weights = patches.study.initial_weights
    network = train_classifier(
        training.draw_epoch,
        (patches.validation.pixels, patches.validation.labels),
        name=run.classifier,
        image_size=study.image_size,
        training=training_of(run, study.classifier_training),
        seed=run.seed,
        device=device,
        on_epoch=lambda _progress: on_epoch(),
        initial_weights=patches.folder / weights if weights else None,
    )
    validation, test = (
        lesion_log_odds(network, held_out.pixels) for held_out in (patches.validation, patches.test)
    )
    metrics = classification_metrics(
        patches.test.labels,
        test,
        patients=patches.test.patients,
        threshold=chosen_threshold(patches.validation.labels, validation),
        temperature=fitted_temperature(patches.validation.labels, validation),
        classes=CLASSES[study.task],
    )
    row = RunRow(
        classifier=run.classifier,
        arm=run.arm.name,
        train_fraction=run.train_fraction,
        lesions=study.lesions,
        seed=run.seed,
        n_train_real=training.n_real,
        n_train_synthetic=training.n_synthetic,
        **metrics.model_dump(),
    )
    return row, validation, test


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
