"""What each kind of job does. Runs in the worker."""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import Engine

from centre_node.connection.service import Connection
from centre_node.connection.store import ConnectionStore
from centre_node.datasets.places import read_registered
from centre_node.datasets.service import Datasets
from centre_node.datasets.store import DatasetStore
from centre_node.device import default_device
from centre_node.generators.estimates import SAMPLES
from centre_node.generators.progress import LOSSES
from centre_node.jobs.errors import JobConflictError, JobNotFoundError
from centre_node.jobs.service import ARTIFACTS
from centre_node.jobs.store import JobStore
from centre_node.ledger.store import LEDGER, LedgerStore
from centre_node.mammography.datasets import DataFolders
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.phantoms.writing import write_phantoms
from centre_node.mammography.pictures import contact_sheet, write_png
from centre_node.mammography.previewing import preview_patches
from centre_node.privacy.policy_file import policy_of
from centre_node.pulled.service import GENERATORS
from centre_node.sampling.drawing import follow_recipe
from centre_node.sampling.patch_files import ARRAY, RECIPE, array_file
from centre_node.sampling.recipes import new_recipe
from centre_node.sharing.audit import PICTURE, FolderAudit
from centre_node.sharing.publish import build_package, guarantee_on, weights_to_publish
from centre_node.sharing.receive import pull, pulled
from centre_node.sharing.release import AUDIT, Candidate, Gate, read_audit
from centre_node.study.from_file import write_report
from centre_node.study.lineage import RESULT, read_report
from centre_node.study.local_engine import LocalEngine
from centre_node.study.plan import plan_study, try_paces
from centre_node.study.preparation import StudyInputs
from centre_node.study.runs import run_study
from centre_node.training.on_lesions import train_on_lesions
from centre_node.training.patients import trained_patients
from centre_node.training.plan import TrainingPlan
from node_api.audits import AuditReport, AuditSettings
from node_api.findings import StudyResult
from node_api.jobs import Job
from node_api.plans import StudyPlan
from node_api.previews import Preview, PreviewSettings
from node_api.requests import (
    AnyJobRequest,
    AuditRequest,
    PlanStudyRequest,
    PreviewRequest,
    PublishRequest,
    PullRequest,
    SampleRequest,
    StudyParts,
    StudyRequest,
    TrainGeneratorRequest,
    WeightsChoice,
    WritePhantomsRequest,
)
from node_api.results import (
    FinishedTraining,
    JobResult,
    PulledGenerator,
    SampledPatches,
    WrittenPhantoms,
)
from shared.canonical import digest_of
from shared.files import alone_in, write_text
from shared.hub_client import HubClient
from shared.progress import OnProgress, Progress
from shared.records import GeneratorVersion
from shared.terms import CentreTerms

PICTURED = 64


@dataclass(frozen=True)
class Node:
    """What handlers may use of the node."""

    engine: Engine
    data_dir: Path
    folders: DataFolders
    policy: Path | None = None
    allow_unencrypted: bool = False

    @property
    def generators_dir(self) -> Path:
        """Where pulled packages lie, by manifest digest."""
        return self.data_dir / GENERATORS

    def job_folder(self, job_id: str) -> Path:
        """Where a job's files lie."""
        return self.data_dir / "jobs" / job_id

    def classifier_weights(self, digest: str | None) -> Path | None:
        """Return the file of weights that classifiers start from."""
        folder = self.data_dir / "classifier-weights"
        return None if digest is None else folder / f"{digest}.safetensors"

    def reading(self, dataset: str) -> Reading:
        """Read a registered data set."""
        datasets = Datasets(DatasetStore(self.engine), self.folders)
        return read_registered(datasets.find(dataset).source, self.folders)

    def connection(self) -> Connection:
        """Return the hub connection."""
        return Connection(ConnectionStore(self.engine), allow_unencrypted=self.allow_unencrypted)

    def hub(self) -> HubClient:
        """Return a client of the hub."""
        return self.connection().client()


