"""What a page shows of a job: its state in words, its progress, its losses and its pictures."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from centre_node.pages.job_forms import KIND_TITLES
from node_api.jobs import FINISHED, Failure, Job
from node_api.requests import (
    AuditRequest,
    PreviewRequest,
    PublishRequest,
    PullRequest,
    RegisterRequest,
    SampleRequest,
    StudyParts,
    TrainGeneratorRequest,
    WritePhantomsRequest,
)
from shared.counts import counted
from shared.durations import duration
from shared.progress import Progress, pace

Tone = Literal["good", "bad", "open", "still"]

STATES: Mapping[str, tuple[str, Tone]] = {
    "queued": ("waiting", "still"),
    "running": ("running", "open"),
    "awaiting_review": ("waits for review", "open"),
    "succeeded": ("done", "good"),
    "failed": ("failed", "bad"),
    "cancelled": ("cancelled", "still"),
}
PICTURES = (".png",)
SAMPLE_GRIDS = "samples/"
MOST_GRIDS = 12
LOSSES = "losses.csv"
LOSS_NAMES = ("discriminator_loss", "generator_loss")
CHART_WIDTH, CHART_HEIGHT, MOST_POINTS = 640.0, 180.0, 320
LARGEST_TABLE_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job in a list.

    Attributes:
        about: What it is about, in a few words.
        share: How much of it is done, 0 to 1; None where nothing is known.
        told: How far it is, in words.
    """

    job: Job
    title: str
    about: str
    state: str
    tone: Tone
    share: float | None
    told: str

    @property
    def waits_for_review(self) -> bool:
        """Whether it goes on only when a person has said yes."""
        return self.job.state == "awaiting_review"

    @property
    def is_finished(self) -> bool:
        """Whether nothing more comes."""
        return self.job.state in FINISHED


def job_line(job: Job) -> JobLine:
    """Return what a list shows of a job."""
    state, tone = STATES[job.state]
    return JobLine(
        job=job,
        title=KIND_TITLES[job.kind],
        about=about(job),
        state=state,
        tone=tone,
        share=None if job.progress is None else _share(job.progress),
        told=_told(job),
    )


def about(job: Job) -> str:
    """Say what a job is about."""
    match job.request:
        case WritePhantomsRequest(phantoms=phantoms):
            return f"{counted(phantoms.patients, 'patient')}, {phantoms.style}"
        case TrainGeneratorRequest(dataset=dataset, training=training):
            return f"on {dataset}, {training.loss}, {counted(training.epochs, 'epoch')}"
        case AuditRequest(training_job=training) | PublishRequest(training_job=training):
            named = job.request.name if isinstance(job.request, PublishRequest) else "training"
            return f"{named} ({training[:8]})"
        case PullRequest(centre=centre, name=name):
            return f"{centre}/{name}"
        case SampleRequest(count=count, generator=generator):
            return f"{counted(count, 'patch', 'patches')} of {generator[:8]}"
        case RegisterRequest(name=name):
            return f"as {name}"
        case PreviewRequest(dataset=dataset):
            return f"of {dataset}"
        case StudyParts(dataset=dataset, study=study):
            return f"on {dataset}, {counted(len(study.arms), 'arm')}, {counted(study.runs, 'run')}"
    return ""


def _share(progress: Progress) -> float | None:
    return min(1.0, progress.done / progress.total) if progress.total > 0 else None


def _told(job: Job) -> str:
    progress = job.progress
    if job.state == "queued" and job.retry_at is not None:
        return f"is tried again at {job.retry_at:%H:%M} UTC"
    if job.state == "queued":
        return "Waits for its turn."
    if job.state in FINISHED or progress is None:
        return "" if job.seconds is None else f"took {duration(job.seconds)}"
    of_all = f" of {progress.total}" if progress.total else ""
    counted = f"{progress.done}{of_all} {progress.unit}"
    return ", ".join(filter(None, [counted, pace(progress.rate, progress.seconds_left)]))


@dataclass(frozen=True, slots=True)
class LossCurve:
    """One loss over the epochs.

    Attributes:
        points: Of a polyline in a drawing of CHART_WIDTH by CHART_HEIGHT.
        last: Its newest value.
    """

    name: str
    points: str
    last: float


@dataclass(frozen=True, slots=True)
class LossChart:
    """The losses of a training so far, by name; `lowest` and `highest` are the ends of the axis."""

    epochs: int
    lowest: float
    highest: float
    curves: tuple[LossCurve, ...]


