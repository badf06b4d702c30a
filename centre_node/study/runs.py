"""Runs a study: every classifier, training fraction, arm and seed, and the rows they leave."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import logit

from centre_node.classifiers.calibration import fitted_temperature
from centre_node.classifiers.configuration import ClassifierName
from centre_node.classifiers.metrics import chosen_threshold, classification_metrics
from centre_node.classifiers.training import lesion_probabilities, train_classifier
from centre_node.errors import OneClassOnlyError
from centre_node.mammography.extraction import extract_patches
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.patch_store import PatchStore, check_no_leak
from centre_node.mammography.pictures import contact_sheet, write_png
from centre_node.mammography.shortcuts import shortcut_report
from centre_node.mammography.splits import (
    Split,
    balance,
    share_of_patients,
    split_patients,
    with_kinds,
)
from centre_node.mammography.summaries import ShortcutReport, SubsetBalance
from centre_node.sharing.receive import synthetic_patches
from centre_node.study.arms import Addition, addition, largest_healthy_addition
from centre_node.study.configuration import Arm, StudyConfiguration
from centre_node.study.rows import RunRow, as_csv
from centre_node.study.training_patches import (
    HEALTHY,
    LESION,
    Labels,
    Pixels,
    TrainingPatches,
    all_patches,
    own_and_extra_healthy,
)
from shared.packages import Package

PICTURED = 64

OnProgress = Callable[[int, int, str], None]
"""Called with runs done, runs in all, and what is going on; may raise to stop the study."""


@dataclass(frozen=True)
class StudyResult:
    """What a finished study found.

    Attributes:
        rows: In the order of the grid.
        balance: What the subsets of the split hold.
        shortcut: How far test patches can be told apart without looking for a lesion.
    """

    rows: tuple[RunRow, ...]
    balance: tuple[SubsetBalance, ...]
    shortcut: ShortcutReport


@dataclass(frozen=True)
class Run:
    """One cell of the grid with one seed."""

    classifier: ClassifierName
    train_fraction: float
    arm: Arm
    seed: int

    @property
    def title(self) -> str:
        """How the run is called in progress lines."""
        return f"{self.classifier}, {self.train_fraction:.0%}, {self.arm.name}, seed {self.seed}"


@dataclass(frozen=True)
class StudyPatches:
    """Everything that the runs of a study draw from."""

    train: Mapping[float, PatchStore]
    validation: tuple[Pixels, Labels]
    test: tuple[Pixels, Labels]
    test_patients: NDArray[np.str_]
    synthetic: Mapping[str, Pixels]
    digests: tuple[str, ...]
    balance: tuple[SubsetBalance, ...]
    shortcut: ShortcutReport


def run_study(
    configuration: StudyConfiguration,
    mammograms: Sequence[Mammogram],
    *,
    packages: Mapping[str, Package],
    folder: Path,
    device: torch.device,
    on_progress: OnProgress,
) -> StudyResult:
    """Run the grid and leave results.csv, split.json and pictures in `folder`.

    A run that an earlier, interrupted call finished is read from `folder`, not run again.

    Args:
        packages: Pulled generator packages by manifest digest, at least those of the arms.

    Raises:
        NotEnoughPatientsError, NotEnoughTissueError, OneClassOnlyError: The data are too few.

    Source: paper sections 2.1 and 2.4.
    """
    grid = tuple(_grid(configuration))
    on_progress(0, len(grid), "cutting patches")
    patches = _study_patches(configuration, mammograms, packages, folder, device)
    _write_pictures(patches, packages, configuration, folder)
    rows = []
    for done, run in enumerate(grid):
        on_progress(done, len(grid), run.title)
        row_file = folder / "runs" / f"{_run_digest(configuration, run, patches)}.json"
        rows.append(
            _stored(row_file) or _store(row_file, _row(configuration, run, patches, device))
        )
    (folder / "results.csv").write_text(as_csv(rows))
    on_progress(len(grid), len(grid), "done")
    return StudyResult(tuple(rows), patches.balance, patches.shortcut)


def _grid(configuration: StudyConfiguration) -> Iterator[Run]:
    for classifier in configuration.classifiers:
        for fraction in configuration.train_fractions:
            for arm in configuration.arms:
                for seed in configuration.seeds:
                    yield Run(classifier, fraction, arm, seed)


def _study_patches(
    configuration: StudyConfiguration,
    mammograms: Sequence[Mammogram],
    packages: Mapping[str, Package],
    folder: Path,
    device: torch.device,
) -> StudyPatches:
    scope = with_kinds(mammograms, configuration.lesion_kinds)
    split = split_patients(scope, shares=configuration.split_shares, seed=configuration.split_seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "split.json").write_text(split.model_dump_json(indent=2))
    extra = largest_healthy_addition(
        configuration.arms, synthetic_patches=configuration.synthetic_patches
    )
    train = {
        fraction: _extracted(
            configuration,
            mammograms,
            _training_patients(configuration, split, fraction),
            folder / "patches" / _train_folder(configuration, fraction),
            extra_healthy=extra,
        )
        for fraction in configuration.train_fractions
    }
    validation, test = (
        _extracted(configuration, mammograms, patients, folder / "patches" / name, extra_healthy=0)
        for name, patients in _held_out(split)
    )
    for store in train.values():
        check_no_leak((store, validation, test))
    largest = train[max(train)]
    return StudyPatches(
        train=train,
        validation=all_patches(validation, size=configuration.image_size),
        test=all_patches(test, size=configuration.image_size),
        test_patients=np.array([record.patient_id for record in test.records]),
        synthetic=_synthetic(configuration, packages, device),
        digests=(*(store.digest for store in train.values()), validation.digest, test.digest),
        balance=balance(split, scope),
        shortcut=shortcut_report(largest, test, size=configuration.image_size),
    )


def _train_folder(configuration: StudyConfiguration, fraction: float) -> str:
    return "train-1" if configuration.train_fraction_of == "patches" else f"train-{fraction:g}"


def _training_patients(
    configuration: StudyConfiguration, split: Split, fraction: float
) -> tuple[str, ...]:
    if configuration.train_fraction_of == "patches":
        return split.train
    return share_of_patients(split.train, fraction, seed=split.seed)


def _held_out(split: Split) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (("validation", split.validation), ("test", split.test))


def _extracted(
    configuration: StudyConfiguration,
    mammograms: Sequence[Mammogram],
    patients: tuple[str, ...],
    folder: Path,
    *,
    extra_healthy: int,
) -> PatchStore:
    """Cut the patches of some patients: every lesion, as many healthy ones, and the extra ones."""
    chosen = set(patients)
    mine = [mammogram for mammogram in mammograms if mammogram.patient_id in chosen]
    kinds = configuration.lesion_kinds
    lesions = sum(len(mammogram.lesions) for mammogram in with_kinds(mine, kinds))
    if not lesions:
        raise OneClassOnlyError(
            f"{len(patients)} patients of the {folder.name} subset have no lesion of the kinds "
            f"{', '.join(kinds)}; both lesions and healthy tissue are needed"
        )
    return extract_patches(
        mine,
        folder=folder,
        configuration=configuration.patches,
        lesion_kinds=kinds,
        healthy=lesions + extra_healthy,
        seed=configuration.split_seed,
        on_progress=lambda _done, _total: None,
    )


def _synthetic(
    configuration: StudyConfiguration, packages: Mapping[str, Package], device: torch.device
) -> dict[str, Pixels]:
    needed = {digest for arm in configuration.arms for digest in arm.generators}
    return {
        digest: synthetic_patches(
            packages[digest],
            count=configuration.synthetic_patches,
            seed=configuration.sampling_seed,
            device=device,
        )
        for digest in sorted(needed)
    }


def _row(
    configuration: StudyConfiguration, run: Run, patches: StudyPatches, device: torch.device
) -> RunRow:
    added = addition(run.arm, synthetic_patches=configuration.synthetic_patches)
    training = _training_patches(configuration, run, added, patches)
    network = train_classifier(
        training.draw_epoch,
        patches.validation,
        name=run.classifier,
        image_size=configuration.image_size,
        training=configuration.classifier_training,
        seed=run.seed,
        device=device,
        on_epoch=lambda _epoch: None,
    )
    pixels, labels = patches.validation
    log_odds = _log_odds(network, pixels)
    metrics = classification_metrics(
        patches.test[1],
        _log_odds(network, patches.test[0]),
        patients=patches.test_patients,
        threshold=chosen_threshold(labels, log_odds),
        temperature=fitted_temperature(labels, log_odds),
    )
    return RunRow(
        classifier=run.classifier,
        arm=run.arm.name,
        train_fraction=run.train_fraction,
        lesions=configuration.lesions,
        seed=run.seed,
        n_train_real=len(training.indices),
        n_train_synthetic=len(training.synthetic),
        **metrics.model_dump(),
    )


def _log_odds(network: torch.nn.Module, pixels: Pixels) -> NDArray[np.float64]:
    """Return finite log-odds of a lesion, shape (n,), whatever a softmax rounds to."""
    probability = np.clip(lesion_probabilities(network, pixels), 1e-300, 1 - 1e-16)
    log_odds: NDArray[np.float64] = logit(probability)
    return log_odds


def _training_patches(
    configuration: StudyConfiguration, run: Run, added: Addition, patches: StudyPatches
) -> TrainingPatches:
    store = patches.train[run.train_fraction]
    by_patches = configuration.train_fraction_of == "patches"
    lesions, healthy, extra = own_and_extra_healthy(
        store, share=run.train_fraction if by_patches else 1.0, seed=configuration.split_seed
    )
    size = configuration.image_size
    none = np.empty((0, size, size), dtype=np.uint8)
    synthetic = [patches.synthetic[digest][:count] for digest, count in added.synthetic.items()]
    return TrainingPatches(
        store=store,
        indices=np.concatenate([lesions, healthy, extra[: added.healthy]]),
        synthetic=np.concatenate([none, *synthetic]),
        jitter=configuration.patches.jitter,
        size=size,
    )


def _run_digest(configuration: StudyConfiguration, run: Run, patches: StudyPatches) -> str:
    """Return a key that changes with anything that the run's numbers depend on."""
    shared_fields = configuration.model_dump(
        mode="json", exclude={"arms", "seeds", "train_fractions", "classifiers"}
    )
    identity = [
        shared_fields,
        run.classifier,
        run.train_fraction,
        run.arm.model_dump(mode="json"),
        run.seed,
        patches.digests,
        torch.get_num_threads(),
    ]
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def _stored(path: Path) -> RunRow | None:
    return RunRow.model_validate_json(path.read_bytes()) if path.exists() else None


def _store(path: Path, row: RunRow) -> RunRow:
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_suffix(".part")
    temporary.write_text(row.model_dump_json())
    temporary.replace(path)
    return row


def _write_pictures(
    patches: StudyPatches,
    packages: Mapping[str, Package],
    configuration: StudyConfiguration,
    folder: Path,
) -> None:
    store = patches.train[max(configuration.train_fractions)]
    for name, label in (("lesion", LESION), ("healthy", HEALTHY)):
        crops = store.crops(store.indices(label)[:PICTURED], size=configuration.image_size)
        write_png(folder / f"real-{name}-patches.png", contact_sheet(crops, columns=8))
    for digest, synthetic in patches.synthetic.items():
        card = packages[digest].card
        sheet = contact_sheet(synthetic[:PICTURED], columns=8)
        write_png(folder / f"synthetic-{card.centre}-{card.name}.png", sheet)
