"""Everything that the report says, as data: the content of report.json."""

from datetime import datetime
from typing import Any

from node_api.audits import AuditReport
from node_api.findings import StudyResult
from node_api.rows import RunRow
from node_api.studies import StudyConfiguration
from node_api.summaries import DatasetSummary, ShortcutReport
from shared.models import StrictModel
from shared.records import GeneratorVersion
from shared.statements import AuditStatement
from simulation.report.machine import Machine
from study_report.presented import Presented


class CentreRecord(StrictModel):
    """A centre, its data and its part."""

    label: str
    name: str
    data: str
    is_phantom: bool
    threads: int
    counts: DatasetSummary


class GeneratorRecord(StrictModel):
    """A generator as it was trained, audited and published."""

    reference: str
    parameters: int
    training_seconds: float | None
    published: GeneratorVersion
    audit: AuditReport | None = None
    statement: AuditStatement | None = None


class StudyRecord(StrictModel):
    """A study as its centre's node ran it. `centre` is a label."""

    centre: str
    configuration: StudyConfiguration
    result: StudyResult

    @property
    def lesions(self) -> str:
        """The scope's name."""
        return self.configuration.lesions

    @property
    def shortcut(self) -> ShortcutReport:
        """How far test patches can be told apart without looking for a lesion."""
        return self.result.shortcut


class PictureRecord(StrictModel):
    """A picture beside the report, and what it shows. `of` is a generator or a study's lesions."""

    file: str
    of: str
    caption: str


class Report(StrictModel):
    """What a simulation found."""

    title: str
    description: str
    scenario_digest: str
    written_at: datetime
    seconds: float
    centres: tuple[CentreRecord, ...]
    generators: tuple[GeneratorRecord, ...]
    studies: tuple[StudyRecord, ...]
    pictures: tuple[PictureRecord, ...]
    services: dict[str, dict[str, str]]
    machine: Machine
    scenario: dict[str, Any]

    @property
    def rows(self) -> tuple[RunRow, ...]:
        """The runs of all studies."""
        return tuple(row for study in self.studies for row in study.result.rows)

    @property
    def names(self) -> dict[str, str]:
        """Centres' names by label."""
        return {centre.label: centre.name for centre in self.centres}

    def presented(self, study: StudyRecord) -> Presented:
        """Return a study as it is shown, with its centre's name."""
        return Presented(study.configuration, study.result, self.names[study.centre])