def loss_chart(table: str) -> LossChart | None:
    """Return the curves of a losses.csv; None while it has no row.

    Args:
        table: As a training writes it; a last line that is not whole yet is left out.
    """
    rows = list(csv.DictReader(io.StringIO(table[: table.rfind("\n") + 1])))
    found = {name: _series(rows, name) for name in LOSS_NAMES}
    values = [value for series in found.values() for _, value in series]
    if not values:
        return None
    lowest, highest = min(values), max(values)
    curves = (
        LossCurve(
            name.replace("_", " "), _polyline(series, len(rows), lowest, highest), series[-1][1]
        )
        for name, series in found.items()
        if series
    )
    return LossChart(len(rows), lowest, highest, tuple(curves))


def read_losses(folder: Path) -> LossChart | None:
    """Return the curves of the losses in a job's artifacts; None where there are none."""
    path = folder / LOSSES
    try:
        with path.open("rb") as file:
            return loss_chart(file.read(LARGEST_TABLE_BYTES).decode("ascii", "replace"))
    except FileNotFoundError:
        return None


def _series(rows: Sequence[Mapping[str, str | None]], name: str) -> list[tuple[int, float]]:
    told = ((at, row.get(name)) for at, row in enumerate(rows, start=1))
    return [(at, float(text)) for at, text in told if text]


def _polyline(series: Sequence[tuple[int, float]], epochs: int, low: float, high: float) -> str:
    """Return the points of a curve; of a long one every so many."""
    step = -(-len(series) // MOST_POINTS)
    kept = [*series[::step], series[-1]]
    height = (high - low) or 1.0
    return " ".join(
        f"{CHART_WIDTH * at / epochs:.1f},{CHART_HEIGHT * (high - value) / height:.1f}"
        for at, value in kept
    )


@dataclass(frozen=True, slots=True)
class JobFiles:
    """What a job has left so far.

    Attributes:
        grids: Pictures of samples as the training went on, the newest first.
        pictures: Other pictures.
        others: All else.
    """

    grids: tuple[str, ...]
    pictures: tuple[str, ...]
    others: tuple[str, ...]


def job_files(names: Iterable[str]) -> JobFiles:
    """Sort a job's artifacts by what they are."""
    found = sorted(names)
    pictures = [name for name in found if name.endswith(PICTURES)]
    grids = [name for name in pictures if name.startswith(SAMPLE_GRIDS)]
    return JobFiles(
        grids=_spread(grids[::-1]),
        pictures=tuple(name for name in pictures if name not in grids),
        others=tuple(name for name in found if name not in pictures),
    )


def _spread(grids: Sequence[str]) -> tuple[str, ...]:
    """Return the newest and evenly spread ones before it."""
    if len(grids) <= MOST_GRIDS:
        return tuple(grids)
    step = (len(grids) - 1) / (MOST_GRIDS - 1)
    return tuple(grids[round(step * number)] for number in range(MOST_GRIDS))


Action = tuple[str, str, str]
"""Its path below the job's, its title, and how its button looks."""


def actions_of(job: Job) -> tuple[Action, ...]:
    """Return what can be done with a job."""
    if job.state not in FINISHED:
        return (("cancel", "Cancel this job", "danger"),)
    answer = None if job.review is None else job.review.answer
    is_rejected = answer is not None and not answer.approved
    if job.state == "succeeded" or is_rejected:
        return ()
    return (("resume", "Resume from what it has", ""),)


def failed_because(job: Job) -> str:
    """Say what kind of failure a job's is; "" where nothing is known."""
    failure = None if job.problem is None else job.problem.failure
    return "" if failure is None else FAILURES[failure]


FAILURES: Mapping[Failure, str] = {
    "input": "What was asked for, or the data, must change.",
    "resources": "Memory, disk or time ran out.",
    "network": "The hub did not answer.",
    "policy": "The centre's policy, or a person, said no.",
    "internal": "This is a fault in genshare, or of a kind that it does not know.",
}


def grid_name(artifact: str) -> str:
    """Return what a grid of samples is called: "samples/epoch-0100.png" is "after epoch 100"."""
    digits = "".join(one for one in artifact.rpartition("-")[2] if one.isdigit())
    return f"after epoch {int(digits)}" if digits else artifact


def picture_name(artifact: str) -> str:
    """Return a picture's name in words: "real-patches.png" is "Real patches"."""
    words = artifact.rpartition("/")[2].removesuffix(".png").replace("-", " ").replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}"
