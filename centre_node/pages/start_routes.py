"""The first page: what there is, what waits, and what comes next."""

from fastapi import Request, Response

from centre_node.pages.job_views import job_line
from centre_node.pages.overview import overview_steps
from centre_node.pages.parts import PartsDep, staff_router

router = staff_router()
NEWEST = 6


@router.get("/")
def show_start(request: Request, parts: PartsDep) -> Response:
    """Show the overview."""
    jobs, hub = parts.jobs.all(), parts.hub()
    lines = [job_line(job) for job in jobs]
    return parts.site.page(
        request,
        "start.html.j2",
        hub=hub,
        lines=lines[:NEWEST],
        reviews=[line for line in lines if line.waits_for_review],
        steps=overview_steps(
            datasets=len(parts.datasets.all()),
            jobs=jobs,
            is_connected=hub is not None,
            pulled=len(parts.pulled.all()),
        ),
    )
