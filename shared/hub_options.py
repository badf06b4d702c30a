"""Options of every command that talks to a hub: where it is, and as whom."""

from typing import Annotated

import typer

DEFAULT_URL = "http://127.0.0.1:8000"

HubUrl = Annotated[
    str, typer.Option(envvar="GENSHARE_HUB_URL", metavar="URL", help="The hub's address.")
]
Token = Annotated[
    str | None,
    typer.Option(
        envvar="GENSHARE_HUB_TOKEN",
        metavar="TOKEN",
        help="Your centre's token, as genshare hub invite printed it.",
        show_default=False,
    ),
]
AllowUnencrypted = Annotated[
    bool,
    typer.Option(
        "--allow-unencrypted",
        envvar="GENSHARE_ALLOW_UNENCRYPTED",
        metavar="",
        help="Send the token to another machine over plain HTTP, for anyone between to read.",
    ),
]
