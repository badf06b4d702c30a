"""`genshare state`, `alias` and `refresh`: what a hub's versions are, from the command line."""

import sys
from collections.abc import Iterable
from datetime import UTC
from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field, TypeAdapter, ValidationError

from shared.command_options import Json, with_options
from shared.commands import Centre, Generator
from shared.errors import HubRefusedError, PackageError
from shared.hub_client import HubClient, connect
from shared.hub_exchange import check_missing
from shared.hub_options import DEFAULT_URL, AllowUnencrypted, HubUrl, Token
from shared.marks import keep_mark
from shared.packages import Package, peek_package
from shared.safe_text import shown
from shared.states import (
    WITHDRAWN,
    AliasName,
    Replacement,
    State,
    StateWanted,
    VersionState,
)
from signing.errors import OwnKeyReplacedError
from signing.own_status import OwnStatus
from signing.places import SigningKeyGiven, TrustGiven, key_file, trust_store
from signing.receiving import Receiver
from signing.withdrawing import change_state, own_status

app = typer.Typer(no_args_is_help=True, add_completion=False)

Instead = Annotated[
    str | None,
    typer.Option(
        metavar="VERSION",
        help="What to use instead: a version of the same generator, such as 2, or "
        "CENTRE/NAME/VERSION.",
    ),
]
Version = Annotated[int | None, Field(ge=1, description="Which version of it.")]


@app.command()
@with_options
def state(
    centre: Centre,
    name: Generator,
    version: Version = None,
    to: Annotated[
        State | None,
        Field(description="What the version is to become; without it, its state is told."),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Why. Everyone on the hub reads it, and it cannot be undone: name no patient, for "
            "no program can tell every name.",
        ),
    ] = None,
    instead: Instead = None,
    hub_url: HubUrl = DEFAULT_URL,
    token: Token = None,
    allow_unencrypted: AllowUnencrypted = False,
    signing_key: SigningKeyGiven = None,
    json: Json = False,
) -> None:
    """Tell or change what a version is: draft, pending review, approved, deprecated, withdrawn.

    Who holds a copy is told: their node marks it, and uses it for nothing new. docs/life-cycle.md
    has who may change what; the administrator approves, and can quarantine. A centre that has a
    key signs a withdrawal, so that no hub can hide it.

    Examples:
      genshare state centre-b masses

      genshare state centre-b masses --version 1 --to deprecated --reason "Version 2 is better"
      --instead 2

      genshare state centre-b masses --version 1 --to withdrawn --reason "It holds copies"
    """
    hub = connect(hub_url, token, allow_unencrypted=allow_unencrypted)
    if to is None:
        found = _states(hub, centre, name, version)
    else:
        if version is None:
            raise typer.BadParameter("--to needs --version: a state is of one version")
        other = _replacement(centre, name, instead)
        wanted = StateWanted(state=to, reason=reason, replacement=other)
        record = hub.version(centre, name, version)
        own = _own(hub, centre, key_file(signing_key)) if to == WITHDRAWN else None
        found = (change_state(hub, record, wanted, own),)
    sys.stdout.write(_as_json(found) if json else "".join(map(_as_lines, found)))


@app.command()
@with_options
def alias(
    centre: Centre,
    name: Generator,
    named: Annotated[
        str, typer.Argument(metavar="ALIAS", help="A name for a version, such as stable.")
    ],
    version: Annotated[
        int | None, Field(ge=1, description="The version to point it at; without it, it is told.")
    ] = None,
    hub_url: HubUrl = DEFAULT_URL,
    token: Token = None,
    allow_unencrypted: AllowUnencrypted = False,
    signing_key: SigningKeyGiven = None,
    json: Json = False,
) -> None:
    """Tell which version an alias points at, or point it at another; signed, if there is a key.

    Examples:
      genshare alias centre-b masses stable --version 2

      genshare fetch centre-b masses --alias stable --out masses
    """
    _check_alias(named)
    hub = connect(hub_url, token, allow_unencrypted=allow_unencrypted)
    if version is None:
        found = hub.life_cycle.alias(centre, name, named)
    else:
        try:
            before = hub.life_cycle.alias(centre, name, named)
        except HubRefusedError as error:
            check_missing(error)
            before = None
        found = hub.life_cycle.point_alias(centre, name, named, version, before=before)
        if (own := _own(hub, centre, key_file(signing_key))) is not None:
            own.point(name, named, version)
    if json:
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
        return
    sys.stdout.write(f"{named}: version {found.version} of {centre}/{name}, {found.state}\n")