def handle(job: Job, node: Node, report: OnProgress) -> JobResult:
    """Run a job and return its result."""
    folder = node.job_folder(job.id)
    request: AnyJobRequest = job.request
    match request:
        case WritePhantomsRequest():
            return _write_phantoms(request, node, report)
        case PreviewRequest():
            return _preview(request, node, folder, report)
        case TrainGeneratorRequest():
            return _train(request, node, folder, report)
        case AuditRequest():
            return _audit(request, node, folder, report)
        case PublishRequest():
            return _publish(request, node, folder, report)
        case PullRequest():
            return _pull(request, node, report)
        case SampleRequest():
            return _sample(request, node, folder, report)
        case PlanStudyRequest():
            return _plan_study(request, node)
        case StudyRequest():
            return _study(request, node, folder, report)


def _write_phantoms(
    request: WritePhantomsRequest, node: Node, report: OnProgress
) -> WrittenPhantoms:
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
    return WrittenPhantoms(layout=request.layout, phantoms=request.phantoms)


def _preview(request: PreviewRequest, node: Node, folder: Path, report: OnProgress) -> Preview:
    found, _ = preview_patches(
        node.reading(request.dataset),
        PatchCutting(request.patches, request.lesion_kinds, on_progress=report),
        PreviewSettings(**request.model_dump(include=set(PreviewSettings.model_fields))),
        out=folder / ARTIFACTS,
        scratch=folder,
    )
    return found


def _train(
    request: TrainGeneratorRequest, node: Node, folder: Path, report: OnProgress
) -> FinishedTraining:
    reading = node.reading(request.dataset)
    plan = TrainingPlan(
        lesion_kinds=request.lesion_kinds,
        patches=request.patches,
        architecture=request.architecture,
        training=request.training,
        hold_out=request.hold_out,
    )
    training, artifacts = folder / "training", folder / ARTIFACTS

    def report_step(step: Progress) -> None:
        whole = step.done % request.training.checkpoint_every_epochs == 0
        if step.unit == "epochs" and (whole or step.done == request.training.epochs):
            _copy_pictures(training, artifacts)
        report(step)

    training.mkdir(exist_ok=True)
    with alone_in(training):  # the worker of a killed service may not have ended yet
        trained, skipped = train_on_lesions(
            reading,
            plan,
            store_folder=_patches(request, node),
            folder=training,
            pictures=artifacts,
            device=default_device(),
            on_progress=report_step,
            tensorboard=request.tensorboard,
        )
    return FinishedTraining(**dict(trained), skipped=dict(skipped))


def _patches(request: TrainGeneratorRequest, node: Node) -> Path:
    """Return where the patches of a training lie."""
    identity = [
        request.dataset,
        request.patches.model_dump(mode="json"),
        request.lesion_kinds,
        *request.architecture.classes,  # with which lesions of unknown pathology are left out
    ]
    key = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
    return node.data_dir / "patches" / key


def _copy_pictures(training: Path, artifacts: Path) -> None:
    """Show what a training has drawn so far."""
    shutil.copytree(training / SAMPLES, artifacts / SAMPLES, dirs_exist_ok=True)
    shutil.copyfile(training / LOSSES, artifacts / LOSSES)


def _audit(request: AuditRequest, node: Node, folder: Path, report: OnProgress) -> AuditReport:
    _, trained = _finished_training(request, node)
    training = node.job_folder(request.training_job) / "training"
    settings = AuditSettings(**request.model_dump(include=set(AuditSettings.model_fields)))
    audit = FolderAudit(training, trained, settings, request.ensemble, request.proportions)
    with alone_in(training):
        found = audit.run(default_device(), report)
    artifacts = folder / ARTIFACTS
    artifacts.mkdir(parents=True, exist_ok=True)
    for path in (training / AUDIT, training / PICTURE):
        if path.exists():
            shutil.copyfile(path, artifacts / path.name)
    return found


def _finished_training(
    choice: WeightsChoice, node: Node
) -> tuple[TrainGeneratorRequest, FinishedTraining]:
    """Return what was asked of a training, and what it says of itself.

    Raises:
        JobNotFoundError: There is no such training.
        JobConflictError: It is not finished.
    """
    job = JobStore(node.engine).find(choice.training_job)
    if job is None or not isinstance(job.request, TrainGeneratorRequest):
        raise JobNotFoundError("no train_generator job has the id that training_job gives")
    if not isinstance(job.result, FinishedTraining):
        done = "audited" if isinstance(choice, AuditRequest) else "published"
        raise JobConflictError(f"the training has {job.state}; only a finished one is {done}")
    return job.request, job.result


