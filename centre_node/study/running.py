"""One run: trains a classifier on what an arm gives it, and keeps what it says of the test."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import nn

from centre_node.classifiers.calibration import fitted_temperature
from centre_node.classifiers.metrics import auroc, chosen_threshold, classification_metrics
from centre_node.classifiers.training import lesion_log_odds, train_classifier
from centre_node.device import computing_with
from centre_node.study.prepared import Run, StudyPatches, opened
from centre_node.study.training_patches import TrainingPatches
from node_api.classifier_training import ClassifierTraining
from node_api.rows import RunRow
from node_api.studies import looks_tried
from node_api.tasks import CLASSES
from shared.models import StrictModel

LogOdds = NDArray[np.float64]

OnEpoch = Callable[[], None]
"""Called after every epoch; what it raises stops the run."""


class RunResult(StrictModel):
    """A finished run. Log-odds are the positive class's logit minus the other's, patch by patch.

    Attributes:
        is_harmonised: Whether added lesions got the look of the own ones.
    """

    row: RunRow
    is_harmonised: bool = False
    validation_log_odds: tuple[float, ...] = Field(repr=False)
    test_log_odds: tuple[float, ...] = Field(repr=False)
    seconds: float


def do_run(study_file: Path, run: Run, *, device: torch.device, on_epoch: OnEpoch) -> RunResult:
    """Do one run of a prepared study: a pure function of the study and the run.

    Source: paper section 2.4.
    """
    started = time.monotonic()
    patches = opened(study_file)
    with computing_with(patches.study.threads):
        trained = _best(patches, run, device, on_epoch)
        row, test = _tested(patches, run, trained)
    return RunResult(
        row=row,
        is_harmonised=trained.is_harmonised,
        validation_log_odds=tuple(trained.validation.tolist()),
        test_log_odds=tuple(test.tolist()),
        seconds=time.monotonic() - started,
    )


def training_of(run: Run, training: ClassifierTraining) -> ClassifierTraining:
    """Return how a run's classifier is trained: as the study says, or augmented as its arm says."""
    if run.arm.augmentation in (None, "painted"):  # painted patches come with the epoch
        return training
    fields = training.model_dump(exclude={"augmentation"})
    return ClassifierTraining.model_validate({**fields, "augmentation": run.arm.augmentation})


@dataclass(frozen=True)
class _Trained:
    """A classifier, what it trained on, and what it says of the validation patches."""

    network: nn.Module
    patches: TrainingPatches
    is_harmonised: bool
    validation: LogOdds


def _best(patches: StudyPatches, run: Run, device: torch.device, on_epoch: OnEpoch) -> _Trained:
    """Train in each way that the arm allows, and return what validation patients speak for."""
    trained = [
        _trained(patches, run, device, on_epoch, is_harmonised=way)
        for way in looks_tried(run.arm.harmonised)
    ]
    labels = patches.validation.labels
    return max(trained, key=lambda one: auroc(labels, one.validation) or 0.0)


def _trained(
    patches: StudyPatches,
    run: Run,
    device: torch.device,
    on_epoch: OnEpoch,
    *,
    is_harmonised: bool,
) -> _Trained:
    study = patches.study.configuration
    training = patches.training_patches(run, is_harmonised=is_harmonised)
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
    validation = lesion_log_odds(network, patches.validation.pixels)
    return _Trained(network, training, is_harmonised, validation)


def _tested(patches: StudyPatches, run: Run, trained: _Trained) -> tuple[RunRow, LogOdds]:
    """Return how a classifier does on the test patches, and what it says of them."""
    study, validation = patches.study.configuration, trained.validation
    test = lesion_log_odds(trained.network, patches.test.pixels)
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
        n_train_real=trained.patches.n_real,
        n_train_synthetic=trained.patches.n_synthetic,
        **metrics.model_dump(),
    )
    return row, test
