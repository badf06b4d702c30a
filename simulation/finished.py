"""What a simulation found at its centres, before it is a report."""

from dataclasses import dataclass

from node_api.audits import AuditReport
from node_api.findings import StudyResult
from node_api.jobs import Job
from node_api.summaries import DatasetSummary
from shared.records import GeneratorVersion
from shared.statements import AuditStatement
from simulation.scenario import GeneratorScenario, StudyScenario


@dataclass(frozen=True)
class Preview:
    """The sample job of a generator's picture, at the first centre that pulled it, by its label."""

    centre: str
    job: Job


@dataclass(frozen=True)
class PublishedGenerator:
    """A generator that its centre trained and published. No preview: no study uses it.

    Attributes:
        audit: What the centre found, exactly; None: it looked for nothing.
        statement: What the centre said of it to the hub; None: nothing.
    """

    scenario: GeneratorScenario
    training: Job
    version: GeneratorVersion
    preview: Preview | None
    audit: AuditReport | None
    statement: AuditStatement | None


@dataclass(frozen=True)
class FinishedStudy:
    """A study and what it found."""

    scenario: StudyScenario
    job: Job
    result: StudyResult


@dataclass(frozen=True)
class FinishedSimulation:
    """What a simulation found.

    Attributes:
        datasets: Counts by the centre's label.
        versions: Of code and libraries, by service.
    """

    datasets: dict[str, DatasetSummary]
    generators: tuple[PublishedGenerator, ...]
    studies: tuple[FinishedStudy, ...]
    versions: dict[str, dict[str, str]]
