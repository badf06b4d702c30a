"""Pages of jobs: the list, one job as it goes, its files, and what can be done with it."""

from typing import Any

from fastapi import Request, Response

from centre_node.jobs.errors import JobConflictError
from centre_node.jobs.pruning import ARTIFACTS
from centre_node.pages.files import artifact_response
from centre_node.pages.job_forms import KIND_TITLES
from centre_node.pages.job_views import (
    CHART_HEIGHT,
    CHART_WIDTH,
    actions_of,
    failed_because,
    job_files,
    job_line,
    read_losses,
)
from centre_node.pages.parts import Parts, PartsDep, framing, lead_to, staff_router
from centre_node.pages.result_views import found_by
from node_api.jobs import Job
from node_api.requests import PlanStudyRequest, StudyRequest

router = staff_router()
MOST_SHOWN = 100
NOT_OFFERED = {"plan_study", "register"}


@router.get("/jobs")
def show_jobs(request: Request, parts: PartsDep) -> Response:
    """Show the newest jobs."""
    jobs = parts.jobs.all()
    lines = [job_line(job) for job in jobs[:MOST_SHOWN]]
    return parts.site.page(
        request,
        "jobs.html.j2",
        lines=lines,
        left_out=len(jobs) - len(lines),
        is_busy=any(not line.is_finished for line in lines),
        kinds=[pair for pair in KIND_TITLES.items() if pair[0] not in NOT_OFFERED],
    )


@router.get("/jobs/{job_id}")
def show_job(job_id: str, request: Request, parts: PartsDep) -> Response:
    """Show one job: how far it is, what came out, its pictures and files."""
    job = parts.jobs.find(job_id)
    page = parts.site.page(
        request,
        "job.html.j2",
        **_live(parts, job),
        found=found_by(job),
        actions=actions_of(job),
        cause=failed_because(job),
    )
    return framing(page)


@router.get("/jobs/{job_id}/live")
def show_live(job_id: str, request: Request, parts: PartsDep) -> Response:
    """Show what changes while a job runs; when it has ended, the whole page is loaded again."""
    job = parts.jobs.find(job_id)
    page = parts.site.page(request, "job_live.html.j2", **_live(parts, job))
    line = job_line(job)
    if line.is_finished or line.waits_for_review:
        page.headers["HX-Refresh"] = "true"
    return page


@router.get("/jobs/{job_id}/files/{name:path}")
def show_file(job_id: str, name: str, parts: PartsDep) -> Response:
    """Return a file that a job left; a page among them is shown without a right to anything."""
    return artifact_response(parts.jobs.artifact(job_id, name))


@router.post("/jobs/{job_id}/cancel")
def cancel(job_id: str, parts: PartsDep) -> Response:
    """Cancel a job."""
    parts.jobs.cancel(job_id)
    return lead_to(f"/jobs/{job_id}")


@router.post("/jobs/{job_id}/resume")
def resume(job_id: str, parts: PartsDep) -> Response:
    """Queue a job again, which goes on from what it has."""
    parts.jobs.resume(job_id)
    return lead_to(f"/jobs/{job_id}")


@router.post("/jobs/{job_id}/delete")
def delete(job_id: str, parts: PartsDep) -> Response:
    """Forget a job and remove its files."""
    parts.jobs.delete(job_id)
    return lead_to("/jobs")


@router.post("/jobs/{job_id}/start")
def start_planned(job_id: str, parts: PartsDep) -> Response:
    """Start the study that was planned."""
    planned = parts.jobs.find(job_id).request
    if not isinstance(planned, PlanStudyRequest):
        raise JobConflictError("this job planned no study")
    request = StudyRequest.model_validate(planned.model_dump(exclude={"kind"}))
    job, _ = parts.jobs.submit(request, None)
    return lead_to(f"/jobs/{job.id}")


def _live(parts: Parts, job: Job) -> dict[str, Any]:
    """Return what the part of the page is made of that changes while a job runs."""
    return {
        "line": job_line(job),
        "files": job_files(job.artifacts),
        "losses": read_losses(parts.jobs_folder / job.id / ARTIFACTS),
        "width": CHART_WIDTH,
        "height": CHART_HEIGHT,
    }
