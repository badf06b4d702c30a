"""A job's progress as server-sent events: each is the whole record, its id the revision.

A listener that was away misses nothing that matters: the next event tells all. While nothing
changes, no more than the revision is read.
"""

import asyncio
import time
from collections.abc import AsyncIterator

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.concurrency import run_in_threadpool

from centre_node.jobs.errors import JobNotFoundError
from centre_node.jobs.service import Jobs
from node_api.jobs import FINISHED

POLL_SECONDS = 0.25
KEEP_ALIVE_SECONDS = 15.0


async def job_events(jobs: Jobs, job_id: str, *, after: int) -> AsyncIterator[bytes]:
    """Yield the job whenever it has changed since revision `after`; end when it is finished.

    The stream of a job that is deleted ends, too.
    """
    told = time.monotonic()
    while True:
        revision = await run_in_threadpool(jobs.revision, job_id)
        if revision is None:
            return
        if revision > after:
            try:
                job = await run_in_threadpool(jobs.find, job_id)
            except JobNotFoundError:
                return
            after, told = job.revision, time.monotonic()
            data = job.model_dump_json()
            yield format_sse_event(data_str=data, event="job", id=str(job.revision))
            if job.state in FINISHED:
                return
        elif time.monotonic() - told > KEEP_ALIVE_SECONDS:
            told = time.monotonic()
            yield KEEPALIVE_COMMENT
        await asyncio.sleep(POLL_SECONDS)
