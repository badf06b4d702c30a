"""What came out of a job, in sentences and facts, and what can be done next."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from centre_node.pages.generator_views import fidelity_in_words
from centre_node.pages.wording import as_sentence
from centre_node.study.receipts import places
from node_api.audits import AuditReport
from node_api.datasets import Dataset
from node_api.findings import StudyResult
from node_api.jobs import Job
from node_api.plans import StudyPlan
from node_api.previews import Preview
from node_api.requests import StudyParts, TrainGeneratorRequest
from node_api.results import (
    FinishedTraining,
    PulledGenerator,
    SampledPatches,
    WrittenPhantoms,
)
from privacy_page.wording import copies_in_words, positive_control_in_words, strongest_in_words
from shared.counts import counted, named
from shared.durations import duration
from shared.records import GeneratorVersion
from study_report.presented import Presented
from study_report.verdicts import verdict_sentences
from study_report.writing import PAGE as STUDY_PAGE

OFFICERS_PAGE = "privacy.html"
Link = tuple[str, str]
"""A title and a path."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came out of a job.

    Attributes:
        warning: What speaks against using it; "" where nothing does.
        report: The artifact that is a page; "" where there is none.
        next: What can be done with it.
        can_register: Whether phantoms can be registered as a data set, `suggested` as its name.
        can_start: Whether it is the plan of a study, which can be started.
    """

    sentences: Sequence[str]
    facts: Sequence[tuple[str, str]] = ()
    warning: str = ""
    report: str = ""
    next: Sequence[Link] = field(default=())
    can_register: bool = False
    suggested: str = ""
    can_start: bool = False


def found_by(job: Job) -> Found | None:
    """Return what came out of a job; None while nothing has."""
    match job.result:
        case WrittenPhantoms() as written:
            return _phantoms(written)
        case Dataset() as dataset:
            return _registered(dataset)
        case Preview() as preview:
            return _preview(preview)
        case FinishedTraining() as trained:
            return _training(job, trained)
        case AuditReport() as audit:
            return _audit(job, audit)
        case GeneratorVersion() as version:
            return _published(job, version)
        case PulledGenerator() as pulled:
            return _pulled(pulled)
        case SampledPatches() as sampled:
            return _sampled(sampled)
        case StudyPlan() as plan:
            return _plan(job, plan)
        case StudyResult() as result:
            return _study(job, result)
    return None


def study_sentences(job: Job) -> tuple[str, ...]:
    """Return what a study found, a sentence for each column; none while it has not ended."""
    if not isinstance(job.result, StudyResult) or not isinstance(job.request, StudyParts):
        return ()
    return verdict_sentences(Presented(job.request.study, job.result))


def _phantoms(written: WrittenPhantoms) -> Found:
    phantoms = written.phantoms
    drawn = counted(phantoms.patients, "patient was", "patients were")
    return Found(
        (f"{drawn} drawn, written as {written.layout}.",),
        can_register=True,
        suggested=f"phantoms-{phantoms.style}",
    )


def _registered(dataset: Dataset) -> Found:
    summary = dataset.summary
    found = (
        f"{counted(summary.patients, 'patient')}, {counted(summary.images, 'image')} and "
        f"{counted(summary.lesions, 'lesion')}"
    )
    return Found(
        (f"Registered as {dataset.name}: {found}.",),
        next=(("What was counted", f"/data/{dataset.name}"),),
    )


def _preview(preview: Preview) -> Found:
    told = as_sentence(preview.shortcut)
    facts = [
        (subset.name, f"{subset.lesions} lesion and {subset.healthy} healthy patches")
        for subset in preview.subsets
    ]
    skipped = [(f"Skipped {times}", reason) for reason, times in preview.skipped.items()]
    return Found((told,), (*facts, *skipped))


def _training(job: Job, trained: FinishedTraining) -> Found:
    assert isinstance(job.request, TrainGeneratorRequest), "only such a job ends so"
    collapse = None if trained.fidelity is None else trained.fidelity.mode_collapse
    suspected = collapse is not None and collapse.verdict == "suspected"
    facts = [
        ("Trained on", _patients_and_patches(trained.patients, trained.patches)),
        ("Held out", as_sentence(trained.held_out.statement) if trained.held_out else "Nobody"),
        *((f"Skipped {times}", reason) for reason, times in trained.skipped.items()),
    ]
    if collapse is not None:
        facts.insert(0, ("Mode collapse", collapse.statement))
    if trained.privacy is not None:
        facts.append(("Privacy", trained.privacy.statement))
    return Found(
        (fidelity_in_words(trained.fidelity),),
        facts,
        warning=WARN_OF_COLLAPSE if suspected else "",
        next=(
            ("Audit it", f"/new/audit?training={job.id}"),
            ("Publish it", f"/new/publish?training={job.id}"),
        ),
    )


def _patients_and_patches(patients: int, patches: int) -> str:
    return f"{counted(patients, 'patient')}, {counted(patches, 'patch', 'patches')}"


WARN_OF_COLLAPSE = (
    "Mode collapse is suspected: it draws much the same patch again and again. Look at the "
    "samples: where they are grey still, more epochs help; else another seed, or fewer epochs."
)


def _audit(job: Job, audit: AuditReport) -> Found:
    training = getattr(job.request, "training_job", "")
    facts = [
        ("Trained on", _patients_and_patches(audit.members.patients, audit.members.patches)),
        ("Held out", _patients_and_patches(audit.held_out.patients, audit.held_out.patches)),
        ("Drawn to attack with", f"{audit.samples} patches"),
        ("Copies", copies_in_words(audit.copies, audit.samples)),
        ("A planted leak", positive_control_in_words(audit.positive_control)),
    ]
    told = strongest_in_words(audit) if audit.too_few is None else as_sentence(audit.too_few)
    next_ = (("Publish the generator", f"/new/publish?training={training}"),)
    return Found((told,), facts, next=next_)


def _published(job: Job, version: GeneratorVersion) -> Found:
    report = OFFICERS_PAGE if OFFICERS_PAGE in job.artifacts else ""
    return Found(
        (f"Published as {version.centre}/{version.name}, version {version.version}.",),
        (("SHA-256 of its manifest", version.manifest_digest),),
        report=report,
        next=(("Generators", "/generators"),),
    )


def _pulled(pulled: PulledGenerator) -> Found:
    whole = "whole" if pulled.whole else "in part"
    files = counted(len(pulled.weights), "weight file")
    return Found(
        (f"{pulled.centre}/{pulled.name}, version {pulled.version}, lies here and was verified.",),
        (("Weights", f"{files}, {whole}"), ("SHA-256 of its manifest", pulled.manifest_digest)),
        next=(
            ("Sample patches", f"/new/sample?generator={pulled.manifest_digest}"),
            ("Start a study", "/new/study"),
        ),
    )


def _sampled(sampled: SampledPatches) -> Found:
    count, height, width = sampled.shape
    patches = counted(count, "synthetic patch", "synthetic patches")
    return Found(
        (f"{patches} of {height} by {width} pixels {named(count, 'was', 'were')} drawn.",),
        (("From", f"{sampled.centre}/{sampled.name}"), ("Seed", str(sampled.seed))),
    )


def _plan(job: Job, plan: StudyPlan) -> Found:
    repeated = f"{counted(len(plan.seeds), 'repetition')} of {plan.length} each"
    facts = [
        *(
            (
                subset.name.capitalize(),
                f"{counted(subset.patients, 'patient')}, {counted(subset.lesions, 'lesion')}",
            )
            for subset in plan.subsets
        ),
        ("Arms", "; ".join(plan.arms)),
        ("Runs", f"{plan.runs}: {repeated}, {plan.workers} at once"),
    ]
    told = [
        f"The study would take about {duration(plan.seconds)} on this machine, as busy as it is."
    ]
    if isinstance(job.request, StudyParts) and job.request.study.own_generator is not None:
        told.append("The training of the centre's own generator is not in it.")
    return Found(told, facts, warning=" ".join(map(as_sentence, plan.doubts)), can_start=True)


def _study(job: Job, result: StudyResult) -> Found:
    failed = f"{len(result.failed)} of its runs failed." if result.failed else ""
    return Found(
        study_sentences(job),
        (("Took", duration(result.origin.seconds)),),
        warning=failed,
        report=STUDY_PAGE if STUDY_PAGE in job.artifacts else "",
        next=(
            (("Tell what a generator was worth", f"/jobs/{job.id}/receipt"),) * bool(places(result))
        ),
    )
