"""`genshare data phantoms`: a drawn data set, laid out as a real one."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import Field

from centre_node.mammography.commands.told import writing
from centre_node.mammography.phantoms.writing import write_phantoms
from node_api.data_sources import FolderFormat, PhantomSet
from shared.command_options import Options, with_options
from shared.counts import counted
from shared.models import StrictModel
from shared.progress import Progress, shown

DEFAULTS = {"style": "digital", "patients": 20, "seed": 0, "calcifications": None}
DrawnPhantoms = Annotated[
    dict[str, Any],
    Options(PhantomSet, without=("format", "written_as"), defaults=DEFAULTS),
]


class WrittenAs(StrictModel):
    """How a folder of phantoms is laid out."""

    format: FolderFormat = Field(description="The data set that the folder is laid out as.")


@with_options
def phantoms(
    layout: Annotated[WrittenAs, Options()],
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="The folder for the data set; must not exist.")
    ],
    drawn: DrawnPhantoms,
) -> None:
    """Draw phantom mammograms and write them as one of the real data sets is laid out.

    Without --calcifications, annotations outline what they outline in that data set.

    Examples:
      genshare data phantoms --format inbreast --out phantoms --image-height-px 1024

      genshare data phantoms --format bcdr --style film --patients 60 --out bcdr
    """
    outlined = {"calcifications": "each" if layout.format == "inbreast" else "clusters"}
    wanted = PhantomSet.model_validate(outlined | drawn)
    with writing(out), shown() as on_progress:
        write_phantoms(
            wanted,
            out,
            layout=layout.format,
            on_progress=lambda done, total: on_progress(
                Progress(done=done, total=total, unit="images", message="drawing")
            ),
        )
    sys.stdout.write(f"{out}: {counted(wanted.patients, 'phantom patient')} as {layout.format}\n")
