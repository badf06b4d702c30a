"""Options that `genshare hub serve` and `genshare node serve` have in common."""

from pathlib import Path
from typing import Annotated

import typer

Host = Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")]
TlsCertificate = Annotated[
    Path | None, typer.Option(metavar="FILE", help="PEM file of the certificate and its chain.")
]
TlsKey = Annotated[
    Path | None, typer.Option(metavar="FILE", help="PEM file of its key, without a password.")
]
AllowUnencrypted = Annotated[
    bool | None,
    typer.Option(
        "--allow-unencrypted",
        metavar="",
        help="Serve other machines without TLS: anyone between reads all.",
    ),
]
