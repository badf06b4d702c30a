"""The review of a release: exactly what would be sent, and a person's yes or no."""

from collections.abc import Mapping, Sequence

from anyio import to_thread
from fastapi import Request, Response
from pydantic import ValidationError

from centre_node.errors import NotAllowedError
from centre_node.jobs.errors import ArtifactNotFoundError, JobConflictError
from centre_node.pages.files import artifact_response
from centre_node.pages.job_views import job_line
from centre_node.pages.parts import Parts, PartsDep, framing, lead_to, sent, staff_router
from centre_node.pages.wording import as_sentence
from node_api.jobs import Job
from node_api.review import Approval, Rejection, Review
from shared.access import Caller, CallerDep
from shared.packages import PACKAGE
from shared.problems import GenshareError

router = staff_router()
Given = Mapping[str, Sequence[str]]


@router.get("/jobs/{job_id}/review")
def show_review(job_id: str, request: Request, parts: PartsDep) -> Response:
    """Show what would be sent, or was."""
    job, review = _reviewed(parts, job_id)
    return _page(request, parts, job, review)


@router.get("/jobs/{job_id}/sending/{name}")
def show_sent(job_id: str, name: str, parts: PartsDep) -> Response:
    """Return a file that would be sent, byte for byte."""
    job, review = _reviewed(parts, job_id)
    if name not in _at_hand(parts, job, review):
        raise ArtifactNotFoundError("no such file would be sent, or it is not here any more")
    return artifact_response(parts.jobs_folder / job.id / PACKAGE / name)


@router.post("/jobs/{job_id}/approve")
async def approve(job_id: str, request: Request, parts: PartsDep, caller: CallerDep) -> Response:
    """Let exactly what was shown leave."""
    given = await sent(request)
    return await to_thread.run_sync(_approve, request, parts, job_id, caller, given)


@router.post("/jobs/{job_id}/reject")
async def reject(job_id: str, request: Request, parts: PartsDep, caller: CallerDep) -> Response:
    """Keep it here."""
    given = await sent(request)
    return await to_thread.run_sync(_reject, request, parts, job_id, caller.name, given)


def _approve(request: Request, parts: Parts, job_id: str, caller: Caller, given: Given) -> Response:
    job, review = _reviewed(parts, job_id)
    try:
        if parts.reviewers.are_needed:
            caller = parts.access.reviewer(_last(given, "reviewer_token"), caller.address)
        approval = Approval(
            by=caller.name,
            digest=_last(given, "digest"),
            despite_collapse="despite_collapse" in given,
        )
        parts.jobs.approve(job_id, approval)
    except ValidationError:
        return _page(request, parts, job, review, fault="Open this page again, and approve there.")
    except NotAllowedError:
        fault = "Nothing was approved: this token is no reviewer's."
        return _page(request, parts, job, review, fault=fault)
    except GenshareError as error:
        return _page(request, parts, job, review, fault=f"{as_sentence(str(error))} {error.hint}")
    return lead_to(f"/jobs/{job_id}")


def _reject(request: Request, parts: Parts, job_id: str, by: str, given: Given) -> Response:
    job, review = _reviewed(parts, job_id)
    try:
        parts.jobs.reject(job_id, Rejection(by=by, reason=_last(given, "reason")))
    except ValidationError:
        fault = "Say why in a line of letters, digits, blanks and common punctuation, at most 300."
        return _page(request, parts, job, review, reason_fault=fault)
    except GenshareError as error:
        return _page(request, parts, job, review, fault=f"{as_sentence(str(error))} {error.hint}")
    return lead_to(f"/jobs/{job_id}")


def _reviewed(parts: Parts, job_id: str) -> tuple[Job, Review]:
    """Return a job and its review.

    Raises:
        JobConflictError: There is nothing to review.
    """
    job = parts.jobs.find(job_id)
    if job.review is None:
        raise JobConflictError("this job has nothing to review")
    return job, job.review


def _at_hand(parts: Parts, job: Job, review: Review) -> tuple[str, ...]:
    """Return the names of those files that lie in the job's package; the statement does not."""
    folder = parts.jobs_folder / job.id / PACKAGE
    return tuple(file.name for file in review.files if (folder / file.name).is_file())


def _page(
    request: Request,
    parts: Parts,
    job: Job,
    review: Review,
    *,
    fault: str = "",
    reason_fault: str = "",
) -> Response:
    page = parts.site.page(
        request,
        "review.html.j2",
        status=422 if fault or reason_fault else 200,
        job=job,
        line=job_line(job),
        review=review,
        card=review.card,
        at_hand=_at_hand(parts, job, review),
        size_bytes=sum(file.size_bytes for file in review.files),
        policy=parts.policy_told()[0],
        needs_reviewer=parts.reviewers.are_needed,
        fault=fault,
        reason_fault=reason_fault,
    )
    return framing(page)


def _last(given: Given, name: str) -> str:
    values = given.get(name) or [""]
    return values[-1]
