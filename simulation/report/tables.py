"""The tables of the report: Markdown for tables.md, rich for the terminal."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from simulation.report.records import Report, StudyRecord
from simulation.report.statistics import METRICS, Cell, cells_of
from simulation.report.wording import number, percentage, scope

COUNTS = ("Real", "Synthetic")
ON_TERMINAL = ("accuracy", "f1", "auroc", "auprc")


def markdown_of(report: Report) -> str:
    """Return every study's table as Markdown."""
    parts = [f"# {_plain(report.title)}", *(_study(study, report) for study in report.studies)]
    return "\n\n".join(parts) + "\n"


def terminal_tables(report: Report) -> Iterator[Table]:
    """Yield a table for each study, classifier and training fraction."""
    for study in report.studies:
        for title, cells in sections_of(study):
            table = Table(
                title=escape(f"{report.names[study.centre]}, {scope(study.lesions)}: {title}"),
                title_justify="left",
                title_style="bold",
                box=SIMPLE_HEAD,
            )
            table.add_column("Arm")
            for heading in ("Patches", *(METRICS[name] for name in ON_TERMINAL)):
                table.add_column(heading, justify="right", no_wrap=True)
            for cell in cells:
                table.add_row(
                    escape(cell.arm),
                    f"{cell.n_train_real} + {cell.n_train_synthetic}",
                    *(escape(number(cell.metrics[name])) for name in ON_TERMINAL),
                )
            yield table


def sections_of(study: StudyRecord) -> list[tuple[str, tuple[Cell, ...]]]:
    """Return the parts of a study's table, each with what its rows have in common."""

    def column(cell: Cell) -> tuple[str, float]:
        return cell.classifier, cell.train_fraction

    cells = sorted(cells_of(study.rows), key=lambda cell: (cell.classifier, -cell.train_fraction))
    return [
        (_section_title(group), group)
        for group in (tuple(members) for _, members in groupby(cells, key=column))
    ]


def _section_title(cells: Sequence[Cell]) -> str:
    first = cells[0]
    return (
        f"{first.classifier.upper()}, {percentage(first.train_fraction)} of the training patients, "
        f"{first.n_test} test patches, {percentage(first.prevalence)} lesions"
    )


def _study(study: StudyRecord, report: Report) -> str:
    seeds = f"{len(study.seeds)} seed" + ("s" if len(study.seeds) > 1 else "")
    parts = [
        f"## {report.names[study.centre]}: {scope(study.lesions)}",
        f"Mean (standard deviation) over {seeds}. Lesion is the positive class, but for the "
        "columns that say healthy.",
    ]
    for title, cells in sections_of(study):
        parts += [f"### {title}", _table(cells)]
    parts.append(f"{_sentence(study.shortcut.in_words())}, fitted on the training patches.")
    return "\n\n".join(parts)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _table(cells: Sequence[Cell]) -> str:
    headings = ("Arm", *COUNTS, *METRICS.values())
    lines = [
        "| " + " | ".join(headings) + " |",
        "| --- |" + " ---: |" * (len(headings) - 1),
    ]
    for cell in cells:
        values = [
            _plain(cell.arm),
            str(cell.n_train_real),
            str(cell.n_train_synthetic),
            *(number(cell.metrics[name]) for name in METRICS),
        ]
        lines.append("| " + " | ".join(values) + " |")
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]<>#|" else letter for letter in text)
