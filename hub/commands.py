"""`genshare hub`: serve the registry, invite centres, check and move it."""

import os
import sys
from typing import Annotated

import typer

from hub.audit_log.commands import export_to_file, import_from_file, verify
from hub.centres.callers import operator
from hub.centres.store import CentreStore
from hub.data_folder import DataDir
from hub.errors import CentreNotFoundError
from hub.keeping import engine_of_any, engine_of_hub
from hub.main import centres, create_app, join_tokens, logins
from hub.settings import Settings
from shared.access import Caller, Role
from shared.arguments import address_argument, name_argument
from shared.command_options import Port, with_options
from shared.serving import check_can_serve, read_settings, serve
from shared.serving_options import AllowUnencrypted, Host, TlsCertificate, TlsKey
from shared.transport import check_transport
from web_pages.login_routes import login_url

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Serve the hub; invite centres; check and move it.",
)


@app.command("serve")
@with_options
def serve_hub(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    data_dir: DataDir = None,
    tls_certificate: TlsCertificate = None,
    tls_key: TlsKey = None,
    allow_unencrypted: AllowUnencrypted = None,
) -> None:
    """Serve the hub.

    Examples:
      genshare hub serve --data-dir /srv/genshare-hub

      genshare hub serve --host 0.0.0.0 --tls-certificate hub.pem --tls-key hub.key
    """
    settings = read_settings(
        Settings,
        data_dir=data_dir,
        tls_certificate=tls_certificate,
        tls_key=tls_key,
        allow_unencrypted=allow_unencrypted,
    )
    check_transport(host, settings)
    os.umask(0o077)  # generators that need a token are not to be read from the disk by others
    check_can_serve(host, port, settings.data_dir)
    serve(create_app(settings, host=host, migrate_apart=True), host, port, settings)


@app.command()
def invite(
    centre: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            callback=name_argument,
            help="The centre's name: lower-case letters, digits and inner hyphens.",
        ),
    ],
    renew: Annotated[
        bool,
        typer.Option(
            metavar="",
            help="Whether to replace the token that the centre has. For 15 minutes it may register "
            "another key too, where it lost its own.",
        ),
    ] = False,
    join: Annotated[
        bool,
        typer.Option(
            "--join",
            metavar="",
            help="Print a token with which the centre's node joins, once and within 15 minutes: "
            "it sends its key and gets its own token. It renews too.",
        ),
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Enrol a centre and print its token, once. Run it on the hub's machine.

    Examples:
      genshare hub invite centre-a --join

      genshare hub invite centre-a --data-dir /srv/genshare-hub

      genshare hub invite centre-a --renew
    """
    settings = read_settings(Settings, data_dir=data_dir)
    os.umask(0o077)
    engine = engine_of_any(settings)
    if join:
        token = join_tokens(engine).invite(centre, by=operator())
    else:
        token = centres(engine).invite(centre, renew=renew, by=operator()).token
    sys.stdout.write(f"{token}\n")


@app.command()
def remove(
    centre: Annotated[
        str, typer.Argument(metavar="NAME", callback=name_argument, help="The centre's name.")
    ],
    data_dir: DataDir = None,
) -> None:
    """Remove a centre: its token stops working at once, and what it has published stays.

    Run it on the hub's machine; `genshare hub invite NAME --renew` enrols it again.

    Examples:
      genshare hub remove centre-a --data-dir /srv/genshare-hub
    """
    settings = read_settings(Settings, data_dir=data_dir)
    centres(engine_of_hub(settings)).remove(centre, by=operator())


@app.command()
def login(
    centre: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            callback=name_argument,
            help="For someone of this centre, who may look and change nothing. Default: for you, "
            "the operator.",
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            callback=address_argument,
            help="Where the browser reaches the hub. Default: HUB_PUBLIC_URL or "
            "http://127.0.0.1:8000.",
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Print a link that opens the hub's pages in a browser, once and within 5 minutes.

    Run it on the hub's machine. The session that it opens ends after 8 hours or by a click.

    Examples:
      genshare hub login --data-dir /srv/genshare-hub

      genshare hub login --centre centre-a --url https://hub.example.org
    """
    settings = read_settings(Settings, data_dir=data_dir)
    engine = engine_of_hub(settings)
    if centre is not None and not CentreStore(engine).is_enrolled(centre):
        raise CentreNotFoundError(f"no centre {centre} is enrolled")
    caller = operator() if centre is None else Caller(centre, Role.READER)
    scheme = "https" if settings.tls_certificate else "http"
    base = url or str(settings.public_url or f"{scheme}://127.0.0.1:8000")
    sys.stdout.write(login_url(base, logins(engine).new_link(caller)) + "\n")


app.command()(verify)
app.command("export")(export_to_file)
app.command("import")(import_from_file)
