"""`genshare node`: serve a centre node."""

import getpass
import os
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from centre_node.access import StaffToken, staff_token
from centre_node.database import check_is_node, open_database
from centre_node.log_rules import keep_headers_out
from centre_node.main import create_app, logins
from centre_node.settings import Settings
from shared.access import Caller, Role
from shared.arguments import address_argument
from shared.command_options import Port, with_options
from shared.serving import check_can_serve, check_writable, read_settings, serve
from shared.serving_options import AllowUnencrypted, Host, TlsCertificate, TlsKey
from shared.transport import check_transport
from web_pages.login_routes import login_url

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Serve a centre node.")


PERSON = re.compile(r"[\w .,()'@+&-]+")
LONGEST_NAME = 63


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
    serve(create_app(settings, host=host, migrate_apart=True), host, port, settings)


@app.command()
def login(
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Who logs in; approvals are written down under this name. Default: your name on "
            "this machine.",
        ),
    ] = None,
    url: Annotated[
        str,
        typer.Option(
            metavar="URL", callback=address_argument, help="Where the browser reaches the node."
        ),
    ] = "http://127.0.0.1:8001",
    data_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="The node's data folder. Default: NODE_DATA_DIR or ./node-data."
        ),
    ] = None,
) -> None:
    """Print a link that opens the node's pages in a browser, once and within 5 minutes.

    Run it on the node's machine. The session that it opens ends after 8 hours or by a click.

    Examples:
      genshare node login --data-dir /srv/node

      genshare node login --name "Dr Ada Lovelace" --url https://node.example.org
    """
    settings = read_settings(Settings, data_dir=data_dir)
    check_is_node(settings.data_dir)
    check_writable(settings.data_dir)
    os.umask(0o077)
    link = logins(open_database(settings.data_dir)).new_link(Caller(_person(name), Role.STAFF))
    sys.stdout.write(login_url(url, link) + "\n")


def _person(name: str | None) -> str:
    """Return who logs in.

    Raises:
        typer.BadParameter: The name could not stand under an approval.
    """
    given = _own_name() if name is None else name
    if len(given) > LONGEST_NAME or not PERSON.fullmatch(given):
        raise typer.BadParameter(
            f"--name is {given!r}; it must be a line of letters, digits, blanks and common "
            f"punctuation, at most {LONGEST_NAME}"
        )
    return given


def _own_name() -> str:
    """Return the user's name on this machine.

    Raises:
        typer.BadParameter: There is none, as in some containers.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise typer.BadParameter("this user has no name here; say who logs in by --name") from error


def _tell_new_token(token: StaffToken) -> None:
    """Tell of a token that was just made: the token itself to a person only, never to a log."""
    if token.is_new:
        what = f":\n{token.value}" if sys.stdout.isatty() else ""
        sys.stdout.write(f"callers of this node send its token, which lies in {token.file}{what}\n")
        sys.stdout.flush()
