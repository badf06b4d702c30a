"""What the commands that do runs have in common: their engine and their progress."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from pydantic import Field

from centre_node.study.local_engine import LocalEngine
from centre_node.study.ray_engine import RayEngine
from centre_node.study.runs import CUTTING, OWN_TRAINING, Engine
from shared.models import StrictModel
from shared.progress import OnProgress, shown


class EngineChoice(StrictModel):
    """What does the runs of a study, and how many at once."""

    workers: int | None = Field(
        None,
        ge=1,
        le=256,
        description="How many runs are done at once; by default one a processor.",
    )
    engine: Literal["local", "ray"] = Field(
        "local", description="Where runs are done: on this machine, or on a cluster with Ray."
    )
    address: str = Field(
        "auto",
        description="With --engine ray: the address of the cluster, such as ray://host:10001.",
    )
    runs_a_gpu: int = Field(
        4, ge=1, le=64, description="How many runs share a GPU, where there is one."
    )

    def made(self) -> Engine:
        """Return an engine that is there, before hours go into cutting patches for it."""
        if self.engine == "local":
            return LocalEngine(self.workers or len(os.sched_getaffinity(0)), self.runs_a_gpu)
        cluster = RayEngine(self.address, self.runs_a_gpu)
        cluster.check()
        return cluster


@contextmanager
def runs_shown() -> Iterator[OnProgress]:
    """Show how many runs are done, and how much time is left."""
    left = _TimeLeft()
    with shown() as on_progress:
        yield lambda step: on_progress(
            step.model_copy(update={"seconds_left": left(step.done, step.total, step.message)})
        )


class _TimeLeft:
    """Tells how much time is left by the runs that were not found done already."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._found: int | None = None

    def __call__(self, done: int, total: int, message: str) -> float | None:
        """Return seconds, or None while no run is done."""
        if message in (CUTTING, OWN_TRAINING):
            return None
        if self._found is None:
            self._found, self._begun = done, time.monotonic()
        new = done - self._found
        return (time.monotonic() - self._begun) / new * (total - done) if new else None
