"""Errors of jobs."""

from centre_node.errors import NodeError


class JobCancelledError(
    NodeError,
    code="GS-3302",
    status=409,
    title="Job cancelled",
    hint="Resume it with POST /api/v1/jobs/{id}/resume, or start a new one.",
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
    hint="See the node's log; too little memory is the usual cause. Resuming the job goes on from "
    "what it has.",
):
    """The worker process died again and again while it ran a job."""


class TrainingNotDoneError(
    NodeError,
    code="GS-3702",
    status=409,
    title="Training not finished",
    hint="Wait for the training to succeed, resume it if it failed, or name another one.",
):
    """A job needs a training that has not succeeded."""


class NeededByJobsError(
    NodeError,
    code="GS-3703",
    status=409,
    title="Needed by a job",
    hint="Wait for the job that is named to end, or cancel it.",
):
    """What is to be deleted is needed by a job that has not ended."""


class HubChangedError(
    NodeError,
    code="GS-3704",
    status=409,
    title="Connected elsewhere since",
    hint="Connect to the job's hub again and resume the job, or submit a new one for this hub.",
):
    """A job was submitted for another hub or centre than the node is connected to now."""


class ReviewChangedError(
    NodeError,
    code="GS-3705",
    status=409,
    title="Another review",
    hint="Read the job again, look at what it would send now, and answer with that digest.",
):
    """An approval names another review than the one that waits."""


class CollapseSuspectedError(
    NodeError,
    code="GS-3706",
    status=409,
    title="Mode collapse suspected",
    hint="Look at the sample grids; train again, or approve with despite_collapse.",
):
    """A generator that may have collapsed is approved without a word about it."""


class ReleaseRejectedError(
    NodeError,
    code="GS-3707",
    status=409,
    title="Release rejected",
    hint="Nothing was sent. Mend what the reason says and submit a new publish job.",
):
    """A person looked at what a publish would send, and rejected it."""


class JobTooLongError(
    NodeError,
    code="GS-3708",
    status=507,
    title="Job took too long",
    hint="Give it less to do, or have NODE_JOB_HOURS raised; resuming it goes on from what it has.",
):
    """A job ran longer than the node allows."""


class JobTooLargeError(
    NodeError,
    code="GS-3821",
    status=507,
    title="Job took too much memory",
    hint="Give it less to do at once (fewer workers, smaller batches or patches), or have "
    "NODE_JOB_MEMORY_GB raised; resuming it goes on from what it has.",
):
    """A job's processes took more memory than the node allows."""


class SentBeforeCancelError(
    NodeError,
    code="GS-3709",
    status=409,
    title="Sent before it was cancelled",
    hint="It is at the hub; have it withdrawn there if it is not to stay.",
):
    """A cancel came when the hub had the generator already."""
