"""Command-line arguments that more than one command takes."""

import typer
from pydantic import HttpUrl, TypeAdapter, ValidationError

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


def address_argument(value: str | None) -> str | None:
    """Check the address of a service; a callback for typer.

    Raises:
        typer.BadParameter: A browser could not open it.
    """
    if value is None:
        return None
    try:
        TypeAdapter(HttpUrl).validate_python(value)
    except ValidationError as error:
        raise typer.BadParameter(
            f"{value!r} is no address; it must begin with http:// or https:// and name a host, as "
            "in https://hub.example.org"
        ) from error
    return value
