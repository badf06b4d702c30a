"""`genshare list`, `show` and `fetch`: a hub's generators from the command line."""

import sys
from collections.abc import Iterable
from datetime import UTC
from json import dumps
from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from shared.arguments import name_argument
from shared.command_options import Json, with_options
from shared.errors import PackageNotKeptError
from shared.files import write_faults_named
from shared.hub_client import connect
from shared.hub_options import DEFAULT_URL, AllowUnencrypted, HubUrl, Token
from shared.packages import Package, canonical_json
from shared.progress import shown as progress_shown
from shared.records import GeneratorVersion
from shared.safe_text import shown, shown_json
from shared.statements import statement_sentence
from shared.weight_choices import chosen_weights

app = typer.Typer(no_args_is_help=True, add_completion=False)

Version = Annotated[
    int | None, Field(ge=1, description="Which version of it; by default the latest.")
]
Centre = Annotated[
    str,
    typer.Argument(metavar="CENTRE", callback=name_argument, help="The centre that published it."),
]
Generator = Annotated[
    str, typer.Argument(metavar="NAME", callback=name_argument, help="The generator's name.")
]


@app.command("list")
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
    json: Json = False,
) -> None:
    """List the generators on a hub, newest first.

    Examples:
      GENSHARE_HUB_TOKEN=... genshare list

      genshare list --hub-url https://hub.example.org --centre centre-b --json
    """
    records = connect(hub_url, token, allow_unencrypted=allow_unencrypted).generators(centre)
    if json:
        _write_json(records)
        return
    columns = ("centre", "name", "version", "title", "architecture", "patches", "published")
    table = Table(*(Column(name, overflow="fold") for name in columns))
    for record in records:
        card = record.card
        kind = f"{card.architecture.kind}, {card.architecture.image_size} px"
        kind = ", ".join([kind, *card.architecture.classes])
        patches = str(card.training_set.patches or "unknown")
        published = f"{record.published_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        told = (record.centre, record.name, str(record.version), card.title, kind, patches)
        table.add_row(*(Text(shown(cell)) for cell in (*told, published)))
    Console().print(table)


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
    record = hub.version(centre, name, version)
    statement = hub.statement(record)
    told = "no audit is stated" if statement is None else statement_sentence(statement)
    sys.stderr.write(f"{shown(told)}\n")
    sys.stdout.write(shown_json(record.model_dump_json(indent=2)) + "\n")


@app.command()
@with_options
def fetch(
    centre: Centre,
    name: Generator,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to make.")],
    version: Version = None,
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
    json: Json = False,
) -> None:
    """Fetch a generator; every digest and every tensor is checked before the folder appears.

    Of an ensemble, some weight files will do; a later fetch to the same folder adds others.

    Examples:
      genshare fetch centre-b lesions-dcgan --out lesions-dcgan

      genshare fetch centre-b lesions-dcgan --version 1 --out lesions-dcgan-1

      genshare fetch centre-b lesions-dcgan --weights weights-epoch-0500.safetensors --out few

      genshare fetch centre-b lesions-dcgan --weights-at-most 5 --out few
    """
    if weights and weights_at_most:
        raise typer.BadParameter("give either --weights or --weights-at-most, not both")
    hub = connect(hub_url, token, allow_unencrypted=allow_unencrypted)
    record = hub.version(centre, name, version)
    chosen = chosen_weights(record.card, names=weights or (), at_most=weights_at_most)
    with (
        write_faults_named(out, PackageNotKeptError, full=PackageNotKeptError),
        progress_shown() as report,
    ):
        package = hub.fetch(record, out, weights=chosen, on_progress=report)
    if not package.is_whole:
        sys.stderr.write(f"{out} holds {package.extent} of the package\n")
    sys.stderr.write(
        f"{centre}/{name} version {record.version} is in {out}, every digest verified; "
        f"genshare sample {out} draws patches\n"
    )
    sys.stdout.write(_as_json(package) if json else _as_checksums(package))


def _as_checksums(package: Package) -> str:
    """Return lines that `sha256sum --check` reads."""
    return "".join(f"{file.sha256}  {package.folder / file.name}\n" for file in package.files)


def _as_json(package: Package) -> str:
    found = {
        "folder": str(package.folder),
        "manifest_digest": package.digest,
        "whole": package.is_whole,
        "sha256": {file.name: file.sha256 for file in package.files},
    }
    return dumps(found) + "\n"
