"""Which jobs are done at once, and by which worker.

Heavy jobs have a GPU or processors to themselves. Light ones are done besides, so that they wait
for no training. Results do not depend on it: a job computes with the threads that it asks for.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from centre_node.jobs.needs import shared_by
from node_api.jobs import Job
from node_api.requests import AnyJobRequest, JobKind, StudyParts

HEAVY: tuple[JobKind, ...] = ("train_generator", "audit", "study", "write_phantoms")
LIGHT: tuple[JobKind, ...] = ("register", "preview", "publish", "pull", "sample", "plan_study")

Busy = Mapping[int, AnyJobRequest]
"""What each worker does or is to do next, by its number."""


@dataclass(frozen=True, slots=True)
class Slots:
    """How many jobs are done at once.

    Attributes:
        light: Light ones.
        heavy: Heavy ones; None: one a GPU, without a GPU as many as the processors carry.
        gpus: The names of those that may be used, as CUDA_VISIBLE_DEVICES has them.
    """

    processors: int
    light: int = 2
    heavy: int | None = None
    gpus: tuple[str, ...] = ()

    def gpu_of(self, worker: int) -> str | None:
        """Return the only GPU that a worker sees; None: it sees all."""
        shares_them = len(self.gpus) > 1 and self.heavy != 1
        return self.gpus[worker % len(self.gpus)] if shares_them else None

    def has_room(self, request: AnyJobRequest, busy: Busy) -> bool:
        """Tell whether one more job of its kind may begin."""
        if request.kind in LIGHT:
            return sum(other.kind in LIGHT for other in busy.values()) < self.light
        heavy = [other for other in busy.values() if other.kind in HEAVY]
        most = self.heavy or len(self.gpus)
        if most:
            return len(heavy) < most
        return not heavy or sum(map(threads_of, (*heavy, request))) <= self.processors

    def worker_for(self, request: AnyJobRequest, busy: Busy, alive: Collection[int]) -> int:
        """Return a free worker's number, best one whose process is there.

        A heavy job gets one whose GPU no other heavy job has, where there is one.
        """
        used = [self.gpu_of(worker) for worker, other in busy.items() if other.kind in HEAVY]

        def is_spoilt(worker: int) -> bool:
            gpu = self.gpu_of(worker)
            return request.kind in HEAVY and gpu is not None and gpu in used

        numbers = range(max(busy, default=-1) + 1 + max(1, len(self.gpus)))  # one of each GPU
        free = [worker for worker in numbers if worker not in busy]
        return min(free, key=lambda worker: (is_spoilt(worker), worker not in alive, worker))


@dataclass(frozen=True, slots=True)
class Queue:
    """The jobs that have not ended, as they stand.

    Attributes:
        busy: What each worker does or is to do next.
        waiting: Due ones that no worker has, in the order in which they came.
        alive: The numbers of workers whose process is there.
    """

    busy: Busy
    waiting: Sequence[Job]
    alive: Collection[int]

    def placements(self, slots: Slots) -> Iterator[tuple[Job, int]]:
        """Yield the jobs that are to begin now, with their workers: first come, first served.

        A heavy job that waits for room lets no later heavy one past, nor a light one a light one.
        What works on the same as an earlier job waits until that has ended, and lets others past.
        """
        busy, taken = dict(self.busy), set[str]()
        taken.update(*map(shared_by, busy.values()))
        full = set[bool]()
        for job in self.waiting:
            is_light = job.kind in LIGHT
            if taken.isdisjoint(shared_by(job.request)) and is_light not in full:
                if slots.has_room(job.request, busy):
                    worker = slots.worker_for(job.request, busy, self.alive)
                    busy[worker] = job.request
                    yield job, worker
                else:
                    full.add(is_light)
            taken |= shared_by(job.request)


def threads_of(request: AnyJobRequest) -> int:
    """Return how many threads a job computes with at once."""
    return request.threads * (request.workers if isinstance(request, StudyParts) else 1)
