"""Does a study's runs in processes of this machine, and outlives those that die."""

import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

import torch

from centre_node.study.errors import StudyStoppedError
from centre_node.study.outcomes import Outcome, attempt, died
from centre_node.study.prepared import Run

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
MOST_DEATHS = 3
"""Times that processes may die with no run finished in between, before it is given up."""

OnTick = Callable[[], None]
"""Called all the time; what it raises stops the runs."""


@dataclass(frozen=True)
class LocalEngine:
    """Processes of this machine.

    Attributes:
        workers: Runs at once; one is done in this process. Results do not depend on it.
        runs_a_gpu: Runs that share a GPU, where there is one; `workers` counts for the CPU only.
    """

    workers: int = 1
    runs_a_gpu: int = 4

    def outcomes(
        self, study_file: Path, runs: Sequence[Run], *, device: str, on_tick: OnTick
    ) -> Iterator[Outcome]:
        """Yield each run's outcome as it ends."""
        gpus = torch.cuda.device_count() if device == "cuda" else 0
        workers = min(gpus * self.runs_a_gpu if gpus else self.workers, len(runs))
        devices = [f"cuda:{index % gpus}" if gpus else "cpu" for index in range(len(runs))]
        tasks = list(zip(runs, devices, strict=True))
        if workers <= 1:
            for run, place in tasks:
                yield attempt(study_file, run, place, on_tick)
        else:
            yield from _Processes(study_file, workers, on_tick).outcomes(tasks)


Task = tuple[Run, str]
"""A run and the device that it is done on."""


class _Processes:
    """A pool that is started anew when one of its processes dies."""

    def __init__(self, study_file: Path, workers: int, on_tick: OnTick) -> None:
        self._study_file = study_file
        self._workers = workers
        self._on_tick = on_tick
        self._context = multiprocessing.get_context("spawn")  # a fork does not get along with CUDA

    def outcomes(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        left, deaths = list(tasks), 0
        while left and deaths < MOST_DEATHS:
            deaths += 1
            try:
                for task, outcome in self._one_pool(left):
                    left.remove(task)
                    deaths = 0
                    yield outcome
            except BrokenProcessPool:
                log.warning("a process of the study died; %d runs are left", len(left))
        for run, _ in left:
            yield died(run, MOST_DEATHS)

    def _one_pool(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Outcome]]:
        stop = self._context.Event()
        pool = ProcessPoolExecutor(
            self._workers,
            mp_context=self._context,
            initializer=_begin,
            initargs=(stop, os.getpid()),
        )
        try:
            futures = {pool.submit(_attempt_there, self._study_file, *task): task for task in tasks}
            yield from self._finished(futures)
        except BaseException:
            stop.set()  # running ones end with their epoch
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _finished(self, futures: dict[Future[Outcome], Task]) -> Iterator[tuple[Task, Outcome]]:
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                yield futures[future], future.result()
            self._on_tick()


_stop: Event | None = None


def _begin(stop: Event, parent: int) -> None:
    """Begin a process of the pool: it ends with its parent, even if that is killed."""
    global _stop
    _stop = stop
    threading.Thread(target=_leave_with, args=[parent], daemon=True).start()


def _leave_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os._exit(1)


def _attempt_there(study_file: Path, run: Run, device: str) -> Outcome:
    return attempt(study_file, run, device, _check_stop)


def _check_stop() -> None:
    if _stop is not None and _stop.is_set():
        raise StudyStoppedError("the study was stopped")
