"""Makes a report of what a simulation found."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from node_api.data_sources import PhantomSet
from node_api.summaries import DatasetSummary
from simulation.finished import FinishedSimulation, FinishedStudy, PublishedGenerator
from simulation.pictures import FetchedPicture
from simulation.plan import data_in_words
from simulation.report.machine import Machine
from simulation.report.records import (
    CentreRecord,
    GeneratorRecord,
    PictureRecord,
    Report,
    StudyRecord,
)
from simulation.scenario import Scenario


def compose_report(
    scenario: Scenario,
    finished: FinishedSimulation,
    pictures: Sequence[FetchedPicture],
    *,
    folders: Mapping[str, str],
    digest: str,
    machine: Machine,
    written_at: datetime,
    seconds: float,
) -> Report:
    """Return the report of a finished simulation.

    Args:
        seconds: How long this start took; jobs that an earlier one finished took their own time.
    """
    digests = {
        generator.scenario.reference: generator.version.manifest_digest
        for generator in finished.generators
    }
    return Report(
        title=scenario.title,
        description=scenario.description,
        scenario_digest=digest,
        written_at=written_at,
        seconds=seconds,
        centres=tuple(
            _centre(scenario, label, folders.get(label), finished.datasets[label])
            for label in scenario.centres
        ),
        generators=tuple(map(_generator, finished.generators)),
        studies=tuple(_study(study, scenario, digests) for study in finished.studies),
        pictures=tuple(PictureRecord(file=p.file, of=p.of, caption=p.caption) for p in pictures),
        services=finished.versions,
        machine=machine,
        scenario=scenario.model_dump(mode="json"),
    )


def _centre(
    scenario: Scenario, label: str, folder: str | None, counts: DatasetSummary
) -> CentreRecord:
    centre = scenario.centres[label]
    return CentreRecord(
        label=label,
        name=centre.name,
        data=data_in_words(scenario, label, folder),
        is_phantom=isinstance(centre.dataset, PhantomSet),
        threads=centre.threads,
        counts=counts,
    )


def _generator(published: PublishedGenerator) -> GeneratorRecord:
    return GeneratorRecord(
        reference=published.scenario.reference,
        parameters=published.scenario.parameters,
        training_seconds=published.training.seconds,
        published=published.version,
        audit=published.audit,
        statement=published.statement,
    )


def _study(finished: FinishedStudy, scenario: Scenario, digests: Mapping[str, str]) -> StudyRecord:
    return StudyRecord(
        centre=finished.scenario.centre,
        configuration=scenario.study_request(finished.scenario, digests).study,
        result=finished.result,
    )