@app.command()
@with_options
def refresh(
    folders: Annotated[
        list[Path],
        typer.Argument(metavar="FOLDERS", help="Folders that genshare fetch made."),
    ],
    hub_url: HubUrl = DEFAULT_URL,
    token: Token = None,
    allow_unencrypted: AllowUnencrypted = False,
    trust: TrustGiven = None,
) -> None:
    """Ask the hub what has become of fetched generators, and write it down beside each.

    Where its centre signed a withdrawal, that is checked and said. A node does so by itself. What
    was withdrawn is used for nothing new then, and genshare study uses finds the results that it
    is in.

    Examples:
      genshare refresh masses lesions-dcgan
    """
    hub = connect(hub_url, token, allow_unencrypted=allow_unencrypted)
    receiver = Receiver(hub, trust_store(trust))
    refused = 0
    for folder in folders:
        try:
            package = peek_package(folder)
        except PackageError as error:
            sys.stderr.write(f"error: {shown(str(error))}\n")
            refused += 1
            continue
        found = _state_of(receiver.hub, package)
        if found is None:
            told = "the hub has no such version"
        else:
            known = receiver.confirmed(found, package.manifest)
            keep_mark(folder, known)
            told = f"version {known.version} is {known}"
        card = package.card
        sys.stdout.write(f"{folder}: {card.centre}/{card.name}, {shown(told)}\n")
    if refused:
        raise typer.Exit(1)


def _own(hub: HubClient, centre: str, file: Path) -> OwnStatus | None:
    """Return what the caller says of its versions; say so where it cannot be signed.

    A generator that must not be used is withdrawn all the same, and signed afterwards.
    """
    try:
        return own_status(hub, centre, file)
    except OwnKeyReplacedError as error:
        sys.stderr.write(
            f"warning: {shown(str(error))}. Run the same again with the centre's key, which "
            "--signing-key names, and it is signed too.\n"
        )
        return None


def _state_of(hub: HubClient, package: Package) -> VersionState | None:
    states = hub.life_cycle.states(package.card.centre, package.card.name)
    return next((one for one in states if one.manifest_digest == package.digest), None)


def _states(
    hub: HubClient, centre: str, name: str, version: int | None
) -> tuple[VersionState, ...]:
    if version is None:
        return hub.life_cycle.states(centre, name)
    return (hub.life_cycle.state_of(hub.version(centre, name, version)),)


def _replacement(centre: str, name: str, instead: str | None) -> Replacement | None:
    """Return the version that `--instead` names: of the same generator where it is a number.

    Raises:
        typer.BadParameter: It is none.
    """
    if instead is None:
        return None
    parts = instead.split("/") if "/" in instead else [centre, name, instead]
    try:
        other_centre, other_name, number = parts
        return Replacement(centre=other_centre, name=other_name, version=int(number))
    except ValueError as error:
        raise typer.BadParameter(
            f"--instead is {instead!r}; it takes a version, such as 2, or CENTRE/NAME/VERSION"
        ) from error


def _check_alias(named: str) -> None:
    try:
        TypeAdapter[str](AliasName).validate_python(named)
    except ValidationError as error:
        raise typer.BadParameter(
            f"{named!r} is no alias: it begins with a letter, has lower-case letters, digits and "
            "inner hyphens, and is not latest"
        ) from error


def _as_json(states: Iterable[VersionState]) -> str:
    return "[" + ",\n".join(state.model_dump_json() for state in states) + "]\n"


def _as_lines(state: VersionState) -> str:
    lines = [f"{state.centre}/{state.name} version {state.version}: {state}"]
    lines += [
        f"  {change.changed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC  {change.state} by "
        f"{change.changed_by}"
        for change in state.history
    ]
    return "".join(f"{shown(line)}\n" for line in lines)
