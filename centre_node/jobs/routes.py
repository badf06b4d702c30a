"""HTTP routes of jobs."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Request, Response, status
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse

from centre_node.connection.errors import NoHubError
from centre_node.datasets.errors import DatasetNotFoundError
from centre_node.errors import NotPublishableError, ReviewerNeededError
from centre_node.generators.errors import TooFewPatchesError
from centre_node.jobs.dependency import JobsDep
from centre_node.jobs.errors import (
    ArtifactNotFoundError,
    CollapseSuspectedError,
    JobConflictError,
    JobNotFoundError,
    NeededByJobsError,
    ReviewChangedError,
    TrainingNotDoneError,
)
from centre_node.jobs.events import job_events
from centre_node.ledger.errors import LedgerError
from centre_node.mammography.errors import BadMammogramsError
from centre_node.sampling.errors import GeneratorOutputError, RecipeRefusedError
from centre_node.sharing.errors import GeneratorNotPulledError
from centre_node.study.errors import GeneratorClassesError, GeneratorSizeError, StudyFileError
from node_api.examples import EXAMPLES
from node_api.jobs import FINISHED, Job, PrunableJob
from node_api.requests import AnyJobRequest
from node_api.review import Approval, Rejection
from shared.access import CallerDep, GuardedRoute, Role, requires
from shared.api_answers import headers, problems
from shared.errors import (
    BrokenPackageError,
    CardRefusedError,
    GeneratorWithdrawnError,
    PartlyFetchedError,
)
from shared.json_bodies import JsonBody
from shared.served_files import ServedFile

JOB_REQUEST = JsonBody[AnyJobRequest](AnyJobRequest, EXAMPLES)
APPROVAL, REJECTION = JsonBody[Approval](Approval), JsonBody[Rejection](Rejection)
CANNOT_BE_DONE = (
    BadMammogramsError,
    DatasetNotFoundError,
    GeneratorNotPulledError,
    JobNotFoundError,
    JobConflictError,
    NoHubError,
    TrainingNotDoneError,
    TooFewPatchesError,
    NotPublishableError,
    CardRefusedError,
    RecipeRefusedError,
    GeneratorOutputError,
    GeneratorClassesError,
    GeneratorSizeError,
    PartlyFetchedError,
    BrokenPackageError,
    GeneratorWithdrawnError,
    StudyFileError,
)
"""What a job is refused for at once."""
WHERE = headers(Location="Where the job is.")
EVENT = {
    "type": "object",
    "required": ["id", "event", "data"],
    "properties": {
        "id": {"type": "string", "description": "The job's revision."},
        "event": {"const": "job"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/Job"},
        },
    },
}
router = APIRouter(
    prefix="/jobs",
    tags=["jobs"],
    route_class=GuardedRoute,
    dependencies=[requires(Role.STAFF)],
)


@router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    responses={
        200: {"model": Job, "description": "It was queued before", "headers": WHERE},
        202: {"headers": WHERE},
        **problems(*CANNOT_BE_DONE),
    },
    openapi_extra=JOB_REQUEST.described,
)
async def submit(
    request: Request,
    jobs: JobsDep,
    response: Response,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> Job:
    """Queue a job, unless it can be seen at once that it cannot be done.

    The same `Idempotency-Key` with the same request answers 200 with the job that it made, in
    whatever state that is: one that failed is resumed, or submitted anew with another key. A
    request that is refused uses its key up no more than one that never came.
    """
    wanted = await JOB_REQUEST.read(request)
    job, new = await to_thread.run_sync(jobs.submit, wanted, idempotency_key)
    response.status_code = status.HTTP_202_ACCEPTED if new else status.HTTP_200_OK
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return job


@router.get("")
def list_jobs(jobs: JobsDep) -> tuple[Job, ...]:
    """List the jobs, newest first."""
    return jobs.all()


@router.get("/prunable")
def prunable(jobs: JobsDep) -> tuple[PrunableJob, ...]:
    """List the jobs whose artifacts go at the next pruning, oldest first, and why.

    What is kept is said by `NODE_KEEP_ARTIFACTS_DAYS` and `NODE_KEEP_ARTIFACTS_BYTES`.
    """
    return jobs.prunable()


@router.post("/prune")
def prune(jobs: JobsDep) -> tuple[PrunableJob, ...]:
    """Remove those artifacts now, and return what went. Records and weights stay."""
    return jobs.prune()


@router.get("/{job_id}", responses=problems(JobNotFoundError))
def read(job_id: str, jobs: JobsDep) -> Job:
    """Return a job's state, progress, result and artifacts."""
    return jobs.find(job_id)


