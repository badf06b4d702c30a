"""What kind of failure an error is, and whether it passes by itself."""

from centre_node.errors import NodeError, NotPublishableError
from centre_node.generators.errors import NotEnoughMemoryError, PrivacyError
from centre_node.jobs.errors import (
    JobTooLargeError,
    JobTooLongError,
    ReleaseRejectedError,
    WorkerDiedError,
)
from centre_node.ledger.errors import LedgerError
from centre_node.privacy.errors import ReleasePolicyError, WaiverRefusedError
from centre_node.sharing.errors import ReleaseRefusedError
from centre_node.study.errors import EngineError
from node_api.jobs import Failure, JobProblem
from shared.errors import (
    CardRefusedError,
    HubRefusedError,
    HubUnreachableError,
    HubUnreadableError,
    OutOfSpaceError,
    PackageNotKeptError,
)
from shared.files import is_full_disk
from shared.problems import GenshareError
from shared.repeats import PASSING

KINDS: tuple[tuple[Failure, tuple[type[GenshareError], ...]], ...] = (
    ("network", (HubUnreachableError, HubUnreadableError)),
    (
        "resources",
        (
            OutOfSpaceError,
            PackageNotKeptError,
            NotEnoughMemoryError,
            LedgerError,
            WorkerDiedError,
            JobTooLargeError,
            JobTooLongError,
            EngineError,
        ),
    ),
    (
        "policy",
        (
            ReleaseRefusedError,
            ReleaseRejectedError,
            ReleasePolicyError,
            NotPublishableError,
            WaiverRefusedError,
            CardRefusedError,
            PrivacyError,
        ),
    ),
)
FORBIDDEN = 403


def failure_of(error: GenshareError) -> Failure:
    """Return what kind of failure an error is; one that no list has is the caller's to mend."""
    if is_full_disk(error):  # whatever file it was that could not be written
        return "resources"
    if isinstance(error, HubRefusedError):
        if error.problem.status in PASSING or error.problem.status >= 500:
            return "network"
        return "policy" if error.problem.status == FORBIDDEN else "input"
    for failure, errors in KINDS:
        if isinstance(error, errors):
            return failure
    return "internal" if error.status >= 500 else "input"


def is_passing(error: Exception) -> bool:
    """Tell whether the same job may end well a little later: no answer, or no room on the disk."""
    if isinstance(error, HubRefusedError):
        return error.problem.status in PASSING
    return isinstance(error, HubUnreachableError | OutOfSpaceError) or is_full_disk(error)


def problem_of(error: GenshareError) -> JobProblem:
    """Return what a job's record says of an error."""
    return JobProblem(
        code=error.code,
        title=error.title,
        detail=str(error),
        hint=error.hint,
        failure=failure_of(error),
    )


def unexpected(error: Exception, job_id: str) -> JobProblem:
    """Return what a job's record says of an error that nobody foresaw, without what it held."""
    if isinstance(error, MemoryError):
        return problem_of(NotEnoughMemoryError("the machine's memory ran out"))
    return JobProblem(
        code=NodeError.code,
        title=NodeError.title,
        detail=f"unexpected {type(error).__name__}; the node's log tells more",
        hint=f"Look for {job_id} in the node's log; resuming the job tries it again.",
        failure="internal",
    )
