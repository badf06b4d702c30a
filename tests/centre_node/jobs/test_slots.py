"""Which jobs are done at once, and by which worker."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from centre_node.jobs.slots import HEAVY, LIGHT, Queue, Slots
from centre_node.settings import visible_gpus
from node_api.data_sources import PhantomSet
from node_api.jobs import Job
from node_api.requests import (
    AnyJobRequest,
    AuditRequest,
    JobKind,
    PublishRequest,
    PullRequest,
    StudyRequest,
    TrainGeneratorRequest,
    WritePhantomsRequest,
)
from node_api.studies import Arm, StudyConfiguration

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PULL = PullRequest(centre="centre-b", name="masses")
TRAIN = TrainGeneratorRequest(dataset="own")
TRAIN_3 = TrainGeneratorRequest(dataset="own", threads=3)
AUDIT = AuditRequest(training_job="t")
PUBLISH = PublishRequest(
    training_job="t",
    name="masses",
    title="Masses",
    licence="CC0-1.0",
    use_terms="A trial",
    contact="the staff",
)
STUDY = StudyRequest(dataset="own", study=StudyConfiguration(arms=(Arm(name="none"),)), workers=4)
PHANTOMS = WritePhantomsRequest(
    phantoms=PhantomSet(style="film", patients=3, seed=1, written_as="mias")
)


def begun(
    slots: Slots,
    waiting: Sequence[AnyJobRequest],
    busy: dict[int, AnyJobRequest] | None = None,
    alive: Sequence[int] = (),
) -> list[tuple[int, int]]:
    """Return which of the waiting begin, by their places in the queue, and their workers."""
    jobs = [
        Job(
            id=str(place),
            kind=request.kind,
            state="queued",
            request=request,
            progress=None,
            result=None,
            problem=None,
            attempts=0,
            revision=1,
            created_at=NOW,
            started_at=None,
            finished_at=None,
        )
        for place, request in enumerate(waiting)
    ]
    found = Queue(busy or {}, jobs, alive).placements(slots)
    return [(int(job.id), worker) for job, worker in found]


def places(found: list[tuple[int, int]]) -> list[int]:
    return [place for place, _ in found]


def test_every_kind_of_job_is_heavy_or_light() -> None:
    assert {*HEAVY, *LIGHT} == {*get_args(JobKind)}
    assert not {*HEAVY} & {*LIGHT}


def test_a_light_job_waits_for_no_training() -> None:
    slots = Slots(processors=1)

    assert places(begun(slots, [TRAIN, TRAIN, PULL, PUBLISH, PULL])) == [0, 2, 3]
    assert places(begun(slots, [PULL], {0: TRAIN})) == [0]


@pytest.mark.parametrize(
    ("slots", "waiting", "expected"),
    [
        (Slots(processors=4), [TRAIN] * 6, [0, 1, 2, 3]),
        (Slots(processors=6), [TRAIN_3] * 3, [0, 1]),
        (Slots(processors=4), [TRAIN_3, TRAIN_3, TRAIN], [0]),
        (Slots(processors=2), [TRAIN_3, TRAIN], [0]),
        (Slots(processors=4), [STUDY, TRAIN], [0]),
        (Slots(processors=4, heavy=1), [TRAIN] * 3, [0]),
        (Slots(processors=4, heavy=3), [TRAIN_3] * 4, [0, 1, 2]),
        (Slots(processors=64, gpus=("0",)), [TRAIN] * 3, [0]),
        (Slots(processors=64, gpus=("0", "1")), [TRAIN] * 3, [0, 1]),
    ],
)
def test_heavy_jobs_are_as_many_as_gpus_or_processors_carry(
    slots: Slots, waiting: Sequence[AnyJobRequest], expected: list[int]
) -> None:
    assert places(begun(slots, waiting)) == expected


def test_what_works_on_the_same_waits_and_lets_others_past() -> None:
    slots = Slots(processors=8)

    assert places(begun(slots, [STUDY, STUDY, TRAIN])) == [0, 2]
    assert places(begun(slots, [PHANTOMS, PHANTOMS])) == [0]
    assert places(begun(slots, [AUDIT, PUBLISH, PULL])) == [0, 2]
    assert places(begun(slots, [PUBLISH, PULL], {0: AUDIT})) == [1]
    assert places(begun(Slots(processors=1), [TRAIN, AUDIT, PUBLISH])) == [0]


def test_a_worker_that_is_there_is_taken_before_a_new_one() -> None:
    slots = Slots(processors=8)

    assert begun(slots, [PULL], {0: TRAIN}, alive=[0, 1]) == [(0, 1)]
    assert begun(slots, [PULL], {1: TRAIN}, alive=[0, 1]) == [(0, 0)]
    assert begun(slots, [PULL, PULL], {}, alive=[]) == [(0, 0), (1, 1)]


def test_each_heavy_job_has_a_gpu_of_its_own() -> None:
    slots = Slots(processors=8, gpus=("3", "5"))
    busy: dict[int, AnyJobRequest] = {0: TRAIN, 1: PULL, 3: PULL}

    ((_, worker),) = begun(slots, [TRAIN], busy, alive=[2])

    assert (slots.gpu_of(0), slots.gpu_of(worker)) == ("3", "5")
    assert Slots(processors=8, gpus=("3", "5"), heavy=1).gpu_of(0) is None
    assert Slots(processors=8, gpus=("3",)).gpu_of(0) is None


def test_gpus_are_those_that_cuda_may_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert visible_gpus(tmp_path) == ("0", "1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, GPU-7")
    assert visible_gpus(tmp_path) == ("2", "GPU-7")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert visible_gpus(tmp_path) == ()
