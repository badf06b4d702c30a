"""What each kind of job does. Runs in the worker."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine

from centre_node.connection.service import Connection
from centre_node.connection.store import ConnectionStore, HubConnection
from centre_node.datasets.service import Datasets
from centre_node.datasets.store import DatasetStore
from centre_node.device import default_device
from centre_node.errors import JobConflictError, JobNotFoundError
from centre_node.fidelity.measuring import measured_fidelity
from centre_node.fidelity.over_epochs import fidelity_curves, fidelity_over_epochs
from centre_node.generators.epoch_samples import kept_samples
from centre_node.generators.kept_weights import weight_files
from centre_node.generators.progress import TrainingProgress
from centre_node.generators.training import (
    LOSSES,
    SAMPLES,
    WEIGHTS,
    train_generator,
)
from centre_node.jobs.requests import (
    AnyJobRequest,
    PublishRequest,
    PullRequest,
    SampleRequest,
    StudyRequest,
    TrainGeneratorRequest,
    WritePhantomsRequest,
)
from centre_node.jobs.service import ARTIFACTS
from centre_node.jobs.store import Job, JobStore, Progress
from centre_node.mammography.datasets import DataFolders, read_dataset
from centre_node.mammography.extraction import extract_patches
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.phantoms.writing import write_phantoms
from centre_node.mammography.pictures import contact_sheet, write_encoded_png, write_png
from centre_node.sharing.patch_files import ARRAY, RECIPE, array_file
from centre_node.sharing.publish import Terms, TrainedGenerator, build_package
from centre_node.sharing.receive import follow_recipe, pull, pulled
from centre_node.sharing.recipes import new_recipe
from centre_node.study.runs import run_study
from shared.hub_client import HubClient, connect
from shared.version import genshare_version

PICTURED = 64
OVER_EPOCHS_JSON, OVER_EPOCHS_PNG = "fidelity-over-epochs.json", "fidelity-over-epochs.png"

Report = Callable[[Progress], None]
Result = dict[str, Any]


@dataclass(frozen=True)
class Node:
    """What handlers may use of the node."""

    engine: Engine
    data_dir: Path
    folders: DataFolders

    @property
    def generators_dir(self) -> Path:
        """Where pulled packages lie, by manifest digest."""
        return self.data_dir / "generators"

    def job_folder(self, job_id: str) -> Path:
        """Where a job's files lie."""
        return self.data_dir / "jobs" / job_id

    def reading(self, dataset: str) -> Reading:
        """Read a registered data set."""
        datasets = Datasets(DatasetStore(self.engine), self.folders)
        return read_dataset(datasets.find(dataset).source, self.folders)

    def connection(self) -> HubConnection:
        """Return the hub connection."""
        return Connection(ConnectionStore(self.engine)).current()

    def hub(self) -> HubClient:
        """Return a client of the hub."""
        connection = self.connection()
        return connect(connection.url, connection.token)


def handle(job: Job, node: Node, report: Report) -> Result:
    """Run a job and return its result, a JSON object."""
    folder = node.job_folder(job.id)
    request: AnyJobRequest = job.request
    match request:
        case WritePhantomsRequest():
            return _write_phantoms(request, node, report)
        case TrainGeneratorRequest():
            return _train(request, node, folder, report)
        case PublishRequest():
            return _publish(request, node, folder)
        case PullRequest():
            return _pull(request, node)
        case SampleRequest():
            return _sample(request, node, folder, report)
        case StudyRequest():
            return _study(request, node, folder, report)


def _write_phantoms(request: WritePhantomsRequest, node: Node, report: Report) -> Result:
    folder = node.folders.of_phantoms(request.phantoms)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_phantoms(
        request.phantoms,
        folder,
        layout=request.layout,
        on_progress=lambda done, total: report(
            Progress(done=done, total=total, unit="images", message="drawing phantoms")
        ),
    )
    return {"layout": request.layout, "phantoms": request.phantoms.model_dump(mode="json")}


