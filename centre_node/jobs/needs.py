"""What a job needs of the node, by its request."""

from collections.abc import Iterator

from node_api.jobs import Job
from node_api.patches import PatchConfiguration
from node_api.requests import (
    AnyJobRequest,
    AuditRequest,
    PreviewRequest,
    PublishRequest,
    PullRequest,
    RegisterRequest,
    StudyParts,
    StudyRequest,
    TrainGeneratorRequest,
    WritePhantomsRequest,
)


def datasets_of(request: AnyJobRequest) -> tuple[str, ...]:
    """Return the names of the registered data sets that a job reads."""
    if isinstance(request, TrainGeneratorRequest | PreviewRequest):
        return (request.dataset,)
    if isinstance(request, StudyParts):
        donors = (donor for arm in request.study.arms for donor in arm.real_donors)
        return tuple(dict.fromkeys((request.dataset, *donors)))
    return ()


def cut_in_mm(request: AnyJobRequest) -> Iterator[tuple[str, PatchConfiguration, str]]:
    """Yield data sets whose patches are cut by lengths in mm, how, and the field of the first."""
    if isinstance(request, TrainGeneratorRequest | PreviewRequest):
        for length in request.patches.in_mm[:1]:
            yield request.dataset, request.patches, f"patches.{length}"
    elif isinstance(request, StudyParts):
        study = request.study
        for length in study.patches.in_mm[:1]:
            yield request.dataset, study.patches, f"study.patches.{length}"
        for donor in study.donors:
            patches, cutting = study.donor_patches(donor), study.donor_cuttings.get(donor)
            for length in patches.in_mm[:1]:
                is_its_own = cutting is not None and getattr(cutting, length) is not None
                where = f"donor_cuttings.{donor}" if is_its_own else "patches"
                yield donor, patches, f"study.{where}.{length}"


def training_of(request: AnyJobRequest) -> str | None:
    """Return the id of the training that a job works on."""
    return request.training_job if isinstance(request, AuditRequest | PublishRequest) else None


def shared_by(request: AnyJobRequest) -> frozenset[str]:
    """Return what only one job at a time may work on, as keys."""
    if isinstance(request, StudyRequest):
        return frozenset({"the runs of studies"})
    if isinstance(request, WritePhantomsRequest):
        return frozenset({f"phantoms {request.phantoms.digest()}"})
    training = training_of(request)
    return frozenset() if training is None else frozenset({f"training {training}"})


def needs_hub(request: AnyJobRequest) -> bool:
    """Tell whether a job talks to the hub."""
    return isinstance(request, PublishRequest | PullRequest)


def is_needed(job: Job, what: str, name: str) -> bool:
    """Tell whether a job needs a job, a data set or the hub."""
    if what == "job":
        return training_of(job.request) == name
    if isinstance(job.request, RegisterRequest):
        return what == "data set" and job.request.name == name
    return name in datasets_of(job.request) if what == "data set" else needs_hub(job.request)
