"""What a job needs of the node, by its request."""

from node_api.jobs import Job
from node_api.requests import (
    AnyJobRequest,
    AuditRequest,
    PreviewRequest,
    PublishRequest,
    PullRequest,
    StudyParts,
    TrainGeneratorRequest,
)


def datasets_of(request: AnyJobRequest) -> tuple[str, ...]:
    """Return the names of the registered data sets that a job reads."""
    if isinstance(request, TrainGeneratorRequest | PreviewRequest):
        return (request.dataset,)
    if isinstance(request, StudyParts):
        donors = (donor for arm in request.study.arms for donor in arm.real_donors)
        return tuple(dict.fromkeys((request.dataset, *donors)))
    return ()


def training_of(request: AnyJobRequest) -> str | None:
    """Return the id of the training that a job works on."""
    return request.training_job if isinstance(request, AuditRequest | PublishRequest) else None


def needs_hub(request: AnyJobRequest) -> bool:
    """Tell whether a job talks to the hub."""
    return isinstance(request, PublishRequest | PullRequest)


def is_needed(job: Job, what: str, name: str) -> bool:
    """Tell whether a job needs a job, a data set or the hub."""
    if what == "job":
        return training_of(job.request) == name
    return name in datasets_of(job.request) if what == "data set" else needs_hub(job.request)
