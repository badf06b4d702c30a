"""Command-line arguments that more than one command takes."""

import typer
from pydantic import TypeAdapter, ValidationError

from shared.names import Name


def name_argument(value: str | None) -> str | None:
    """Check the name of a centre or generator; a callback for typer.

    Raises:
        typer.BadParameter: It is none.
    """
    if value is None:
        return None
    try:
        return TypeAdapter[str](Name).validate_python(value)
    except ValidationError as error:
        raise typer.BadParameter(
            f"{value!r} is no name of a centre or generator: "
            "lower-case letters, digits and inner hyphens"
        ) from error
