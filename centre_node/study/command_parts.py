"""What the commands that do runs have in common: their engine, their inputs, their progress."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import typer
from pydantic import Field

from centre_node.mammography.datasets import data_folders, read_dataset, read_folder
from centre_node.mammography.mammograms import Reading
from centre_node.study.local_engine import LocalEngine
from centre_node.study.preparation import StudyInputs
from centre_node.study.ray_engine import RayEngine
from centre_node.study.runs import CUTTING, OWN_TRAINING, Engine
from centre_node.study.study_file import StudyFile
from node_api.data_sources import DatasetSource, MammogramFolder
from shared.models import StrictModel
from shared.packages import Package, open_package
from shared.progress import OnProgress, shown

CACHE = "cache"


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


def make_folder(out: Path) -> None:
    """Make the folder of results.

    Raises:
        BadParameter: It cannot be made or written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"--out {out} cannot be made: {error.strerror}") from error
    if not os.access(out, os.W_OK):
        raise typer.BadParameter(f"--out {out} cannot be written")


def open_generators(file: StudyFile) -> dict[str, Package]:
    """Return the packages that a study file names, verified, by their names there."""
    return {name: open_package(folder, partly=True) for name, folder in file.generators.items()}


def digests_of(packages: Mapping[str, Package]) -> dict[str, str]:
    """Return packages' manifest digests, by name."""
    return {name: package.digest for name, package in packages.items()}


def read_inputs(file: StudyFile, packages: Mapping[str, Package], out: Path) -> StudyInputs:
    """Return what a study of the file is made of.

    Args:
        packages: The file's generators, by their names there.
        out: Where phantoms may be kept.
    """
    return StudyInputs(
        own=_read(file.own, out),
        donors={name: _read(source, out) for name, source in file.donors.items()},
        packages={package.digest: package for package in packages.values()},
        initial_weights=file.initial_weights,
    )


def _read(source: DatasetSource, out: Path) -> Reading:
    if isinstance(source, MammogramFolder):
        return read_folder(Path(source.folder), source.format, source.where)
    return read_dataset(source, data_folders(out, None))


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
