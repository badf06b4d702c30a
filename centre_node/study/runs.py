"""Runs a study: every classifier, training fraction, arm and seed, and what they say together."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from centre_node.classifiers.metrics import auroc
from centre_node.device import chosen_precision
from centre_node.study.analysis.predictions import Labels, Predictions, TestPatches
from centre_node.study.analysis.statistics import findings
from centre_node.study.arms import facts_of
from centre_node.study.errors import StudyFailedError
from centre_node.study.lineage import RESULT
from centre_node.study.outcomes import Outcome
from centre_node.study.pictures import remove_pictures, write_pictures
from centre_node.study.preparation import Preparation, StudyInputs, prepare
from centre_node.study.prepared import Run, opened
from centre_node.study.running import RunResult
from centre_node.study.task_data import image_digests
from node_api.findings import FailedRun, StudyOrigin, StudyResult, UsedGenerator
from node_api.rows import as_csv
from node_api.studies import Arm, StudyConfiguration
from shared.counts import counted
from shared.files import alone_in, full_disk_named, left_only_if_used, write_text
from shared.packages import Package
from shared.progress import OnProgress, Progress
from shared.version import genshare_version
from study_report.contents import StudyReport

RUNS, TABLE = "runs", "results.csv"


class Engine(Protocol):
    """Whoever does runs: processes of this machine, or a cluster."""

    def outcomes(
        self, study_file: Path, runs: Sequence[Run], *, device: str, on_tick: Callable[[], None]
    ) -> Iterator[Outcome]:
        """Yield each run's outcome as it ends, in any order; `on_tick` may raise to stop them."""


def run_study(
    configuration: StudyConfiguration,
    inputs: StudyInputs,
    *,
    folder: Path,
    cache: Path,
    device: torch.device,
    threads: int,
    engine: Engine,
    on_progress: OnProgress,
) -> StudyResult:
    """Run the grid and leave study-result.json, results.csv and pictures in `folder`.

    A run whose configuration and data are those of one in `cache` is read from there, not done
    again: an interrupted study goes on where it was, and two studies share the runs that they have
    in common. A run that fails is reported and does not end the others.

    Args:
        cache: Keeps patches, samples and runs; studies may share it.
        threads: That each run computes with; results depend on it.
        on_progress: Is told how many runs are done; what it raises stops the study.

    Raises:
        NotEnoughPatientsError, NotEnoughTissueError, OneClassOnlyError: The data are too few.
        FolderInUseError: Another process is running a study with this cache.
        StudyFailedError: Not one run came to its end.

    Source: paper sections 2.1 and 2.4.
    """
    started = time.monotonic()
    configuration = with_precision(configuration, device)
    with (
        left_only_if_used(folder),
        left_only_if_used(cache),
        full_disk_named(folder),
        alone_in(cache),
    ):
        ready = prepare(
            configuration,
            inputs,
            folder=cache,
            device=device,
            threads=threads,
            on_progress=on_progress,
        )
        runs = KeptRuns(cache / RUNS, ready)
        found = len(runs.results)
        failed = runs.do_missing(engine, device.type, on_progress)
        on_progress(_step(0, "computing statistics"))
        seconds = time.monotonic() - started
        origin = _origin(
            configuration,
            ready,
            device,
            images=image_digests(configuration, inputs.own, inputs.donors),
            threads=threads,
            seconds=seconds,
            found=found,
        )
        result = _result(ready, inputs, runs.results, failed, origin)
        on_progress(_step(1, "drawing pictures"))
        remove_pictures(folder)
        write_pictures(ready, inputs.packages, runs.results, folder)
        _write(StudyReport(configuration=configuration, result=result), folder)
    return result


def with_precision(configuration: StudyConfiguration, device: torch.device) -> StudyConfiguration:
    """Settle the precision before the first run, so that all runs and their files agree on it."""
    training = configuration.classifier_training
    precision = chosen_precision(training.precision, device)
    return configuration.model_copy(
        update={"classifier_training": training.model_copy(update={"precision": precision})}
    )


class KeptRuns:
    """Results of runs, each in a file that is named after all that its numbers depend on."""

    def __init__(self, folder: Path, ready: Preparation) -> None:
        folder.mkdir(exist_ok=True)
        self._ready = ready
        self._files = {
            run: folder / f"{ready.study.run_digest(run)}.json" for run in ready.study.runs()
        }
        self.results = {
            run: RunResult.model_validate_json(file.read_bytes())
            for run, file in self._files.items()
            if file.exists()
        }

    def do_missing(
        self, engine: Engine, device: str, on_progress: OnProgress
    ) -> tuple[FailedRun, ...]:
        """Do the runs that are not there yet, and return those that failed.

        Raises:
            StudyFailedError: Not one run is there then.
        """
        missing = [run for run in self._files if run not in self.results]
        failed: list[FailedRun] = []
        message = "training classifiers"

        def tick() -> None:
            tell(on_progress, len(self.results) + len(failed), len(self._files), message)

        for outcome in engine.outcomes(self._ready.file, missing, device=device, on_tick=tick):
            message = outcome.run.title
            if outcome.result is None:
                failed.append(_failed(outcome))
            else:
                self._keep(outcome.run, outcome.result)
            tick()
        if not self.results:
            raise StudyFailedError(
                f"not one of {counted(len(self._files), 'run')} ended well: {failed[0].problem}"
            )
        return tuple(failed)

    def _keep(self, run: Run, result: RunResult) -> None:
        write_text(self._files[run], result.model_dump_json())
        self.results[run] = result


