"""`genshare list` and `show`: a hub's generators from the command line."""

import sys
from collections.abc import Iterable
from typing import Annotated

import typer
from pydantic import Field

from shared.arguments import name_argument
from shared.command_options import Json, with_options
from shared.hub_client import HubClient, connect
from shared.hub_options import DEFAULT_URL, AllowUnencrypted, HubUrl, Token
from shared.packages import canonical_json
from shared.records import GeneratorVersion
from shared.safe_text import shown, shown_json
from shared.statements import statement_sentence
from shared.states import APPROVED, State

app = typer.Typer(no_args_is_help=True, add_completion=False)

Version = Annotated[
    int | None, Field(ge=1, description="Which version of it; by default the latest.")
]
AliasOption = Annotated[
    str | None,
    typer.Option(
        "--alias",
        metavar="NAME",
        callback=name_argument,
        help="The version that an alias points at, such as stable.",
    ),
]
Centre = Annotated[
    str,
    typer.Argument(metavar="CENTRE", callback=name_argument, help="The centre that published it."),
]
Generator = Annotated[
    str, typer.Argument(metavar="NAME", callback=name_argument, help="The generator's name.")
]


@app.command("list")
@with_options
def list_generators(
    hub_url: HubUrl = DEFAULT_URL,
    token: Token = None,
    allow_unencrypted: AllowUnencrypted = False,
    centre: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", callback=name_argument, help="Only generators of this centre."
        ),
    ] = None,
    state: Annotated[
        State | None,
        Field(
            description="Only versions that are this; by default those that are approved or "
            "deprecated, and your own drafts."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List the generators on a hub, newest first.

    Examples:
      GENSHARE_HUB_TOKEN=... genshare list

      genshare list --hub-url https://hub.example.org --centre centre-b --json

      genshare list --state withdrawn
    """
    hub = connect(hub_url, token, allow_unencrypted=allow_unencrypted)
    records = hub.generators(centre, state)
    if json:
        _write_json(records)
        return
    from shared.version_table import print_versions

    print_versions(records)


def _write_json(records: Iterable[GeneratorVersion]) -> None:
    """Write records as they come: a long list is never held whole."""
    before = "["
    for record in records:
        sys.stdout.write(before + shown_json(canonical_json(record).decode()))
        before = ",\n"
    sys.stdout.write("[]\n" if before == "[" else "]\n")


@app.command()
@with_options
def show(
    centre: Centre,
    name: Generator,
    version: Version = None,
    alias: AliasOption = None,
    hub_url: HubUrl = DEFAULT_URL,
    token: Token = None,
    allow_unencrypted: AllowUnencrypted = False,
) -> None:
    """Print one version's card and manifest as JSON, and in a line what is stated of its privacy.

    The line, with verdict and strongest bound of the centre's audit, goes to the standard error.

    Examples:
      genshare show centre-b lesions-dcgan

      genshare show centre-b lesions-dcgan --version 1
    """
    hub = connect(hub_url, token, allow_unencrypted=allow_unencrypted)
    record = asked_for(hub, centre, name, version, alias)
    if record.state != APPROVED:
        sys.stderr.write(f"{shown(f'this version is {hub.life_cycle.state_of(record)}')}\n")
    if record.card.use is not None:
        sys.stderr.write(f"{shown(f'terms of use: {record.card.use}')}\n")
    statement = hub.statement(record)
    told = "no audit is stated" if statement is None else statement_sentence(statement)
    sys.stderr.write(f"{shown(told)}\n")
    sys.stdout.write(shown_json(record.model_dump_json(indent=2)) + "\n")


def asked_for(
    hub: HubClient, centre: str, name: str, version: int | None, alias: str | None
) -> GeneratorVersion:
    """Return the version that options name: its number, an alias, or neither for the latest."""
    if alias is None:
        return hub.version(centre, name, version)
    if version is not None:
        raise typer.BadParameter("give either --version or --alias, not both")
    return hub.version(centre, name, hub.life_cycle.alias(centre, name, alias).version)
