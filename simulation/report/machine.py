"""Describes the machine that a simulation runs on or is driven from."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from shared.models import StrictModel

PACKAGES = ("torch", "numpy", "opencv-python-headless", "scikit-learn", "safetensors", "pydantic")


class Machine(StrictModel):
    """Where the simulation ran, or from where it drove services that run elsewhere."""

    system: str
    processor: str
    cores: int
    python: str
    packages: dict[str, str]


def this_machine() -> Machine:
    """Return system, processor and library versions, without importing a library."""
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        processor=_processor(),
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        packages={name: found for name in PACKAGES if (found := _version(name))},
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or "unknown")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
