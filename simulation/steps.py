"""Jobs of a simulation: submitted once however often the simulation is started, and waited for."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from node_api.jobs import FINISHED, Job
from node_api.requests import JobRequest
from shared.safe_text import shown
from simulation.errors import JobFailedError
from simulation.node_client import NodeClient

POLL_SECONDS = 0.2
LONGEST_POLL_SECONDS = 1.0
POLLED_SHARE = 0.05
"""Of the time that jobs have taken so far: what lasts long is asked for less often."""


@dataclass(frozen=True, slots=True)
class Step:
    """One job of the simulation.

    Attributes:
        name: Says what it is among the scenario's steps; the same in every start.
        title: Says it to a person.
    """

    name: str
    title: str
    node: NodeClient
    request: JobRequest


OnJob = Callable[[Step, Job], None]
"""Called whenever a step's job was looked at."""


def idempotency_key(digest: str, step: str, request: JobRequest, *, attempt: int) -> str:
    """Return the key under which a step's job is submitted.

    It is the same in every start of the same scenario, so that a node returns the job that it
    has; and it changes with the request, since a node refuses a key that comes with another one.
    """
    content = [digest, step, request.model_dump(mode="json"), attempt]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def run_steps(steps: Sequence[Step], *, digest: str, on_job: OnJob) -> dict[str, Job]:
    """Run steps side by side, each at its node, and return their jobs by the steps' names.

    Raises:
        JobFailedError: A job failed or was cancelled.
    """
    jobs = {step.name: submit(step, digest=digest) for step in steps}
    begun = time.monotonic()
    _look(steps, jobs, on_job)
    while not all(job.state in FINISHED for job in jobs.values()):
        waited = time.monotonic() - begun
        time.sleep(min(LONGEST_POLL_SECONDS, max(POLL_SECONDS, POLLED_SHARE * waited)))
        for step in steps:
            if jobs[step.name].state not in FINISHED:
                jobs[step.name] = step.node.job(jobs[step.name].id)
        _look(steps, jobs, on_job)
    return jobs


def submit(step: Step, *, digest: str) -> Job:
    """Return a step's job: a new one unless an earlier start submitted one that did not fail."""
    attempt = 1
    while True:
        key = idempotency_key(digest, step.name, step.request, attempt=attempt)
        job = step.node.submit(step.request, key=key)
        if job.state not in {"failed", "cancelled"}:
            return job
        attempt += 1


def _look(steps: Sequence[Step], jobs: Mapping[str, Job], on_job: OnJob) -> None:
    for step in steps:
        on_job(step, jobs[step.name])
    for step in steps:
        job = jobs[step.name]
        if job.state in FINISHED - {"succeeded"}:
            raise JobFailedError(_why(step, job))


def _why(step: Step, job: Job) -> str:
    if job.problem is None:
        return f"{step.title}: the job was {job.state}"
    problem = job.problem
    reason = f"{shown(problem.detail)} ({shown(problem.code, 20)}) {shown(problem.hint)}"
    return f"{step.title}: {reason}".rstrip()
