"""The folder that a hub keeps everything in, as its commands are given it."""

from pathlib import Path
from typing import Annotated

import typer

from hub.errors import NoHubError

DATABASE, BLOBS = "hub.sqlite", "blobs"

DataDir = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Holds the hub's database and files. Default: HUB_DATA_DIR or ./hub-data.",
    ),
]


def check_is_hub(folder: Path) -> None:
    """Check that a hub was served from a folder.

    Raises:
        NoHubError: There is no database in it.
    """
    if not (folder / DATABASE).is_file():
        raise NoHubError(f"{folder} is no hub's folder: there is no {DATABASE} in it")
