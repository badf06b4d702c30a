"""HTTP routes of jobs."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Request, Response, status
from fastapi.responses import StreamingResponse

from centre_node.jobs.errors import ArtifactNotFoundError, JobConflictError, JobNotFoundError
from centre_node.jobs.events import job_events
from centre_node.jobs.service import Jobs
from node_api.jobs import FINISHED, Job
from node_api.requests import AnyJobRequest
from shared.access import GuardedRoute, Role, requires
from shared.api_answers import headers, problems
from shared.json_bodies import JsonBody
from shared.served_files import ServedFile

JOB_REQUEST = JsonBody[AnyJobRequest](AnyJobRequest)
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


def _jobs(request: Request) -> Jobs:
    jobs: Jobs = request.app.state.jobs
    return jobs


JobsDep = Annotated[Jobs, Depends(_jobs)]


@router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    responses={
        200: {"model": Job, "description": "It was queued before", "headers": WHERE},
        202: {"headers": WHERE},
        **problems(JobConflictError),
    },
    openapi_extra=JOB_REQUEST.described,
)
async def submit(
    request: Request,
    jobs: JobsDep,
    response: Response,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> Job:
    """Queue a job. The same `Idempotency-Key` with the same request answers 200 with that job."""
    wanted = await JOB_REQUEST.read(request)
    job, new = await to_thread.run_sync(jobs.submit, wanted, idempotency_key)
    response.status_code = status.HTTP_202_ACCEPTED if new else status.HTTP_200_OK
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return job


@router.get("")
def list_jobs(jobs: JobsDep) -> tuple[Job, ...]:
    """List the jobs, newest first."""
    return jobs.all()


@router.get("/{job_id}", responses=problems(JobNotFoundError))
def read(job_id: str, jobs: JobsDep) -> Job:
    """Return a job's state, progress, result and artifacts."""
    return jobs.find(job_id)


@router.post("/{job_id}/cancel", responses=problems(JobNotFoundError, JobConflictError))
def cancel(job_id: str, jobs: JobsDep) -> Job:
    """Cancel a waiting or running job."""
    return jobs.cancel(job_id)


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
    return StreamingResponse(
        job_events(lambda: jobs.find(job_id), after=seen),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store"},
    )


@router.get(
    "/{job_id}/artifacts/{name:path}",
    response_class=ServedFile,
    responses=problems(JobNotFoundError, ArtifactNotFoundError),
)
def artifact(job_id: str, name: str, jobs: JobsDep) -> ServedFile:
    """Return a file that a job left, whole or in part (`Range`)."""
    return ServedFile(jobs.artifact(job_id, name))
