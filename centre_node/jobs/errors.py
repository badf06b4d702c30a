"""Errors of jobs."""

from centre_node.errors import NodeError


class JobCancelledError(
    NodeError, code="GS-3302", status=409, title="Job cancelled", hint="Start a new job."
):
    """The job was cancelled while it ran."""


class JobNotFoundError(
    NodeError,
    code="GS-3303",
    status=404,
    title="No such job",
    hint="List the jobs with GET /api/v1/jobs.",
):
    """No job has that id."""


class JobConflictError(
    NodeError,
    code="GS-3304",
    status=409,
    title="Job conflict",
    hint="See the job's state with GET /api/v1/jobs/{id}.",
):
    """The request does not fit the job's state, or reuses an idempotency key."""


class ArtifactNotFoundError(
    NodeError,
    code="GS-3305",
    status=404,
    title="No such artifact",
    hint="The job's record lists its artifacts.",
):
    """The job left no artifact of that name."""


class WorkerDiedError(
    NodeError,
    code="GS-3311",
    status=500,
    title="Worker died",
    hint="See the node's log; too little memory is the usual cause.",
):
    """The worker process died again and again while it ran a job."""
