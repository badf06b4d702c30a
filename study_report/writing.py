"""Leaves a study's report in a folder; each file appears whole or not at all, the page last."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from node_api.findings import Difference
from shared.files import write_text
from study_report.contents import StudyReport
from study_report.page import study_page
from study_report.presented import Presented
from study_report.text_tables import study_latex, study_markdown, study_title

PAGE = "index.html"


def write_study_report(folder: Path, report: StudyReport, pictures: Mapping[str, bytes]) -> Path:
    """Write index.html, tables.md, tables.tex and differences.csv.

    Args:
        pictures: PNGs by name, as a study leaves them; the page holds them.

    Returns:
        The page's path.
    """
    study = Presented(report.configuration, report.result)
    texts = {
        "differences.csv": differences_csv(report.result.findings.differences),
        "tables.md": study_markdown(study, title=study_title(study)),
        "tables.tex": study_latex(study),
        PAGE: study_page(study, pictures),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_text(folder / name, text)
    return folder / PAGE


def differences_csv(differences: Iterable[Difference]) -> str:
    """Return a table with a header line; what is undefined is an empty cell."""
    columns = [name for name in Difference.model_fields if name != "interval"]
    at = columns.index("difference") + 1
    columns[at:at] = ["interval_low", "interval_high"]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    for one in differences:
        ends = one.interval.model_dump() if one.interval is not None else {}
        named = {f"interval_{end}": value for end, value in ends.items()}
        writer.writerow(one.model_dump(exclude={"interval"}) | named)
    return text.getvalue()