def _publish(
    request: PublishRequest, node: Node, folder: Path, report: OnProgress
) -> GeneratorVersion:
    training_request, trained = _finished_training(request, node)
    training = node.job_folder(request.training_job) / "training"
    package = build_package(
        folder / "package",
        weights_to_publish(training, ensemble=request.ensemble, proportions=request.proportions),
        trained,
        CentreTerms(centre=node.connection().current().centre, **request.terms),
        proportions=request.proportions,
    )
    policy, ledger = policy_of(node.data_dir, node.policy), LedgerStore(node.data_dir / LEDGER)
    candidate = Candidate(
        package,
        audit=read_audit(training / AUDIT),
        patients=trained_patients(trained.data_set, training, _patches(training_request, node)),
        patient_count=trained.patients,
        differential_privacy=guarantee_on(package.card),
        waiver=ledger.waiver(request.training_job, policy_digest=digest_of(policy)),
        built_here=True,
    )
    gate = Gate(policy, ledger, pages=folder / ARTIFACTS)
    return gate.send(gate.decide(candidate), node.hub(), on_progress=report)


def _pull(request: PullRequest, node: Node, report: OnProgress) -> PulledGenerator:
    record, package = pull(
        node.hub(),
        request.centre,
        request.name,
        request.version,
        folder=node.generators_dir,
        weights=request.weights,
        weights_at_most=request.weights_at_most,
        on_progress=report,
    )
    return PulledGenerator(
        manifest_digest=package.digest,
        centre=record.centre,
        name=record.name,
        version=record.version,
        weights=tuple(file.name for file in package.weights),
        whole=package.is_whole,
    )


def _sample(request: SampleRequest, node: Node, folder: Path, report: OnProgress) -> SampledPatches:
    package = pulled(node.generators_dir, request.generator, partly=True)
    device, side = default_device(), package.card.architecture.image_size
    recipe = new_recipe(
        package,
        count=request.count,
        seed=request.seed,
        device=device,
        pathology=request.pathology,
    )
    artifacts = folder / ARTIFACTS
    with array_file(artifacts / ARRAY, count=recipe.count, side=side) as keep:
        follow_recipe(recipe, package, device=device, keep=keep, on_progress=report)
    patches = np.load(artifacts / ARRAY, mmap_mode="r", allow_pickle=False)
    write_png(artifacts / "grid.png", contact_sheet(patches[:PICTURED], columns=8))
    write_text(artifacts / RECIPE, recipe.model_dump_json(indent=2) + "\n")
    return SampledPatches(**dict(recipe), shape=(recipe.count, side, side))


def _plan_study(request: PlanStudyRequest, node: Node) -> StudyPlan:
    inputs = _study_inputs(request, node)
    paces = try_paces(request.study, inputs, default_device())
    return plan_study(request.study, inputs, paces, workers=request.workers)


def _study(request: StudyRequest, node: Node, folder: Path, report: OnProgress) -> StudyResult:
    artifacts = folder / ARTIFACTS
    result = run_study(
        request.study,
        _study_inputs(request, node),
        folder=artifacts,
        cache=node.data_dir / "studies",
        device=default_device(),
        threads=request.threads,
        engine=LocalEngine(workers=request.workers),
        on_progress=report,
    )
    write_report(artifacts, read_report(artifacts / RESULT))
    return result


def _study_inputs(request: StudyParts, node: Node) -> StudyInputs:
    arms = request.study.arms
    return StudyInputs(
        own=node.reading(request.dataset),
        donors={name: node.reading(name) for arm in arms for name in arm.real_donors},
        packages={
            digest: pulled(node.generators_dir, digest)
            for digest in sorted({digest for arm in arms for digest in arm.generators})
        },
        initial_weights=node.classifier_weights(request.study.classifier_training.initial_weights),
    )
