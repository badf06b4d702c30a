"""The report as one HTML page that needs nothing beside it: no network, no script."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from simulation.progress import duration
from simulation.report.chart import Panel, panels_of
from simulation.report.records import GeneratorRecord, PictureRecord, Report, StudyRecord
from simulation.report.statistics import (
    METRICS,
    Cell,
    Comparison,
    cells_of,
    comparisons_of,
    healthy_control,
    own_data_only,
)
from simulation.report.tables import sections_of
from simulation.report.wording import (
    count,
    fidelity,
    number,
    percentage,
    scope,
    signed,
    size,
    summary_of,
    weights_bytes,
)


@dataclass(frozen=True)
class StudySection:
    """What the page shows of a study."""

    study: StudyRecord
    panels: tuple[Panel, ...]
    sections: list[tuple[str, tuple[Cell, ...]]]
    comparisons: tuple[Comparison, ...]
    pictures: tuple[PictureRecord, ...]


@dataclass(frozen=True)
class GeneratorSection:
    """What the page shows of a generator."""

    generator: GeneratorRecord
    pictures: tuple[PictureRecord, ...]


def page_of(report: Report, pictures: Mapping[str, bytes]) -> str:
    """Return the page.

    Args:
        pictures: The PNGs that the report names, by file name.
    """
    environment = Environment(
        loader=PackageLoader("simulation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=count,
        duration=duration,
        fidelity=fidelity,
        number=number,
        percentage=percentage,
        scope=scope,
        signed=signed,
        size=size,
    )
    return environment.get_template("report.html.j2").render(
        report=report,
        summary=summary_of(report),
        metrics=METRICS,
        studies=[_study_section(study, report) for study in report.studies],
        generators=[
            GeneratorSection(generator, _pictures(report, generator.reference))
            for generator in report.generators
        ],
        weights_bytes=weights_bytes,
        sources={name: _data_url(png) for name, png in pictures.items()},
    )


def _study_section(study: StudyRecord, report: Report) -> StudySection:
    cells = cells_of(study.rows)
    references = (own_data_only(study.arms), healthy_control(study.arms))
    return StudySection(
        study=study,
        panels=panels_of(study),
        sections=sections_of(study),
        comparisons=tuple(
            comparison
            for against in references
            if against is not None
            for comparison in comparisons_of(cells, study.arms, against=against)
        ),
        pictures=_pictures(report, study.lesions),
    )


def _pictures(report: Report, of: str) -> tuple[PictureRecord, ...]:
    return tuple(picture for picture in report.pictures if picture.of == of)


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{b64encode(png).decode()}"
