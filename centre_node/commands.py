"""`genshare node`: serve a centre node."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from centre_node.access import StaffToken, staff_token
from centre_node.log_rules import keep_headers_out
from centre_node.main import create_app
from centre_node.settings import Settings
from shared.command_options import Port, with_options
from shared.serving import check_can_serve, read_settings, serve
from shared.serving_options import AllowUnencrypted, Host, TlsCertificate, TlsKey
from shared.transport import check_transport

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Serve a centre node.")


@app.callback()
def _group() -> None:
    """Serve a centre node."""


@app.command("serve")
@with_options
def serve_node(
    host: Host = "127.0.0.1",
    port: Port = 8001,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Holds the node's jobs, patches and generators. Default: NODE_DATA_DIR or "
            "./node-data.",
        ),
    ] = None,
    mammograms_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="The centre's mammograms; only read, never copied out."
        ),
    ] = None,
    lent_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Mammograms that other centres lent: a folder each, named after the centre.",
        ),
    ] = None,
    tls_certificate: TlsCertificate = None,
    tls_key: TlsKey = None,
    allow_unencrypted: AllowUnencrypted = None,
) -> None:
    """Serve a centre node next to its mammograms.

    Callers send its token. Its first start makes one and keeps it in the data folder in the file
    `token`, unless NODE_TOKEN is set; on a terminal it prints it, this once.

    Examples:
      genshare node serve --data-dir /srv/node --mammograms-dir /data/mammograms

      NODE_TOKEN=... genshare node serve --port 8001
    """
    settings = read_settings(
        Settings,
        data_dir=data_dir,
        mammograms_dir=mammograms_dir,
        lent_dir=lent_dir,
        tls_certificate=tls_certificate,
        tls_key=tls_key,
        allow_unencrypted=allow_unencrypted,
    )
    check_transport(host, settings)
    os.umask(0o077)  # what the node writes is for its own user alone
    check_can_serve(host, port, settings.data_dir)
    keep_headers_out()
    _tell_new_token(staff_token(settings))
    serve(create_app(settings, host=host), host, port, settings)


def _tell_new_token(token: StaffToken) -> None:
    """Tell of a token that was just made: the token itself to a person only, never to a log."""
    if token.is_new:
        what = f":\n{token.value}" if sys.stdout.isatty() else ""
        sys.stdout.write(f"callers of this node send its token, which lies in {token.file}{what}\n")
        sys.stdout.flush()
