"""A study as HTML: a section of a page, or a page that needs nothing beside it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from shared.counts import counted
from shared.durations import duration
from study_report.curve_figures import curve_figures
from study_report.drawing import Figure
from study_report.forest_figures import forest_figures
from study_report.learning_figures import learning_figures
from study_report.paper_beside import paper_beside
from study_report.pictures import ShownPicture, first_pictures, further_pictures
from study_report.presented import Presented
from study_report.run_figures import run_figures
from study_report.sentences import caution, study_sentences
from study_report.tables import (
    TableRow,
    arms_table,
    balance_table,
    difference_tables,
    metric_tables,
    recovered_table,
)
from study_report.text_tables import study_title
from study_report.verdicts import METRIC, verdict_sentences
from study_report.wording import classifier_name, percentage, unbroken


def study_page(study: Presented, pictures: Mapping[str, bytes]) -> str:
    """Return a page about one study: no network, no script.

    Args:
        pictures: PNGs by name, as a study leaves them.
    """
    return (
        page_templates()
        .get_template("study_page.html.j2")
        .render(
            title=study_title(study),
            kind="study",
            first=first_look(study, pictures),
            summary=study_sentences(study),
            section=study_html(study, pictures),
        )
    )


def study_html(study: Presented, pictures: Mapping[str, bytes]) -> Markup:
    """Return what is below the summary: tables, figures, pictures and provenance.

    It has headings from level 3 on and wants the style of `report.css`.
    """
    return Markup(  # noqa: S704 (the template escapes)
        page_templates()
        .get_template("study_section.html.j2")
        .render(
            study=study,
            configuration=study.configuration,
            result=study.result,
            recovered=recovered_table(study),
            arms=arms_table(study),
            metrics=metric_tables(study),
            auroc_differences=difference_tables(study, "auroc"),
            auprc_differences=difference_tables(study, "auprc"),
            papers=paper_beside(study),
            balance=balance_table(study),
            runs=run_figures(study),
            forest=forest_figures(study),
            learning=learning_figures(study),
            curves=[(study.column_title(c), curve_figures(study, c)) for c in study.columns],
            pictures=further_pictures(study, pictures),
        )
    )


@dataclass(frozen=True)
class FirstLook:
    """What a reader sees of a study before anything else.

    Attributes:
        verdicts: A sentence for each column of the grid.
        figure: What donors bring where the centre has the fewest own patches; None where nothing
            was compared.
        pictures: Real lesions of the centre, and what each generator draws.
        caution: What the study cannot say.
    """

    verdicts: tuple[str, ...]
    figure: Figure | None
    pictures: tuple[ShownPicture, ...]
    caution: str


def first_look(study: Presented, pictures: Mapping[str, bytes], *beside: ShownPicture) -> FirstLook:
    """Return what stands on the first screen.

    Args:
        pictures: PNGs by name, as a study leaves them.
        beside: Further ones to show there.
    """
    compared = (column for column in study.columns if study.differences(column, METRIC))
    figures = zip(compared, forest_figures(study), strict=True)
    fewest_own = min(figures, key=lambda drawn: drawn[0].train_fraction, default=None)
    return FirstLook(
        tuple(map(unbroken, verdict_sentences(study))),
        None if fewest_own is None else fewest_own[1],
        (*first_pictures(study, pictures), *beside),
        unbroken(caution(study)),
    )


def page_templates(*packages: str) -> Environment:
    """Return the templates of a study, and those of packages whose pages hold studies."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in (*packages, "study_report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        by_section=_by_section,
        classifier_name=classifier_name,
        counted=counted,
        duration=duration,
        percentage=percentage,
        unbroken=unbroken,
    )
    return environment


def _by_section(rows: Iterable[TableRow]) -> list[tuple[str, list[TableRow]]]:
    """Return neighbouring rows that have their section in common, in order."""
    return [(section, list(found)) for section, found in groupby(rows, key=lambda r: r.section)]
