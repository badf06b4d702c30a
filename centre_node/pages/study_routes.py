"""The page of studies."""

from fastapi import Request, Response

from centre_node.pages.job_views import job_line
from centre_node.pages.parts import PartsDep, staff_router
from centre_node.pages.result_views import study_sentences
from study_report.writing import PAGE as STUDY_PAGE

router = staff_router()
MOST_SHOWN = 30


@router.get("/studies")
def show_studies(request: Request, parts: PartsDep) -> Response:
    """Show the newest studies, with what each found."""
    jobs = [job for job in parts.jobs.all() if job.kind == "study"][:MOST_SHOWN]
    studies = [
        {
            "line": job_line(job),
            "sentences": study_sentences(job),
            "report": STUDY_PAGE if STUDY_PAGE in job.artifacts else "",
        }
        for job in jobs
    ]
    return parts.site.page(request, "studies.html.j2", studies=studies)
