"""What the commands that do runs have in common: their engine."""

import os
from typing import Literal

from pydantic import Field

from centre_node.study.local_engine import LocalEngine
from centre_node.study.ray_engine import RayEngine
from centre_node.study.runs import Engine
from shared.models import StrictModel


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
