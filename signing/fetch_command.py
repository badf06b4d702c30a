"""`genshare fetch`: a generator from a hub, checked, and who signed it."""

import sys
from json import dumps
from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field

from shared.command_options import Json, with_options
from shared.commands import AliasOption, Centre, Generator, Version, asked_for
from shared.errors import PackageNotKeptError
from shared.files import write_faults_named
from shared.hub_client import connect
from shared.hub_options import DEFAULT_URL, AllowUnencrypted, HubUrl, Token
from shared.marks import is_ended, note_on
from shared.packages import Package
from shared.progress import shown as progress_shown
from shared.safe_text import shown
from shared.verbosity import note
from shared.weight_choices import chosen_weights
from signing.judging import Finding
from signing.places import TrustGiven, trust_store
from signing.receiving import Asked, Receiver

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
@with_options
def fetch(
    centre: Centre,
    name: Generator,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to make.")],
    version: Version = None,
    alias: AliasOption = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE", help="Only this weight file of an ensemble; once for each file."
        ),
    ] = None,
    weights_at_most: Annotated[
        int | None,
        Field(
            ge=1,
            description="Only so many weight files of an ensemble, evenly spread over the "
            "training.",
        ),
    ] = None,
    hub_url: HubUrl = DEFAULT_URL,
    token: Token = None,
    allow_unencrypted: AllowUnencrypted = False,
    trust: TrustGiven = None,
    json: Json = False,
) -> None:
    """Fetch a generator; every digest and every tensor is checked before the folder appears.

    Who signed it is said, and checked against the keys that you trust (genshare trust).

    Of an ensemble, some weight files will do; a later fetch to the same folder adds others.

    Examples:
      genshare fetch centre-b lesions-dcgan --out lesions-dcgan

      genshare fetch centre-b lesions-dcgan --version 1 --out lesions-dcgan-1

      genshare fetch centre-b lesions-dcgan --weights weights-epoch-0500.safetensors --out few

      genshare fetch centre-b lesions-dcgan --weights-at-most 5 --out few
    """
    if weights and weights_at_most:
        raise typer.BadParameter("give either --weights or --weights-at-most, not both")
    trusted = trust_store(trust)
    hub = connect(hub_url, token, allow_unencrypted=allow_unencrypted)
    record = asked_for(hub, centre, name, version, alias)
    chosen = chosen_weights(record.card, names=weights or (), at_most=weights_at_most)
    with (
        write_faults_named(out, PackageNotKeptError, full=PackageNotKeptError),
        progress_shown() as report,
    ):
        receiver = Receiver(hub, trusted)
        received = receiver.fetch(
            record,
            out,
            asked=Asked(is_latest=version is None and alias is None, alias=alias),
            weights=chosen,
            on_progress=report,
        )
    package, finding = received.package, received.finding
    if (marked := note_on(package)) is not None:
        sys.stderr.write(f"{shown(marked)}\n")
    if not package.is_whole:
        note(f"{out} holds {package.extent} of the package")
    draws = "" if is_ended(package) else f"; genshare sample {out} draws patches"
    note(f"{centre}/{name} version {record.version} is in {out}, every digest verified{draws}")
    sys.stderr.write(f"{shown(finding.sentence)}\n")
    sys.stdout.write(_as_json(package, finding) if json else _as_checksums(package))


def _as_checksums(package: Package) -> str:
    """Return lines that `sha256sum --check` reads."""
    return "".join(f"{file.sha256}  {package.folder / file.name}\n" for file in package.files)


def _as_json(package: Package, finding: Finding) -> str:
    found = {
        "folder": str(package.folder),
        "manifest_digest": package.digest,
        "whole": package.is_whole,
        "sha256": {file.name: file.sha256 for file in package.files},
        "signed_by": finding.key,
        "signature": finding.how,
    }
    return dumps(found) + "\n"
