"""Which of a training's weight files a command takes, as options."""

import math
from typing import Annotated

import typer

Ensemble = Annotated[
    bool,
    typer.Option("--ensemble", metavar="", help="Take every weight file that the training kept."),
]
Proportions = Annotated[
    list[str] | None,
    typer.Option(
        "--proportion",
        metavar="FILE=NUMBER",
        help="A weight file to take instead, and how often patches are drawn from it compared "
        "with the others; once for each file.",
    ),
]


def chosen_proportions(options: list[str] | None, *, ensemble: bool) -> dict[str, float]:
    """Return the proportions that were given, by file.

    Raises:
        typer.BadParameter: One is wrong, or given with --ensemble.
    """
    found = {}
    for option in options or ():
        name, _, number = option.partition("=")
        try:
            found[name] = float(number)
        except ValueError:
            raise typer.BadParameter(
                f"--proportion {option} is no FILE=NUMBER, such as weights.safetensors=2"
            ) from None
        if not (0 < found[name] < math.inf):
            raise typer.BadParameter(f"--proportion {option} must be above 0")
    if ensemble and found:
        raise typer.BadParameter("--ensemble takes every weight file, --proportion some of them")
    return found