def _train(request: TrainGeneratorRequest, node: Node, folder: Path, report: Report) -> Result:
    reading = node.reading(request.dataset)
    identity = [request.dataset, request.patches.model_dump(mode="json"), request.lesion_kinds]
    key = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
    store = extract_patches(
        reading.mammograms,
        folder=node.data_dir / "patches" / key,
        configuration=request.patches,
        lesion_kinds=request.lesion_kinds,
        healthy=0,
        seed=0,
        on_progress=lambda done, total: report(
            Progress(done=done, total=total + 1, unit="images", message="cutting patches")
        ),
    )
    patches = store.crops(range(len(store.records)), size=request.architecture.image_size)
    artifacts = folder / ARTIFACTS
    write_png(artifacts / "real-patches.png", contact_sheet(patches[:PICTURED], columns=8))

    def report_epoch(progress: TrainingProgress) -> None:
        if progress.epoch % request.training.checkpoint_every_epochs == 0:
            _copy_pictures(folder / "training", artifacts)
        rate = progress.patches_per_second / len(patches)
        report(
            Progress(
                done=progress.epoch,
                total=progress.epochs,
                unit="epochs",
                message=progress.message,
                rate=rate,
                seconds_left=progress.seconds_left,
            )
        )

    weights = train_generator(
        patches,
        architecture=request.architecture,
        training=request.training,
        folder=folder / "training",
        device=default_device(),
        on_progress=report_epoch,
        tensorboard=request.tensorboard,
    )
    _copy_pictures(folder / "training", artifacts)

    def report_measuring(message: str) -> None:
        epochs = request.training.epochs
        report(Progress(done=epochs, total=epochs + 1, unit="epochs", message=message))

    report_measuring("measuring fidelity")
    patients = [record.patient_id for record in store.records]
    fidelity = measured_fidelity(
        weights,
        request.architecture,
        patches,
        patients=patients,
        seed=request.training.seed,
        device=default_device(),
    )
    for name, png in fidelity.pictures.items():
        write_encoded_png(artifacts / name, png)
    over_epochs = fidelity_over_epochs(
        kept_samples(folder / "training"),
        fidelity.real,
        patients=patients,
        seed=request.training.seed,
        device=default_device(),
        on_epoch=lambda epoch: report_measuring(f"measuring the fidelity of epoch {epoch}"),
    )
    if over_epochs is not None:
        (artifacts / OVER_EPOCHS_JSON).write_text(over_epochs.model_dump_json(indent=2) + "\n")
        write_encoded_png(artifacts / OVER_EPOCHS_PNG, fidelity_curves(over_epochs))
    spacings = {m.pixel_spacing_mm for m in reading.mammograms}
    trained = TrainedGenerator(
        data_set=reading.name,
        lesion_kinds=request.lesion_kinds,
        patients=len(set(patients)),
        patches=len(patches),
        pixel_spacing_mm=spacings.pop() if len(spacings) == 1 else None,
        architecture=request.architecture,
        training=request.training,
        genshare_version=genshare_version(),
        fidelity=fidelity.report,
    )
    return {**trained.model_dump(mode="json"), "skipped": store.skipped}


def _copy_pictures(training: Path, artifacts: Path) -> None:
    """Show what a training has drawn so far."""
    shutil.copytree(training / SAMPLES, artifacts / SAMPLES, dirs_exist_ok=True)
    shutil.copyfile(training / LOSSES, artifacts / LOSSES)


def _publish(request: PublishRequest, node: Node, folder: Path) -> Result:
    job = JobStore(node.engine).find(request.training_job)
    if job is None or job.kind != "train_generator":
        raise JobNotFoundError("no train_generator job has the id that training_job gives")
    if job.state != "succeeded" or job.result is None:
        raise JobConflictError(f"the training has {job.state}; only a finished one is published")
    facts = {name: job.result[name] for name in TrainedGenerator.model_fields}
    fields = request.model_dump(include=set(Terms.model_fields))
    training = node.job_folder(job.id) / "training"
    package = build_package(
        folder / "package",
        weight_files(training) if request.ensemble else [training / WEIGHTS],
        TrainedGenerator.model_validate(facts),
        Terms(centre=node.connection().centre, **fields),
    )
    return node.hub().publish(package).model_dump(mode="json")


def _pull(request: PullRequest, node: Node) -> Result:
    record, package = pull(
        node.hub(),
        request.centre,
        request.name,
        request.version,
        folder=node.generators_dir,
        weights=request.weights,
        weights_at_most=request.weights_at_most,
    )
    return {
        "manifest_digest": package.digest,
        "centre": record.centre,
        "name": record.name,
        "version": record.version,
        "weights": [file.name for file in package.weights],
        "whole": package.is_whole,
    }


def _sample(request: SampleRequest, node: Node, folder: Path, report: Report) -> Result:
    package = pulled(node.generators_dir, request.generator, partly=True)
    device, side = default_device(), package.card.architecture.image_size
    recipe = new_recipe(package, count=request.count, seed=request.seed, device=device)
    artifacts = folder / ARTIFACTS
    with array_file(artifacts / ARRAY, count=recipe.count, side=side) as keep:
        follow_recipe(
            recipe,
            package,
            device=device,
            keep=keep,
            on_patches=lambda done: report(
                Progress(done=done, total=recipe.count, unit="patches", message="sampling")
            ),
        )
    patches = np.load(artifacts / ARRAY, mmap_mode="r", allow_pickle=False)
    write_png(artifacts / "grid.png", contact_sheet(patches[:PICTURED], columns=8))
    (artifacts / RECIPE).write_text(recipe.model_dump_json(indent=2) + "\n")
    return {**recipe.model_dump(mode="json"), "shape": list(patches.shape)}


def _study(request: StudyRequest, node: Node, folder: Path, report: Report) -> Result:
    reading = node.reading(request.dataset)
    needed = {digest for arm in request.study.arms for digest in arm.generators}
    result = run_study(
        request.study,
        reading.mammograms,
        packages={digest: pulled(node.generators_dir, digest) for digest in needed},
        folder=folder / "study",
        device=default_device(),
        on_progress=lambda done, total, message: report(
            Progress(done=done, total=total, unit="runs", message=message)
        ),
    )
    for path in (folder / "study").glob("*.*"):
        if path.suffix in {".png", ".csv"}:
            shutil.copyfile(path, folder / ARTIFACTS / path.name)
    return {
        "rows": [row.model_dump(mode="json") for row in result.rows],
        "balance": [subset.model_dump(mode="json") for subset in result.balance],
        "shortcut": result.shortcut.model_dump(mode="json"),
    }
