"""The folder that a hub keeps everything in, as its commands are given it."""

from pathlib import Path
from typing import Annotated

import typer

from hub.reading import opened_for_reading

DATABASE, BLOBS = "hub.sqlite", "blobs"

DataDir = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Holds the hub's database and files. Default: HUB_DATA_DIR or ./hub-data.",
    ),
]


def check_is_hub(folder: Path) -> None:
    """Check that a folder holds a hub's database, of whatever version; nothing is written.

    Raises:
        NoHubError: There is none.
    """
    with opened_for_reading(folder / DATABASE, of_any_version=True):
        pass
