"""A study's tables as Markdown, as LaTeX and for a terminal."""

from collections.abc import Iterator
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from node_api.findings import COMPARED_METRICS
from study_report.paper_beside import paper_beside
from study_report.presented import Presented
from study_report.sentences import study_sentences
from study_report.tables import (
    PAPERS_METRICS,
    StudyTable,
    TableRow,
    Value,
    arms_table,
    balance_table,
    difference_tables,
    metric_tables,
    recovered_table,
)
from study_report.wording import UNBREAKABLE, metric_name, number, scope

MARKDOWN_SPECIAL = r"\`*_{}[]<>#|"
LATEX_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "“": "``",
    "”": "''",
    "\N{MINUS SIGN}": r"\ensuremath{-}",
    "\N{MULTIPLICATION SIGN}": r"\ensuremath{\times}",
    UNBREAKABLE: "~",
}
LATEX_LINE = 40
LATEX_PARAGRAPH = r">{\raggedright\arraybackslash}p{4cm}"
LATEX_HEAD = "% Needs \\usepackage{adjustbox,array,booktabs}.\n"


def tables_of(study: Presented) -> Iterator[StudyTable]:
    """Yield every table of a study in the order of the report."""
    recovered = recovered_table(study)
    if recovered is not None:
        yield recovered
    yield arms_table(study)
    yield from metric_tables(study)
    for metric in COMPARED_METRICS:
        yield from difference_tables(study, metric)
    yield from paper_beside(study)
    yield balance_table(study)


def study_markdown(study: Presented, *, title: str, level: int = 1) -> str:
    """Return a study's summary and tables as Markdown.

    Args:
        level: Of the title's heading, from 1.
    """
    summary = "\n".join(f"- {plain(text)}" for text in study_sentences(study))
    parts = [f"{'#' * level} {plain(title)}", summary]
    for table in tables_of(study):
        parts += [f"{'#' * (level + 1)} {plain(table.caption)}", _markdown(table)]
        if table.note:
            parts.append(plain(table.note))
    return "\n\n".join(parts) + "\n"


def study_latex(study: Presented) -> str:
    """Return a study's tables as LaTeX, one table environment each, for booktabs and adjustbox.

    A table that is wider than the text is made smaller, and long texts are broken into lines.
    """
    return LATEX_HEAD + "\n".join(_latex(table) for table in tables_of(study))


def terminal_tables(study: Presented, *, title: str) -> Iterator[Table]:
    """Yield the metrics of the paper's tables for each classifier and training share."""
    for column in study.columns:
        table = Table(
            title=escape(f"{title}: {study.column_title(column)}"),
            title_justify="left",
            title_style="bold",
            box=SIMPLE_HEAD,
        )
        table.add_column("Arm")
        for heading in ("Patches", *(metric_name(name, study.classes) for name in PAPERS_METRICS)):
            table.add_column(heading, justify="right", no_wrap=True)
        for cell in study.cells(column):
            values = (number(cell.metrics[name]) for name in PAPERS_METRICS)
            patches = f"{cell.n_train_real} + {cell.n_train_synthetic}"
            table.add_row(escape(cell.arm), patches, *map(escape, values))
        yield table


def study_title(study: Presented) -> str:
    """Return such as "Study of masses"."""
    return f"Study of {scope(study.configuration.lesions)}"


def _markdown(table: StudyTable) -> str:
    headings = [table.corner, *_flat_headings(table)]
    rules = ["---", *("---:" if heading.is_number else "---" for heading in table.headings)]
    lines = [_line(map(plain, headings)), _line(rules)]
    for section, rows in groupby(table.rows, key=lambda row: row.section):
        if section:
            lines.append(_line([f"**{plain(section)}**", *("" for _ in table.headings)]))
        lines += [_line([plain(row.label), *map(_markdown_value, row.values)]) for row in rows]
    return "\n".join(lines)


def _flat_headings(table: StudyTable) -> Iterator[str]:
    """Yield headings that say what they stand under, as Markdown has no headings above headings."""
    above = [text for text, columns in table.spans for _ in range(columns)]
    for index, heading in enumerate(table.headings):
        yield f"{heading.text}, {above[index]}" if len(table.spans) > 1 else heading.text


def _markdown_value(value: Value) -> str:
    text = plain(value.text)
    return f"{text}<br>{plain(value.beneath)}" if value.beneath else text


def _line(cells: Iterator[str] | list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def plain(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return "".join(f"\\{letter}" if letter in MARKDOWN_SPECIAL else letter for letter in text)


def _latex(table: StudyTable) -> str:
    columns = "l" + "".join(_latex_column(table, index) for index in range(len(table.headings)))
    lines = [
        r"\begin{table}[htbp]",
        r"\centering\scriptsize",
        rf"\caption{{{escaped(f'{table.caption}. {table.note}'.strip())}}}",
        r"\begin{adjustbox}{max width=\linewidth}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        *_latex_spans(table),
        _latex_line([table.corner, *(heading.text for heading in table.headings)]),
        r"\midrule",
    ]
    for section, rows in groupby(table.rows, key=lambda row: row.section):
        if section:
            width = len(table.headings) + 1
            lines.append(rf"\multicolumn{{{width}}}{{l}}{{\textit{{{escaped(section)}}}}} \\")
        for row in rows:
            lines += _latex_rows(row)
    return "\n".join(
        [*lines, r"\bottomrule", r"\end{tabular}", r"\end{adjustbox}", r"\end{table}", ""]
    )


def _latex_column(table: StudyTable, index: int) -> str:
    if table.headings[index].is_number:
        return "r"
    longest = max((len(row.values[index].text) for row in table.rows), default=0)
    return "l" if longest <= LATEX_LINE else LATEX_PARAGRAPH


def _latex_spans(table: StudyTable) -> Iterator[str]:
    if not table.spans:
        return
    headings = [rf"\multicolumn{{{n}}}{{c}}{{{escaped(text)}}}" for text, n in table.spans]
    yield " & ".join(["", *headings]) + r" \\"
    first = 2
    for _, columns in table.spans:
        yield rf"\cmidrule(lr){{{first}-{first + columns - 1}}}"
        first += columns


def _latex_rows(row: TableRow) -> Iterator[str]:
    yield _latex_line([row.label, *(value.text for value in row.values)])
    if any(value.beneath for value in row.values):
        beneath = (rf"{{\tiny {escaped(value.beneath)}}}" for value in row.values)
        yield " & ".join(["", *beneath]) + r" \\[2pt]"


def _latex_line(texts: list[str]) -> str:
    return " & ".join(map(escaped, texts)) + r" \\"


def escaped(text: str) -> str:
    """Return text that LaTeX prints as it is."""
    return "".join(LATEX_SPECIAL.get(letter, letter) for letter in text)
