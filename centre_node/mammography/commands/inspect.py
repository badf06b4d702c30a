"""`genshare data inspect`: counts."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from centre_node.mammography.command_options import MammogramsOfAnyKind
from centre_node.mammography.commands.told import print_skipped, writing
from centre_node.mammography.summaries import summary
from node_api.summaries import DatasetSummary
from shared.command_options import Json, with_options


@with_options
def inspect(
    mammograms: MammogramsOfAnyKind,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the counts to this file, as JSON."),
    ] = None,
    json: Json = False,
) -> None:
    """Count what is in a folder of mammograms, and what had to be skipped.

    Examples:
      genshare data inspect /data/INbreast --out inbreast.json

      genshare data inspect /data/cbis_ddsm --where split=test --json

      genshare data inspect --phantoms film
    """
    counted = summary(mammograms.read())
    if out is not None:
        with writing(out):
            out.write_text(counted.model_dump_json(indent=2) + "\n")
    if json:
        sys.stdout.write(counted.model_dump_json(indent=2) + "\n")
    else:
        for note in counted.notes:
            sys.stdout.write(f"{note}\n")
        Console(highlight=False).print(_table(counted))
        print_skipped(counted.skipped)


def _table(counted: DatasetSummary) -> Table:
    table = Table(show_header=False)
    for name, value in counted.model_dump(exclude={"sizes", "kinds", "skipped", "notes"}).items():
        shown = (
            ", ".join(f"{key}: {n}" for key, n in value.items()) if type(value) is dict else value
        )
        table.add_row(name.replace("_", " "), str(shown or 0))
    for kind, sizes in counted.sizes.items():
        low, median, high = sizes.side_px
        text = f"{sizes.count}, side {median:g} px (quartiles {low:g} to {high:g})"
        if sizes.side_mm is not None:
            low, median, high = sizes.side_mm
            text += f", {median:.1f} mm ({low:.1f} to {high:.1f})"
        table.add_row(f"lesions: {kind}", text)
    return table
