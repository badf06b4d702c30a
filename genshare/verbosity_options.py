"""`--quiet` and `--verbose`, which every command has without knowing of them."""

from functools import cache
from typing import Annotated, Any

import typer

from shared.verbosity import Verbosity, choose, verbosity, write_log

FLAGS: dict[str, Verbosity] = {
    "--quiet": "quiet",
    "-q": "quiet",
    "--verbose": "verbose",
    "-v": "verbose",
}
PANEL = "What it says"


def choose_by(flag: str) -> None:
    """Choose as a flag says.

    Raises:
        typer.BadParameter: The other one was given too.
    """
    wanted = FLAGS[flag]
    if verbosity() not in {"usual", wanted}:
        raise typer.BadParameter("give either --quiet or --verbose, not both")
    choose(wanted)
    if wanted == "verbose":
        write_log()


def add_verbosity(command: Any) -> None:
    """Add both options to a command, or to all commands of a group."""
    for each in getattr(command, "commands", {}).values():
        add_verbosity(each)
    if not hasattr(command, "commands"):
        command.params.extend(_options())


@cache
def _options() -> tuple[Any, ...]:
    app = typer.Typer(add_completion=False)

    @app.command()
    def any_command(
        _quiet: Annotated[
            bool,
            typer.Option(
                "--quiet",
                "-q",
                metavar="",
                help="Say nothing but results, warnings and errors.",
                callback=_quietly,
                expose_value=False,
                rich_help_panel=PANEL,
            ),
        ] = False,
        _verbose: Annotated[
            bool,
            typer.Option(
                "--verbose",
                "-v",
                metavar="",
                help="Say more: progress each second, the log, and where an error was raised.",
                callback=_verbosely,
                expose_value=False,
                rich_help_panel=PANEL,
            ),
        ] = False,
    ) -> None:
        """Lend its options."""

    return tuple(typer.main.get_command(app).params)


def _quietly(given: bool) -> None:
    if given:
        choose_by("--quiet")


def _verbosely(given: bool) -> None:
    if given:
        choose_by("--verbose")
