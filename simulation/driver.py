"""Drives a federation through a scenario, over REST only, wherever its services run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from node_api.audits import AuditReport
from node_api.data_sources import MammogramFolder, PhantomSet
from node_api.findings import StudyResult
from node_api.jobs import Job
from node_api.requests import (
    JobRequest,
    PublishRequest,
    PullRequest,
    SampleRequest,
    WritePhantomsRequest,
)
from node_api.summaries import DatasetSummary
from shared.models import StrictModel
from shared.records import GeneratorVersion
from signing.trust import Trust
from simulation.federation import Federation
from simulation.finished import FinishedSimulation, FinishedStudy, Preview, PublishedGenerator
from simulation.scenario import DATASET, GeneratorScenario, Scenario
from simulation.steps import OnJob, Step, run_steps

Found = TypeVar("Found", bound=StrictModel)


def run_scenario(
    scenario: Scenario, federation: Federation, *, digest: str, on_job: OnJob
) -> FinishedSimulation:
    """Train, audit, publish, pull, sample and study, as the scenario says.

    What an earlier start finished is found again, not done again.

    Args:
        digest: Of the scenario and its data; tells its jobs from another's.

    Raises:
        JobFailedError: A job failed.
        ServiceRefusedError, HubRefusedError: A request was refused.
        ServiceUnreachableError, HubUnreachableError: A service does not answer.
    """
    federation.wait_until_healthy()
    driver = _Driver(scenario, federation, digest, on_job)
    driver.write_phantoms()
    datasets = driver.introduce()
    driver.exchange_keys()
    trained = driver.train()
    audited = driver.audit(trained)
    published = driver.publish(trained)
    driver.pull(published)
    previews, studied = driver.sample_and_study(published)
    return FinishedSimulation(
        datasets=datasets,
        generators=tuple(
            PublishedGenerator(
                generator,
                trained[name],
                published[name],
                previews.get(name),
                audited.get(name),
                federation.hub.statement(published[name]),
            )
            for name, generator in driver.generators.items()
        ),
        studies=tuple(
            FinishedStudy(
                study, studied[study.lesions], _found(StudyResult, studied[study.lesions])
            )
            for study in scenario.studies
        ),
        versions=driver.versions(),
    )


@dataclass(frozen=True)
class _Driver:
    """Has a scenario's jobs done, one kind after the other."""

    scenario: Scenario
    federation: Federation
    digest: str
    on_job: OnJob

    @property
    def generators(self) -> dict[str, GeneratorScenario]:
        """Those of the scenario by their references, as everything here is."""
        return {generator.reference: generator for generator in self.scenario.generators}

    def write_phantoms(self) -> None:
        """Have phantoms that are to be read like a real data set written first."""
        centres = self.scenario.centres
        steps = {}
        for label, owner in [*((label, label) for label in centres), *self.scenario.loans]:
            phantoms = centres[owner].dataset
            if isinstance(phantoms, PhantomSet) and phantoms.written_as:
                whose = "its phantoms" if owner == label else f"those of {self._name(owner)}"
                name = f"phantoms of {owner} at {label}"
                request = WritePhantomsRequest(phantoms=phantoms)
                steps[name] = self._step(label, name, f"draws {whose}", request)
        self._run(steps)

    def introduce(self) -> dict[str, DatasetSummary]:
        """Enrol every centre at the hub; register its data at its node, and what is lent to it."""
        counts = {}
        for label, centre in self.scenario.centres.items():
            node = self.federation.nodes[label]
            with self.federation.asking_hub() as hub:
                token = hub.invite(centre.name, renew=True)
            node.connect_hub(self.federation.hub_url, token)
            counts[label] = node.register_dataset(DATASET, centre.dataset).summary
        for label, lender in self.scenario.loans:
            name, source = self._name(lender), self.scenario.centres[lender].dataset
            if isinstance(source, MammogramFolder):
                source = source.model_copy(update={"lent_by": name})
            self.federation.nodes[label].register_dataset(name, source)
        return counts

    def exchange_keys(self) -> None:
        """Pin every centre's key at the others, as their operators would who know each other."""
        if self.scenario.signing is None:
            return
        keys = {
            label: self.federation.nodes[label].signing_key() for label in self.scenario.centres
        }
        for label in self.scenario.centres:
            trust, today = Trust(mode=self.scenario.signing, first_use=False), datetime.now(UTC)
            for other, key in keys.items():
                if other != label:
                    name = self._name(other)
                    trust = trust.with_key(name, key.fingerprint, "pinned", since=today.date())
            self.federation.nodes[label].trust(trust)

    def train(self) -> dict[str, Job]:
        """Train every generator at its centre."""
        return self._run(
            {
                reference: self._step(
                    generator.centre,
                    f"train {reference}",
                    f"trains {generator.name}",
                    self.scenario.training_request(generator),
                )
                for reference, generator in self.generators.items()
            }
        )

    def audit(self, trained: Mapping[str, Job]) -> dict[str, AuditReport]:
        """Attack those generators whose scenario says so, each at its centre."""
        jobs = self._run(
            {
                reference: self._step(
                    generator.centre,
                    f"audit {reference}",
                    f"audits {generator.name}",
                    self.scenario.audit_request(generator, trained[reference].id, generator.audit),
                )
                for reference, generator in self.generators.items()
                if generator.audit is not None
            }
        )
        return {reference: _found(AuditReport, job) for reference, job in jobs.items()}

    def publish(self, trained: Mapping[str, Job]) -> dict[str, GeneratorVersion]:
        """Publish every trained generator under its terms."""
        jobs = self._run(
            {
                reference: self._step(
                    generator.centre,
                    f"publish {reference}",
                    f"publishes {generator.name}",
                    PublishRequest(
                        training_job=trained[reference].id,
                        ensemble=generator.publish_ensemble,
                        **generator.terms,
                    ),
                )
                for reference, generator in self.generators.items()
            }
        )
        return {reference: _found(GeneratorVersion, job) for reference, job in jobs.items()}

    def pull(self, published: Mapping[str, GeneratorVersion]) -> None:
        """Pull what each study needs to its centre."""
        steps = {}
        for label, reference, _ in _deliveries(self.scenario):
            found, name = published[reference], f"pull {reference} to {label}"
            request = PullRequest(centre=found.centre, name=found.name, version=found.version)
            does = f"pulls {found.name} of {found.centre}"
            steps[name] = self._step(label, name, does, request)
        self._run(steps)

    def sample_and_study(
        self, published: Mapping[str, GeneratorVersion]
    ) -> tuple[dict[str, Preview], dict[str, Job]]:
        """Draw each generator's picture where it was pulled first, and run all studies beside it.

        Returns:
            Previews by generator, and the studies' jobs by their lesions.
        """
        digests = {reference: version.manifest_digest for reference, version in published.items()}
        receivers: dict[str, str] = {}
        samples: dict[str, Step] = {}
        for label, reference, seed in _deliveries(self.scenario):
            if receivers.setdefault(reference, label) == label:
                samples[reference] = self._sample(reference, label, digests[reference], seed)
        studies = {
            study.lesions: self._step(
                study.centre,
                f"study {study.lesions} at {study.centre}",
                f"studies {study.lesions}",
                self.scenario.study_request(study, digests),
            )
            for study in self.scenario.studies
        }
        jobs = self._run(samples | studies)  # a reference has a slash, a study's lesions have none
        previews = {
            reference: Preview(label, jobs[reference]) for reference, label in receivers.items()
        }
        return previews, {lesions: jobs[lesions] for lesions in studies}

    def versions(self) -> dict[str, dict[str, str]]:
        """Return what every service says of its code and libraries, by service."""
        nodes = (self.federation.nodes[label] for label in self.scenario.centres)
        return {
            service.name: service.versions() for service in (self.federation.hub_service, *nodes)
        }

    def _sample(self, reference: str, label: str, manifest_digest: str, seed: int) -> Step:
        generator = self.generators[reference]
        return self._step(
            label,
            f"sample {reference} at {label}",
            f"samples {generator.name} of {self._name(generator.centre)}",
            SampleRequest(
                generator=manifest_digest,
                count=self.scenario.preview_patches,
                seed=seed,
                threads=self.scenario.centres[label].threads,
            ),
        )

    def _step(self, label: str, name: str, does: str, request: JobRequest) -> Step:
        title = f"{self._name(label)} {does}"
        return Step(name=name, title=title, node=self.federation.nodes[label], request=request)

    def _run(self, steps: Mapping[str, Step]) -> dict[str, Job]:
        """Run steps side by side, and return their jobs by the keys of the steps."""
        jobs = run_steps(list(steps.values()), digest=self.digest, on_job=self.on_job)
        return {key: jobs[step.name] for key, step in steps.items()}

    def _name(self, label: str) -> str:
        return self.scenario.centres[label].name


def _deliveries(scenario: Scenario) -> Iterator[tuple[str, str, int]]:
    """Yield receiving centre, generator and sampling seed, each pair of the first two once."""
    seen = set()
    for study in scenario.studies:
        for reference in study.references:
            if (study.centre, reference) not in seen:
                seen.add((study.centre, reference))
                yield study.centre, reference, study.sampling_seed


def _found(wanted: type[Found], job: Job) -> Found:
    """Return a finished job's result, whose kind its request gave."""
    assert isinstance(job.result, wanted), f"a job of the kind {job.kind} found something else"
    return job.result