@router.post("/{job_id}/cancel", responses=problems(JobNotFoundError, JobConflictError))
def cancel(job_id: str, jobs: JobsDep) -> Job:
    """Cancel a waiting job at once, a running one within five seconds.

    It ends as `cancelled` whatever it is doing, and keeps what it has written. What a publish has
    sent before that stays at the hub; the job's `problem` then says so.
    """
    return jobs.cancel(job_id)


@router.post("/{job_id}/resume", responses=problems(*CANNOT_BE_DONE))
def resume(job_id: str, jobs: JobsDep) -> Job:
    """Queue a job again that failed or was cancelled; it goes on from what it has."""
    return jobs.resume(job_id)


@router.post(
    "/{job_id}/approve",
    responses=problems(
        JobNotFoundError,
        JobConflictError,
        ReviewChangedError,
        CollapseSuspectedError,
        ReviewerNeededError,
    ),
    openapi_extra=APPROVAL.described,
)
async def approve(job_id: str, request: Request, jobs: JobsDep, caller: CallerDep) -> Job:
    """Let a publish go on that is `awaiting_review`. `digest` is that of the review you saw.

    Where `NODE_REVIEWERS` names people, it takes the token of one of them, whose name is `by`.
    """
    approval = await APPROVAL.read(request)
    request.app.state.reviewers.check(caller, approval.by)
    return await to_thread.run_sync(jobs.approve, job_id, approval)


@router.post(
    "/{job_id}/reject",
    responses=problems(JobNotFoundError, JobConflictError, LedgerError),
    openapi_extra=REJECTION.described,
)
async def reject(job_id: str, request: Request, jobs: JobsDep) -> Job:
    """End a publish that is `awaiting_review`; nothing is sent."""
    return await to_thread.run_sync(jobs.reject, job_id, await REJECTION.read(request))


@router.delete(
    "/{job_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(JobNotFoundError, JobConflictError, NeededByJobsError),
)
def delete(job_id: str, jobs: JobsDep) -> None:
    """Forget a job that has ended and remove its files, a training's weights too."""
    jobs.delete(job_id)


@router.get(
    "/{job_id}/events",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {"itemSchema": EVENT}}},
        204: {"description": "Nothing more can come"},
        **problems(JobNotFoundError),
    },
)
def events(job_id: str, jobs: JobsDep, last_event_id: Annotated[int, Header(ge=0)] = 0) -> Response:
    """Stream the job's record each time it changes, until it has ended (server-sent events).

    With `Last-Event-ID`, only what came after; an id that the job does not have yet, such as
    another job's, tells of nothing seen. 204 when nothing more can come.
    """
    job = jobs.find(job_id)
    seen = last_event_id if last_event_id <= job.revision else 0
    if job.state in FINISHED and job.revision == seen:
        return Response(status_code=status.HTTP_204_NO_CONTENT)
    # By hand, not as the route's class: to that, FastAPI knows no answer without a stream.
    return EventSourceResponse(
        job_events(jobs, job_id, after=seen), headers={"Cache-Control": "no-store"}
    )


@router.get(
    "/{job_id}/artifacts/{name:path}",
    response_class=ServedFile,
    responses=problems(JobNotFoundError, ArtifactNotFoundError),
)
def artifact(job_id: str, name: str, jobs: JobsDep) -> ServedFile:
    """Return a file that a job left, whole or in part (`Range`)."""
    return ServedFile(jobs.artifact(job_id, name))
