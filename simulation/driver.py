"""Drives a federation through a scenario, over REST only, wherever its services run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from node_api.data_sources import MammogramFolder, PhantomSet
from node_api.findings import StudyResult
from node_api.jobs import Job
from node_api.requests import PublishRequest, PullRequest, SampleRequest, WritePhantomsRequest
from node_api.summaries import DatasetSummary
from shared.models import StrictModel
from shared.records import GeneratorVersion
from simulation.federation import Federation
from simulation.scenario import DATASET, GeneratorScenario, Scenario, StudyScenario
from simulation.steps import OnJob, Step, run_steps

Found = TypeVar("Found", bound=StrictModel)


@dataclass(frozen=True)
class PublishedGenerator:
    """A generator that its centre trained and published."""

    scenario: GeneratorScenario
    training: Job
    version: GeneratorVersion


@dataclass(frozen=True)
class FinishedStudy:
    """A study and what it found."""

    scenario: StudyScenario
    job: Job
    result: StudyResult


@dataclass(frozen=True)
class Outcome:
    """What a simulation found.

    Attributes:
        datasets: Counts by the centre's label.
        previews: Finished sample jobs with the receiving centre's label, by generator.
        versions: Of code and libraries, by service.
    """

    datasets: dict[str, DatasetSummary]
    generators: tuple[PublishedGenerator, ...]
    previews: dict[str, tuple[str, Job]]
    studies: tuple[FinishedStudy, ...]
    versions: dict[str, dict[str, str]] = field(default_factory=dict)


def run_scenario(
    scenario: Scenario, federation: Federation, *, digest: str, on_job: OnJob
) -> Outcome:
    """Train, publish, pull, sample and study, as the scenario says.

    What an earlier start finished is found again, not done again.

    Args:
        digest: Of the scenario and its data; tells its jobs from another's.

    Raises:
        JobFailedError: A job failed.
        ServiceRefusedError, HubRefusedError: A request was refused.
        ServiceUnreachableError, HubUnreachableError: A service does not answer.
    """
    federation.wait_until_healthy()
    _write_phantoms(scenario, federation, digest, on_job)
    datasets = _introduce(scenario, federation)
    trained = _train(scenario, federation, digest, on_job)
    published = _publish(scenario, federation, trained, digest, on_job)
    digests = _pull(scenario, federation, published, digest, on_job)
    previews = _preview_steps(scenario, federation, digests)
    studies = _study_steps(scenario, federation, digests)
    steps = [*(step for _, step in previews.values()), *studies.values()]
    jobs = run_steps(steps, digest=digest, on_job=on_job)
    return Outcome(
        datasets=datasets,
        generators=tuple(
            PublishedGenerator(
                generator, trained[generator.reference], published[generator.reference]
            )
            for generator in scenario.generators
        ),
        previews={name: (label, jobs[step.name]) for name, (label, step) in previews.items()},
        studies=tuple(
            _finished(study, jobs[studies[study.lesions].name]) for study in scenario.studies
        ),
        versions=_versions(scenario, federation),
    )


def _write_phantoms(scenario: Scenario, federation: Federation, digest: str, on_job: OnJob) -> None:
    """Have phantoms that are to be read like a real data set written first."""
    wanted = [*((label, label) for label in scenario.centres), *scenario.loans]
    steps = [
        Step(
            name=f"phantoms of {owner} at {label}",
            title=f"{scenario.centres[label].name} draws "
            + ("its phantoms" if owner == label else f"those of {scenario.centres[owner].name}"),
            node=federation.nodes[label],
            request=WritePhantomsRequest(phantoms=phantoms),
        )
        for label, owner in wanted
        if isinstance(phantoms := scenario.centres[owner].dataset, PhantomSet)
        and phantoms.written_as
    ]
    run_steps(steps, digest=digest, on_job=on_job)


def _introduce(scenario: Scenario, federation: Federation) -> dict[str, DatasetSummary]:
    """Enrol every centre at the hub; register its data at its node, and what is lent to it."""
    counts = {}
    for label, centre in scenario.centres.items():
        node = federation.nodes[label]
        token = federation.hub.invite(centre.name, renew=True)
        node.connect_hub(federation.hub_url, token)
        counts[label] = node.register_dataset(DATASET, centre.dataset).summary
    for label, lender in scenario.loans:
        name, source = scenario.centres[lender].name, scenario.centres[lender].dataset
        if isinstance(source, MammogramFolder):
            source = source.model_copy(update={"lent_by": name})
        federation.nodes[label].register_dataset(name, source)
    return counts


def _train(
    scenario: Scenario, federation: Federation, digest: str, on_job: OnJob
) -> dict[str, Job]:
    steps = {
        generator.reference: Step(
            name=f"train {generator.reference}",
            title=f"{scenario.centres[generator.centre].name} trains {generator.name}",
            node=federation.nodes[generator.centre],
            request=scenario.training_request(generator),
        )
        for generator in scenario.generators
    }
    return _by_reference(steps, run_steps(list(steps.values()), digest=digest, on_job=on_job))


def _publish(
    scenario: Scenario,
    federation: Federation,
    trained: Mapping[str, Job],
    digest: str,
    on_job: OnJob,
) -> dict[str, GeneratorVersion]:
    steps = {
        generator.reference: Step(
            name=f"publish {generator.reference}",
            title=f"{scenario.centres[generator.centre].name} publishes {generator.name}",
            node=federation.nodes[generator.centre],
            request=PublishRequest(
                training_job=trained[generator.reference].id,
                name=generator.name,
                title=generator.title,
                licence=generator.licence,
                use_terms=generator.use_terms,
                contact=generator.contact,
                ensemble=generator.publish_ensemble,
            ),
        )
        for generator in scenario.generators
    }
    jobs = run_steps(list(steps.values()), digest=digest, on_job=on_job)
    return {
        reference: _found(GeneratorVersion, job)
        for reference, job in _by_reference(steps, jobs).items()
    }


def _pull(
    scenario: Scenario,
    federation: Federation,
    published: Mapping[str, GeneratorVersion],
    digest: str,
    on_job: OnJob,
) -> dict[str, str]:
    """Pull what each study needs to its centre; return manifest digests by reference."""
    steps = [
        Step(
            name=f"pull {reference} to {label}",
            title=f"{scenario.centres[label].name} pulls {published[reference].name} "
            f"of {published[reference].centre}",
            node=federation.nodes[label],
            request=PullRequest(
                centre=published[reference].centre,
                name=published[reference].name,
                version=published[reference].version,
            ),
        )
        for label, reference, _ in _deliveries(scenario)
    ]
    run_steps(steps, digest=digest, on_job=on_job)
    return {reference: version.manifest_digest for reference, version in published.items()}


def _preview_steps(
    scenario: Scenario, federation: Federation, digests: Mapping[str, str]
) -> dict[str, tuple[str, Step]]:
    """Return, by generator, the first centre that pulls it and the sampling of its picture."""
    steps: dict[str, tuple[str, Step]] = {}
    for label, reference, seed in _deliveries(scenario):
        generator = scenario.generator(reference)
        step = Step(
            name=f"sample {reference} at {label}",
            title=f"{scenario.centres[label].name} samples {generator.name} "
            f"of {scenario.centres[generator.centre].name}",
            node=federation.nodes[label],
            request=SampleRequest(
                generator=digests[reference],
                count=scenario.preview_patches,
                seed=seed,
                threads=scenario.centres[label].threads,
            ),
        )
        steps.setdefault(reference, (label, step))
    return steps


def _study_steps(
    scenario: Scenario, federation: Federation, digests: Mapping[str, str]
) -> dict[str, Step]:
    return {
        study.lesions: Step(
            name=f"study {study.lesions} at {study.centre}",
            title=f"{scenario.centres[study.centre].name} studies {study.lesions}",
            node=federation.nodes[study.centre],
            request=scenario.study_request(study, digests),
        )
        for study in scenario.studies
    }


def _deliveries(scenario: Scenario) -> Iterator[tuple[str, str, int]]:
    """Yield receiving centre, generator and sampling seed, each pair of the first two once."""
    seen = set()
    for study in scenario.studies:
        for reference in study.references:
            if (study.centre, reference) not in seen:
                seen.add((study.centre, reference))
                yield study.centre, reference, study.sampling_seed


def _finished(study: StudyScenario, job: Job) -> FinishedStudy:
    return FinishedStudy(study, job, _found(StudyResult, job))


def _versions(scenario: Scenario, federation: Federation) -> dict[str, dict[str, str]]:
    services = [federation.hub_service, *(federation.nodes[label] for label in scenario.centres)]
    return {service.name: service.versions() for service in services}


def _by_reference(steps: Mapping[str, Step], jobs: Mapping[str, Job]) -> dict[str, Job]:
    return {reference: jobs[step.name] for reference, step in steps.items()}


def _found(wanted: type[Found], job: Job) -> Found:
    """Return a finished job's result, whose kind its request gave."""
    assert isinstance(job.result, wanted), f"a job of the kind {job.kind} found something else"
    return job.result
