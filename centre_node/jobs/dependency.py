"""How routes get at the jobs."""

from typing import Annotated

from fastapi import Depends, Request

from centre_node.jobs.service import Jobs


def _jobs(request: Request) -> Jobs:
    jobs: Jobs = request.app.state.jobs
    return jobs


JobsDep = Annotated[Jobs, Depends(_jobs)]
