"""Writes the report's files; each appears whole or not at all, the page last."""

from collections.abc import Mapping
from pathlib import Path

from node_api.rows import as_csv
from simulation.report.page import page_of
from simulation.report.records import Report
from simulation.report.tables import latex_of, markdown_of
from simulation.results_folder import write_atomically

PAGE, PICTURES = "index.html", "pictures"


def write_report(folder: Path, report: Report, pictures: Mapping[str, bytes]) -> Path:
    """Write results.csv, report.json, tables.md, tables.tex, pictures and the page.

    Args:
        pictures: The PNGs that the report names, by file name.

    Returns:
        The page's path.
    """
    for name, png in pictures.items():
        write_atomically(folder / PICTURES / name, png)
    texts = {
        "results.csv": as_csv(report.rows),
        "report.json": report.model_dump_json(indent=2) + "\n",
        "tables.md": markdown_of(report),
        "tables.tex": latex_of(report),
        PAGE: page_of(report, pictures),
    }
    for name, text in texts.items():
        write_atomically(folder / name, text.encode())
    return folder / PAGE
