"""`genshare key`, `trust` and `verify`: who signs, whom one trusts, and who signed a folder."""

import sys
from datetime import UTC, datetime
from json import dumps
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from shared.arguments import name_argument
from shared.command_options import Json
from shared.counts import named
from shared.hub_client import connect
from shared.hub_options import DEFAULT_URL, AllowUnencrypted, HubUrl, Token
from shared.marks import note_on
from shared.names import Digest
from shared.records import NewKey
from shared.safe_text import shown
from shared.verbosity import note
from signing.errors import NotKnownHereError
from signing.key_chains import sign_rotation
from signing.keys import (
    PublicKey,
    SigningKey,
    make_key,
    read_content,
    read_key,
    read_public_key,
)
from signing.own_status import OwnStatus
from signing.places import SigningKeyGiven, TrustGiven, key_file, trust_store
from signing.remembered import REMEMBERED, RememberedStore
from signing.statuses import CentreStatus
from signing.trust import SigningMode, Trust, TrustStore
from signing.verifying import verify_folder

app = typer.Typer(no_args_is_help=True, add_completion=False)
key_app = typer.Typer(no_args_is_help=True, help="Make and show the key that a centre signs with.")
trust_app = typer.Typer(no_args_is_help=True, help="Say whose keys are trusted.")
app.add_typer(key_app, name="key")
app.add_typer(trust_app, name="trust")

Centre = Annotated[
    str, typer.Argument(metavar="CENTRE", callback=name_argument, help="The centre's name.")
]


@key_app.command("make")
def make(signing_key: SigningKeyGiven = None) -> None:
    """Make a key that only you can read, and print its fingerprint.

    Tell the fingerprint to those who receive your generators, by another way than the hub.

    Examples:
      genshare key make

      genshare key make --signing-key /srv/centre-b/signing-key.pem
    """
    file = key_file(signing_key)
    sys.stdout.write(f"{make_key(file).public.fingerprint}  {file}\n")


@key_app.command("show")
def show(
    signing_key: SigningKeyGiven = None,
    pem: Annotated[
        bool, typer.Option("--pem", metavar="", help="Print the public key itself.")
    ] = False,
) -> None:
    """Print a key's fingerprint, or its public part.

    Examples:
      genshare key show

      genshare key show --pem > centre-b.pem
    """
    file = key_file(signing_key)
    public = read_key(file).public
    sys.stdout.write(public.pem if pem else f"{public.fingerprint}  {file}\n")


@key_app.command("rotate")
def rotate(
    centre: Centre,
    new: Annotated[
        Path, typer.Option("--new", metavar="FILE", help="The file of the next key; made if new.")
    ],
    signing_key: SigningKeyGiven = None,
    hub_url: HubUrl = DEFAULT_URL,
    token: Token = None,
    allow_unencrypted: AllowUnencrypted = False,
) -> None:
    """Hand over to a new key, at the hub and for all who trust the old one.

    From then on sign with the new one: name it with --signing-key, or put it in the old one's
    place.

    Examples:
      genshare key rotate centre-b --new next.pem --hub-url https://hub.example.org
    """
    old, next_key = read_key(key_file(signing_key)), _read_or_make(new)
    calls = connect(hub_url, token, allow_unencrypted=allow_unencrypted).signing
    number = len(calls.keys(centre)) + 1
    rotation = sign_rotation(centre, number, old=old, new=next_key).decode()
    calls.put_key(centre, NewKey(public_key=next_key.public.pem, rotation=rotation))
    sys.stdout.write(f"{centre} signs with {next_key.public.fingerprint} from now on\n")
    note(
        f"commands still read the old key, {old.file}: name the new one with --signing-key {new}, "
        f"or put it in place of {old.file}"
    )


@key_app.command("renew")
def renew(
    centre: Centre,
    signing_key: SigningKeyGiven = None,
    hub_url: HubUrl = DEFAULT_URL,
    token: Token = None,
    allow_unencrypted: AllowUnencrypted = False,
) -> None:
    """Sign anew what versions your centre has at a hub, before the last word on it ends.

    A node does so by itself, and each publication does.

    Examples:
      genshare key renew centre-b --hub-url https://hub.example.org
    """
    hub = connect(hub_url, token, allow_unencrypted=allow_unencrypted)
    status = OwnStatus(read_key(key_file(signing_key)), hub, centre).renew()
    sys.stdout.write(f"{_until(centre, status)}\n")


def _until(centre: str, status: CentreStatus | None) -> str:
    if status is None:
        return f"{centre} has signed nothing of its versions there"
    return (
        f"what {centre} signed of its versions, number {status.number}, holds until "
        f"{status.expires_at:%Y-%m-%d}"
    )


def _read_or_make(file: Path) -> SigningKey:
    return read_key(file) if file.exists() else make_key(file)


@trust_app.command("add")
def add(
    centre: Centre,
    key: Annotated[
        str,
        typer.Argument(metavar="FINGERPRINT", help="Of its key, 64 digits; or the key's PEM file."),
    ],
    mode: Annotated[
        SigningMode,
        typer.Option(metavar="off|warn|enforce", help="What becomes of what it did not sign."),
    ] = "enforce",
    trust: TrustGiven = None,
) -> None:
    """Trust a centre's key; what that centre did not sign is refused from then on.

    Examples:
      genshare trust add centre-b 5f2c...

      genshare trust add centre-b centre-b.pem --mode warn
    """
    pinned, today = _key_given(key), datetime.now(UTC).date()
    store = trust_store(trust, may_be_new=True)
    made = _made(store)

    def with_pin(now: Trust) -> Trust:
        after = now.with_key(centre, pinned, "pinned", since=today)
        return after.changed(centre, after.of(centre).model_copy(update={"mode": mode}))

    store.change(with_pin)
    name = pinned if isinstance(pinned, str) else pinned.fingerprint
    sys.stdout.write(f"{centre} is trusted by the key {name} ({mode}){made}\n")


