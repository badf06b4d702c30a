"""The option of commands that may use what was withdrawn."""

from typing import Annotated

import typer

WithdrawnToo = Annotated[
    bool,
    typer.Option(
        "--withdrawn-too",
        metavar="",
        help="Use generators that were withdrawn all the same.",
    ),
]