def _step(done: int, message: str) -> Progress:
    return Progress(done=done, total=2, unit="steps", message=message)


def tell(on_progress: OnProgress, done: int, total: int, message: str) -> None:
    """Say how many runs are done, and what is done now."""
    on_progress(Progress(done=done, total=total, unit="runs", message=message))


def _failed(outcome: Outcome) -> FailedRun:
    run = outcome.run
    return FailedRun(
        classifier=run.classifier,
        train_fraction=run.train_fraction,
        arm=run.arm.name,
        seed=run.seed,
        problem=outcome.problem,
    )


def _origin(
    configuration: StudyConfiguration,
    ready: Preparation,
    device: torch.device,
    *,
    images: dict[str, str],
    threads: int,
    seconds: float,
    found: int,
) -> StudyOrigin:
    """Say what the numbers come from; `found` runs were there already."""
    return StudyOrigin(
        configuration_digest=hashlib.sha256(configuration.model_dump_json().encode()).hexdigest(),
        data_digests=tuple(sorted(_data_digests(ready))),
        images=images,
        versions={"genshare": genshare_version(), "torch": str(torch.__version__)},
        device=_device_name(device),
        threads=threads,
        seconds=seconds,
        runs_found=found,
    )


def _result(
    ready: Preparation,
    inputs: StudyInputs,
    results: dict[Run, RunResult],
    failed: tuple[FailedRun, ...],
    origin: StudyOrigin,
) -> StudyResult:
    study, patches = ready.study.configuration, opened(ready.file)
    test = patches.test
    centres = {digest: package.card.centre for digest, package in inputs.packages.items()}
    arms = tuple(
        facts_of(
            arm,
            ready.study.additions[arm.name],
            centres=centres,
            augmentation=study.classifier_training.augmentation,
            harmonised_runs=_harmonised_runs(arm, results),
        )
        for arm in study.arms
    )
    in_order = [results[run] for run in ready.study.runs() if run in results]
    return StudyResult(
        arms=arms,
        rows=tuple(result.row for result in in_order),
        failed=failed,
        findings=findings(
            arms,
            TestPatches(test.labels, test.patients),
            [predictions_of(result, patches.validation.labels) for result in in_order],
            resamples=study.resamples,
            seed=study.split_seed,
        ),
        balance=ready.balance,
        shortcut=ready.shortcut,
        left_out=ready.left_out,
        warnings=ready.warnings,
        generators=tuple(_used(ready, inputs.packages)),
        origin=origin,
    )


def _harmonised_runs(arm: Arm, results: dict[Run, RunResult]) -> tuple[int, int] | None:
    """Return how many of an arm's runs were harmonised, and of how many, where that was chosen."""
    if arm.harmonised != "validation":
        return None
    chosen = [result.is_harmonised for run, result in results.items() if run.arm == arm]
    return sum(chosen), len(chosen)


def predictions_of(result: RunResult, validation: Labels) -> Predictions:
    """Return what the statistics are made from, of a run that ended; `validation` is its truth."""
    return Predictions(
        result.row,
        np.array(result.test_log_odds),
        auroc(validation, np.array(result.validation_log_odds)),
    )


def _used(ready: Preparation, packages: Mapping[str, Package]) -> Iterator[UsedGenerator]:
    study = ready.study.configuration
    for digest, samples in ready.study.synthetic.items():
        card = packages[digest].card
        yield UsedGenerator(
            manifest_digest=digest,
            centre=card.centre,
            name=card.name,
            title=card.title,
            arms=tuple(arm.name for arm in study.arms if digest in arm.generators),
            patches=study.synthetic_patches,
            recipe_digest=samples.recipe_digest,
        )


def _data_digests(ready: Preparation) -> Iterator[str]:
    study = ready.study
    for store in (*study.train.values(), study.validation, study.test, *study.donors.values()):
        yield store.digest


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def _write(report: StudyReport, folder: Path) -> None:
    write_text(folder / TABLE, as_csv(report.result.rows))
    write_text(folder / RESULT, report.model_dump_json(indent=2) + "\n")
