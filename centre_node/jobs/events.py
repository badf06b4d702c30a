"""A job's progress as server-sent events: each is the whole record, its id the revision.

A listener that was away misses nothing that matters: the next event tells all.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from starlette.concurrency import run_in_threadpool

from node_api.jobs import FINISHED, Job

POLL_SECONDS = 0.25
KEEP_ALIVE_SECONDS = 15.0


async def job_events(read: Callable[[], Job], *, after: int) -> AsyncIterator[str]:
    """Yield the job whenever it has changed since revision `after`; end when it is finished."""
    told = time.monotonic()
    while True:
        job = await run_in_threadpool(read)
        if job.revision > after:
            after, told = job.revision, time.monotonic()
            yield f"id: {job.revision}\nevent: job\ndata: {job.model_dump_json()}\n\n"
        elif time.monotonic() - told > KEEP_ALIVE_SECONDS:
            told = time.monotonic()
            yield ": still here\n\n"
        if job.state in FINISHED:
            return
        await asyncio.sleep(POLL_SECONDS)
