"""What a page shows of generators: trained here, published from here, pulled from others."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from centre_node.pages.forms import Choice
from centre_node.pages.job_views import Tone
from node_api.jobs import Job
from node_api.ledger import LedgerEntry
from node_api.pulled import GeneratorHere
from node_api.requests import PublishRequest, TrainGeneratorRequest
from node_api.results import FinishedTraining
from shared.counts import counted
from shared.fidelity import FidelityReport
from shared.records import Fetched, GeneratorVersion
from shared.states import ENDED

COLLAPSE: Mapping[str, Tone] = {"none seen": "good", "suspected": "bad", "not judged": "still"}
LONGEST_ARM = 50
"""An arm's name may have 60 characters; the rest is for how its lesions are added."""


@dataclass(frozen=True, slots=True)
class TrainedLine:
    """A generator that was trained here.

    Attributes:
        collapse: The verdict on mode collapse; None where fidelity was not measured.
        published: As what, if it was.
    """

    job: Job
    request: TrainGeneratorRequest
    result: FinishedTraining
    collapse: str | None
    tone: Tone
    published: tuple[str, ...]


def trained_lines(jobs: Iterable[Job]) -> tuple[TrainedLine, ...]:
    """Return the finished trainings among jobs, newest first as these are."""
    jobs = tuple(jobs)
    published: dict[str, list[str]] = {}
    for job in jobs:
        if isinstance(job.request, PublishRequest) and isinstance(job.result, GeneratorVersion):
            told = f"{job.result.centre}/{job.result.name} version {job.result.version}"
            published.setdefault(job.request.training_job, []).append(told)
    return tuple(
        _trained(job, job.request, job.result, tuple(published.get(job.id, ())))
        for job in jobs
        if isinstance(job.request, TrainGeneratorRequest)
        and isinstance(job.result, FinishedTraining)
    )


def _trained(
    job: Job, request: TrainGeneratorRequest, result: FinishedTraining, published: tuple[str, ...]
) -> TrainedLine:
    collapse = None if result.fidelity is None else result.fidelity.mode_collapse.verdict
    tone = "still" if collapse is None else COLLAPSE[collapse]
    return TrainedLine(job, request, result, collapse, tone, published)


def training_choices(lines: Iterable[TrainedLine]) -> tuple[Choice, ...]:
    """Return trainings as a form offers them."""
    return tuple(
        Choice(
            line.job.id,
            f"{line.request.dataset}, {counted(line.result.patients, 'patient')}, "
            f"{counted(line.result.training.epochs, 'epoch')} ({line.job.id[:8]})",
        )
        for line in lines
    )


def generator_choices(pulled: Iterable[GeneratorHere]) -> tuple[Choice, ...]:
    """Return the pulled generators that a form offers: whole, and not withdrawn since.

    Each has a name of its own that an arm of a study can have too.
    """
    whole = [one for one in pulled if one.card is not None and one.whole and not is_ended(one)]
    return tuple(Choice(one.manifest_digest, _arm_name(one)) for one in whole)


def residual_generators(pulled: Iterable[GeneratorHere]) -> frozenset[str]:
    """Return the digests of generators that draw residuals, as their cards say."""
    return frozenset(
        one.manifest_digest
        for one in pulled
        if one.card is not None and one.card.architecture.output == "residual"
    )


def is_ended(generator: GeneratorHere) -> bool:
    """Tell whether the hub has said that a generator is not to be used any more."""
    return generator.state is not None and generator.state.state in ENDED


def _arm_name(generator: GeneratorHere) -> str:
    assert generator.card is not None, "only readable ones are offered"
    version = "" if generator.version is None else f" v{generator.version}"
    ending = f"{version} ({generator.manifest_digest[:4]})"
    name = f"{generator.card.centre} {generator.card.name}"
    return f"{name[: LONGEST_ARM - len(ending)]}{ending}"


def usual_side_px(pulled: Iterable[GeneratorHere]) -> int | None:
    """Return the size of the pulled generators' patches; None where there are none."""
    sides = [one.card.architecture.image_size for one in pulled if one.card is not None]
    return max(set(sides), key=sides.count) if sides else None


def sent_in_words(entry: LedgerEntry, in_review: Collection[str]) -> str:
    """Say whether a package left.

    Args:
        in_review: Manifest digests of the packages that wait for a person.
    """
    if entry.version is not None:
        return "yes"
    if not entry.released:
        return "no"
    return "no, waits for review" if entry.subject in in_review else "allowed"


def packages_in_review(jobs: Iterable[Job]) -> frozenset[str]:
    """Return the manifest digests of the packages that wait for a person."""
    return frozenset(
        job.review.manifest_digest
        for job in jobs
        if job.state == "awaiting_review" and job.review is not None
    )


@dataclass(frozen=True, slots=True)
class Offered:
    """A generator at the hub.

    Attributes:
        record: Its newest version.
        here: Versions that were pulled.
        is_ours: Whether this centre published it.
    """

    record: GeneratorVersion
    here: tuple[int, ...]
    is_ours: bool


def offered(
    records: Iterable[GeneratorVersion], pulled: Sequence[GeneratorHere], *, centre: str
) -> tuple[Offered, ...]:
    """Return the newest version of every generator at the hub, and what of each lies here."""
    newest: dict[tuple[str, str], GeneratorVersion] = {}
    here: dict[tuple[str, str], list[int]] = {}
    digests = {one.manifest_digest for one in pulled}
    for record in records:
        key = (record.centre, record.name)
        if key not in newest or record.version > newest[key].version:
            newest[key] = record
        if record.manifest_digest in digests:
            here.setdefault(key, []).append(record.version)
    return tuple(
        Offered(newest[key], tuple(sorted(here.get(key, ()))), key[0] == centre)
        for key in sorted(newest)
    )


def by_others(fetched: Iterable[Fetched], centre: str) -> tuple[Fetched, ...]:
    """Return the fetches by others than the centre itself."""
    return tuple(one for one in fetched if one.by != centre)


def fidelity_in_words(report: FidelityReport | None) -> str:
    """Say how close a generator's patches are to real ones."""
    if report is None:
        return "How close its patches are to real ones was not measured."
    auroc, other = report.synthetic.auroc, report.real_real.auroc
    if auroc is None:
        return "There are too few patches to say how close its patches are to real ones."
    halves = (
        "" if other is None else f" Two halves of the real patches are told apart at {other:.2f}."
    )
    return (
        f"A classifier tells its patches from real ones with an AUROC of {auroc:.2f}; 0.5 is "
        f"chance, 1 is always.{halves}"
    )
