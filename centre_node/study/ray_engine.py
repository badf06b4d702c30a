"""Does a study's runs on a Ray cluster: where there are GPUs, each run gets its part of one."""

import importlib
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from centre_node.study.errors import EngineError
from centre_node.study.outcomes import Outcome, attempt, died
from centre_node.study.prepared import PreparedStudy, Run

POLL_SECONDS = 0.5
RETRIES = 2
KNOCK_SECONDS = 5.0

Files = dict[str, bytes]


@dataclass(frozen=True)
class RayEngine:
    """A Ray cluster, whose machines need the same genshare and no shared disk.

    Attributes:
        address: Of the cluster: `auto` finds one on this machine, `ray://host:10001` another.
        runs_a_gpu: Runs that share a GPU.
    """

    address: str
    runs_a_gpu: int = 4

    def check(self) -> None:
        """See whether runs can be done there.

        Raises:
            EngineError: Ray is not installed, or there is no cluster at the address.
        """
        _connect(self.address).shutdown()

    def outcomes(
        self, study_file: Path, runs: Sequence[Run], *, device: str, on_tick: Callable[[], None]
    ) -> Iterator[Outcome]:
        """Yield each run's outcome as it ends.

        Raises:
            EngineError: Ray is not installed, or there is no cluster at the address.
        """
        ray = _connect(self.address)
        study = PreparedStudy.model_validate_json(study_file.read_bytes())
        files = ray.put(_read_files(study, study_file))  # once, however many runs there are
        there = ray.remote(_attempt_there).options(
            num_cpus=study.threads,
            num_gpus=1 / self.runs_a_gpu if device == "cuda" else 0,
            max_retries=RETRIES,
        )
        waiting = {there.remote(files, study_file.name, run, device): run for run in runs}
        try:
            while waiting:
                done, _ = ray.wait(list(waiting), num_returns=1, timeout=POLL_SECONDS)
                for reference in done:
                    yield _outcome(ray, reference, waiting.pop(reference))
                on_tick()
        finally:
            for reference in waiting:
                ray.cancel(reference, force=True)
            ray.shutdown()


def _connect(address: str) -> Any:
    try:
        ray = importlib.import_module("ray")
    except ModuleNotFoundError as error:
        raise EngineError(
            "ray is not installed; the ray engine needs it: pip install 'genshare[ray]'"
        ) from error
    try:
        _knock(address)
        ray.init(address=address, log_to_driver=False, logging_level="error")
    except (OSError, ValueError, RuntimeError) as error:
        raise EngineError(f"there is no Ray cluster at {address!r}") from error
    return ray


def _knock(address: str) -> None:
    """Find out at once whether anybody listens; Ray itself tries for minutes.

    Raises:
        OSError: Nobody does.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if port.isdigit():
        socket.create_connection((host, int(port)), KNOCK_SECONDS).close()


def _read_files(study: PreparedStudy, study_file: Path) -> Files:
    """Return every file that the runs read, by its name relative to the study's folder."""
    folder = study_file.parent
    paths = [folder / name for name in (*study.files, study_file.name)]
    inside = [found for path in paths for found in ([path] if path.is_file() else path.iterdir())]
    return {str(path.relative_to(folder)): path.read_bytes() for path in inside}


def _attempt_there(files: Files, study_name: str, run: Run, device: str) -> Outcome:
    """Do a run from files that are on this machine's disk for as long as it takes."""
    with tempfile.TemporaryDirectory(prefix="genshare-study-") as name:
        folder = Path(name)
        for file, content in files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(content)
        return attempt(folder / study_name, run, device, lambda: None)


def _outcome(ray: Any, reference: Any, run: Run) -> Outcome:
    try:
        outcome: Outcome = ray.get(reference)
    except ray.exceptions.RayError:
        return died(run, RETRIES + 1)
    return outcome
