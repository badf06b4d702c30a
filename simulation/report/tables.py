"""The tables of the report: Markdown, LaTeX, and rich for the terminal."""

from collections.abc import Iterator

from rich.table import Table

from simulation.report.records import Report, StudyRecord
from study_report import text_tables
from study_report.text_tables import plain, study_latex, study_markdown
from study_report.wording import scope


def markdown_of(report: Report) -> str:
    """Return every study's summary and tables as Markdown."""
    studies = (
        study_markdown(report.presented(study), title=heading(report, study), level=2)
        for study in report.studies
    )
    return "\n".join([f"# {plain(report.title)}\n", *studies])


def latex_of(report: Report) -> str:
    """Return every study's tables as LaTeX."""
    return "\n".join(study_latex(report.presented(study)) for study in report.studies)


def terminal_tables(report: Report) -> Iterator[Table]:
    """Yield a table for each study, classifier and training share."""
    for study in report.studies:
        title = f"{report.names[study.centre]}, {scope(study.lesions)}"
        yield from text_tables.terminal_tables(report.presented(study), title=title)


def heading(report: Report, study: StudyRecord) -> str:
    """Return such as "centre-a: masses"."""
    return f"{report.names[study.centre]}: {scope(study.lesions)}"
