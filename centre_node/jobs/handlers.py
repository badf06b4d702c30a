"""What each kind of job does. Runs in the worker."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np

from centre_node.device import default_device
from centre_node.generators.estimates import SAMPLES
from centre_node.generators.progress import LOSSES
from centre_node.jobs.node import Node
from centre_node.jobs.pruning import ARTIFACTS
from centre_node.jobs.publishing import publish
from centre_node.jobs.registering import register
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.phantoms.writing import write_phantoms
from centre_node.mammography.pictures import contact_sheet, write_png
from centre_node.mammography.previewing import preview_patches
from centre_node.sampling.drawing import follow_recipe
from centre_node.sampling.patch_files import ARRAY, RECIPE, array_file
from centre_node.sampling.recipes import new_recipe
from centre_node.sharing.audit import PICTURE, FolderAudit
from centre_node.sharing.receive import pull, pulled
from centre_node.sharing.release import AUDIT
from centre_node.study.arms_without import study_without
from centre_node.study.from_file import write_report
from centre_node.study.lineage import RESULT, read_report
from centre_node.study.local_engine import LocalEngine
from centre_node.study.plan import plan_study, try_paces
from centre_node.study.preparation import StudyInputs
from centre_node.study.runs import run_study
from centre_node.training.on_lesions import train_on_lesions
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
    RegisterRequest,
    SampleRequest,
    StudyParts,
    StudyRequest,
    TrainGeneratorRequest,
    WritePhantomsRequest,
)
from node_api.results import (
    FinishedTraining,
    JobResult,
    PulledGenerator,
    SampledPatches,
    WrittenPhantoms,
)
from node_api.review import Review
from node_api.studies import StudyConfiguration
from shared.files import alone_in, write_text
from shared.hub_client import HubClient
from shared.progress import OnProgress, Progress
from signing.receiving import Receiver
from signing.trust import TRUST_FILE, TrustStore

PICTURED = 64


def handle(job: Job, node: Node, report: OnProgress) -> JobResult | Review:
    """Run a job and return its result, or what a person is to look at before it goes on."""
    folder = node.job_folder(job.id)
    request: AnyJobRequest = job.request
    match request:
        case WritePhantomsRequest():
            return _write_phantoms(request, node, report)
        case RegisterRequest():
            return register(request, node, folder, report)
        case PreviewRequest():
            return _preview(request, node, folder, report)
        case TrainGeneratorRequest():
            return _train(request, node, folder, report)
        case AuditRequest():
            return _audit(request, node, folder, report)
        case PublishRequest():
            training, _ = node.finished_training(request)
            return publish(job, request, node, patches=_patches(training, node), report=report)
        case PullRequest():
            return _pull(request, node, node.hub(job), report)
        case SampleRequest():
            return _sample(request, node, folder, report)
        case PlanStudyRequest():
            return _plan_study(request, node, report)
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
    _, trained = node.finished_training(request)
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


def _pull(request: PullRequest, node: Node, hub: HubClient, report: OnProgress) -> PulledGenerator:
    record, received = pull(
        Receiver(hub, TrustStore(node.data_dir / TRUST_FILE)),
        request.centre,
        request.name,
        request.version,
        folder=node.generators_dir,
        weights=request.weights,
        weights_at_most=request.weights_at_most,
        on_progress=report,
    )
    package, finding = received.package, received.finding
    return PulledGenerator(
        manifest_digest=package.digest,
        centre=record.centre,
        name=record.name,
        version=record.version,
        weights=tuple(file.name for file in package.weights),
        whole=package.is_whole,
        signature=finding.how,
        signed_by=finding.key,
    )


def _sample(request: SampleRequest, node: Node, folder: Path, report: OnProgress) -> SampledPatches:
    package = pulled(
        node.generators_dir,
        request.generator,
        partly=True,
        withdrawn_too=request.withdrawn_too,
    )
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


def _plan_study(request: PlanStudyRequest, node: Node, report: OnProgress) -> StudyPlan:
    study = _study_of(request)
    inputs = _study_inputs(request, study, node)
    paces = try_paces(study, inputs, default_device(), report)
    return plan_study(study, inputs, paces, workers=request.workers)


def _study(request: StudyRequest, node: Node, folder: Path, report: OnProgress) -> StudyResult:
    artifacts, study = folder / ARTIFACTS, _study_of(request)
    result = run_study(
        study,
        _study_inputs(request, study, node),
        folder=artifacts,
        cache=node.data_dir / "studies",
        device=default_device(),
        threads=request.threads,
        engine=LocalEngine(workers=request.workers),
        on_progress=report,
    )
    report(Progress(done=0, total=1, unit="steps", message="writing the report"))
    write_report(artifacts, read_report(artifacts / RESULT))
    return result


def _study_of(request: StudyParts) -> StudyConfiguration:
    """Return the study without the generators that it is to do without."""
    return study_without(request.study, request.without) if request.without else request.study


def _study_inputs(request: StudyParts, study: StudyConfiguration, node: Node) -> StudyInputs:
    arms = study.arms
    return StudyInputs(
        own=node.reading(request.dataset),
        donors={name: node.reading(name) for arm in arms for name in arm.real_donors},
        packages={
            digest: pulled(node.generators_dir, digest, withdrawn_too=request.withdrawn_too)
            for digest in sorted({digest for arm in arms for digest in arm.generators})
        },
        initial_weights=node.classifier_weights(study.classifier_training.initial_weights),
    )
