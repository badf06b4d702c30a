"""The report as one HTML page that needs nothing beside it: no network, no script."""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from shared.counts import named
from simulation.pictures import is_sampled, of_study
from simulation.report.epsilon_curves import epsilon_curves
from simulation.report.privacy import HEADINGS, privacy_figure, privacy_rows
from simulation.report.records import GeneratorRecord, PictureRecord, Report, StudyRecord
from simulation.report.tables import heading
from simulation.report.wording import count, fidelity, sharing, size, summary_of, weights_bytes
from study_report.page import FirstLook, first_look, page_templates, study_html
from study_report.pictures import ShownPicture, data_url, synthetic_picture


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
    privacy = privacy_rows(report)
    pages = page_templates("simulation")
    pages.filters.update(count=count, fidelity=fidelity, named=named, size=size)
    return pages.get_template("report.html.j2").render(
        title=report.title,
        kind="simulation report",
        report=report,
        summary=summary_of(report),
        studies=[
            (heading(report, study), *_study_parts(report, study, pictures))
            for study in report.studies
        ],
        generators=[
            GeneratorSection(
                generator,
                tuple(
                    picture
                    for picture in _pictures(report, generator.reference)
                    if not (report.studies and is_sampled(picture.file))
                ),
            )
            for generator in report.generators
        ],
        sharing=sharing(report),
        privacy=privacy,
        privacy_headings=HEADINGS,
        privacy_figure=privacy_figure(privacy),
        epsilon_curves=tuple(epsilon_curves(report)),
        weights_bytes=weights_bytes,
        sources={name: data_url(png) for name, png in pictures.items()},
    )


def _study_parts(
    report: Report, study: StudyRecord, pictures: Mapping[str, bytes]
) -> tuple[FirstLook, Markup]:
    """Return a study's first look and its section, with the pictures of its centre and lesions."""
    prefix = of_study(report.names[study.centre], study.lesions)
    shown = {
        picture.file.removeprefix(prefix): pictures[picture.file]
        for picture in _pictures(report, study.lesions)
        if picture.file.startswith(prefix)
    }
    sampled = (
        ShownPicture(f"{picture.of}: {picture.caption}", data_url(pictures[picture.file]))
        for picture in report.pictures
        if is_sampled(picture.file) and _drawn_in_study(report, picture) not in shown
    )
    presented = report.presented(study)
    return first_look(presented, shown, *sampled), study_html(presented, shown)


def _drawn_in_study(report: Report, picture: PictureRecord) -> str:
    """Return how a study's own picture of a generator's patches is called."""
    label, name = picture.of.split("/", 1)
    return synthetic_picture(report.names[label], name)


def _pictures(report: Report, of: str) -> tuple[PictureRecord, ...]:
    return tuple(picture for picture in report.pictures if picture.of == of)