def _key_given(key: str) -> PublicKey | str:
    """Return the fingerprint that was given, or the key that the named file holds."""
    try:
        return TypeAdapter[str](Digest).validate_python(key.lower())
    except ValidationError:
        if not Path(key).is_file():
            message = f"{key!r} is neither a fingerprint of 64 digits nor a file with a public key"
            raise typer.BadParameter(message) from None
    return _public_key(Path(key))


@trust_app.command("remove")
def remove(centre: Centre, trust: TrustGiven = None) -> None:
    """Trust no key of a centre any more, and forget its mode.

    Examples:
      genshare trust remove centre-b
    """

    def without(now: Trust) -> Trust:
        if centre not in now.centres:
            known = ", ".join(sorted(now.centres)) or "no centre"
            raise NotKnownHereError(f"no key of {centre} is trusted here, but of {known}")
        left = {name: kept for name, kept in now.centres.items() if name != centre}
        return now.model_copy(update={"centres": left})

    trust_store(trust).change(without)


@trust_app.command("forget")
def forget(
    hub_url: Annotated[
        str, typer.Argument(metavar="URL", help="The hub's address, as it was given.")
    ],
    trust: TrustGiven = None,
) -> None:
    """Forget what a hub showed before: its log's head and the centres' newest words.

    For a hub that was restored from a backup, once its operator has said so. Pinned keys stay.

    Examples:
      genshare trust forget https://hub.example.org
    """
    remembered = RememberedStore(trust_store(trust).file.with_name(REMEMBERED))
    if not remembered.forget(hub_url.rstrip("/")):
        known = ", ".join(sorted(remembered.read().hubs)) or "no hub"
        raise NotKnownHereError(f"nothing is remembered of a hub at {hub_url}, but of {known}")


@trust_app.command("mode")
def set_mode(
    mode: Annotated[
        SigningMode,
        typer.Argument(metavar="off|warn|enforce", help="What becomes of what is not signed."),
    ],
    centre: Annotated[
        str | None,
        typer.Option(metavar="NAME", callback=name_argument, help="Only of this centre's."),
    ] = None,
    first_use: Annotated[
        bool | None,
        typer.Option(
            help="Whether the first key that is seen of a centre is trusted from then on.",
            show_default=False,
        ),
    ] = None,
    trust: TrustGiven = None,
) -> None:
    """Say what becomes of generators without a trusted signature: of all centres, or of one.

    Examples:
      genshare trust mode enforce --no-first-use

      genshare trust mode warn --centre centre-b
    """

    def with_mode(now: Trust) -> Trust:
        if first_use is not None:
            now = now.model_copy(update={"first_use": first_use})
        if centre is None:
            return now.model_copy(update={"mode": mode})
        return now.changed(centre, now.of(centre).model_copy(update={"mode": mode}))

    store = trust_store(trust, may_be_new=True)
    made = _made(store)
    sys.stdout.write(f"{_mode_told(store.change(with_mode), centre)}{made}\n")


def _made(store: TrustStore) -> str:
    return "" if store.file.exists() else f"; made {store.file}"


def _mode_told(trust: Trust, centre: str | None) -> str:
    if centre is None:
        return _default_told(trust)
    count = len(trust.of(centre).keys)
    return f"{centre}: {trust.mode_of(centre)}; {count or 'no'} {named(count, 'key')} known here"


@trust_app.command("list")
def list_trusted(trust: TrustGiven = None, json: Json = False) -> None:
    """List whose keys are trusted, and how they came to be.

    Examples:
      genshare trust list
    """
    trusted = trust_store(trust).read()
    sys.stdout.write(
        trusted.model_dump_json(indent=2) + "\n" if json else "\n".join(_lines(trusted)) + "\n"
    )


def _lines(trust: Trust) -> list[str]:
    lines = [_default_told(trust)]
    for centre, trusted in sorted(trust.centres.items()):
        lines.append(f"{centre}: {trust.mode_of(centre)}")
        lines += [f"  {key.fingerprint}  {key.how}, {key.since}" for key in trusted.keys]
    return lines


def _default_told(trust: Trust) -> str:
    first = "trusted from then on" if trust.first_use else "not trusted"
    return f"other centres: {trust.mode}; the first key that is seen is {first}"


@app.command("verify")
def verify(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A package that was fetched or built.")
    ],
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The public key that must have signed it, as PEM."),
    ] = None,
    trust: TrustGiven = None,
    json: Json = False,
) -> None:
    """Check every file of a package, and who signed it; no hub is asked.

    Examples:
      genshare verify lesions-dcgan

      genshare verify lesions-dcgan --key centre-b.pem
    """
    public = None if key is None else _public_key(key)
    package, finding = verify_folder(folder, trust_store(trust).read(), public)
    if (marked := note_on(package)) is not None:
        sys.stderr.write(f"{shown(marked)}\n")
    told = {
        "folder": str(folder),
        "manifest_digest": package.digest,
        "whole": package.is_whole,
        "centre": finding.centre,
        "key": finding.key,
        "how": finding.how,
    }
    line = f"{folder}: every digest verified, {package.extent}; {finding.sentence}\n"
    sys.stdout.write(dumps(told) + "\n" if json else shown(line.rstrip()) + "\n")


def _public_key(file: Path) -> PublicKey:
    return read_public_key(read_content(file).decode(errors="replace"), name=str(file))
