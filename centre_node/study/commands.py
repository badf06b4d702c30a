"""`genshare study`: studies of classifiers, and the paper's own tables."""

import sys
from collections.abc import Iterator
from itertools import groupby
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from centre_node.study.paper_checks import PaperChecks, ShareOfHealthy, paper_checks
from centre_node.study.paper_tables import (
    FRACTIONS,
    SOURCES,
    PaperCell,
    PaperValue,
    paper_cells,
)
from centre_node.study.paper_tables import (
    METRICS as PAPERS,
)
from centre_node.study.report.wording import METRICS, classifier_name, scope
from shared.models import StrictModel

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def study() -> None:
    """Studies of classifiers, and the paper's own tables."""


class PaperTables(StrictModel):
    """What `genshare study paper-tables --json` prints."""

    cells: tuple[PaperCell, ...]
    checks: PaperChecks


@app.command("paper-tables")
def print_paper_tables(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print cells and checks as JSON.")
    ] = False,
) -> None:
    """Print the paper's Tables 1 and 2, and what can be recomputed from them.

    Examples:
      genshare study paper-tables

      genshare study paper-tables --json
    """
    checks = paper_checks()
    if as_json:
        everything = PaperTables(cells=paper_cells(), checks=checks)
        sys.stdout.write(everything.model_dump_json(indent=2) + "\n")
        return
    console = Console(highlight=False)
    for lesions in SOURCES:
        for fraction in FRACTIONS:
            console.print(_table(lesions, fraction), "")
    console.print("[bold]Recomputed from the printed numbers[/]")
    for sentence in sentences(checks):
        console.print(f"- {sentence}", markup=False)


def sentences(checks: PaperChecks) -> Iterator[str]:
    """Say what the checks found."""
    for share in checks.shares:
        yield from _about_share(share)
    better = ", ".join(
        f"{METRICS[metric]} {sum(gain.gain > 0 for gain in checks.of(metric))}"
        for metric in ("auroc", "auprc", "f1", "accuracy")
    )
    auroc = checks.of("auroc")
    significant = [gain for gain in auroc if gain.is_significant]
    mostly = [g for g in significant if (g.lesions, g.classifier) == ("masses", "swin")]
    yield f"Of {len(auroc)} cells with synthetic patches, more than in None have: {better}."
    yield (
        f"By Welch's test on three seeds {len(significant)} of the {len(auroc)} AUROC gains reach "
        f"p < 0.05 before any correction, {len(mostly)} of them for masses with Swin."
    )


def _about_share(found: ShareOfHealthy) -> Iterator[str]:
    yield (
        f"{SOURCES[found.lesions]}, {scope(found.lesions)}: accuracy and F1 of {found.consistent} "
        f"of {found.cells} cells fit one share of healthy test patches, the positive class there: "
        f"{100 * found.share.low:.1f} to {100 * found.share.high:.1f} %."
    )
    for cell, highest in zip(found.outliers, found.highest_f1, strict=True):
        column = f"{classifier_name(cell.classifier)}, {100 * cell.train_fraction:g} %"
        yield (
            f"The cell {cell.arm} ({column}) does not: its F1 of {cell.metrics['f1'].mean:.3f} can "
            f"be {highest:.2f} at most beside its accuracy of {cell.metrics['accuracy'].mean:.3f}; "
            "it looks like a misprint."
        )


def _table(lesions: str, fraction: float) -> Table:
    table = Table(
        title=f"{SOURCES[lesions]}: {scope(lesions)}, {100 * fraction:g} % of the training data",
        title_justify="left",
        title_style="bold",
        caption="Mean (standard deviation) over three seeds; F1 and AUPRC of the healthy class.",
        caption_justify="left",
        box=SIMPLE_HEAD,
    )
    table.add_column("Added to INbreast", no_wrap=True)
    for metric in PAPERS:
        table.add_column(METRICS[metric], justify="right", no_wrap=True)
    shown = [c for c in paper_cells() if (c.lesions, c.train_fraction) == (lesions, fraction)]
    for classifier, cells in groupby(shown, key=lambda cell: cell.classifier):
        table.add_section()
        table.add_row(f"[dim]{classifier_name(classifier)}[/]")
        for cell in cells:
            table.add_row(cell.arm, *(_as_printed(cell.metrics[metric]) for metric in PAPERS))
    return table


def _as_printed(value: PaperValue) -> str:
    return f"{value.mean:.3f}({value.std:.3f})".replace("(0", "(")
