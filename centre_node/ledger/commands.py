"""`genshare ledger` and `waiver-key`: what was released of whom, and who may against rules."""

import sys
from datetime import UTC
from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field, ValidationError
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from centre_node.ledger.store import LEDGER, LedgerStore
from centre_node.privacy.waivers import key_sha256, new_key
from node_api.ledger import Ledger, LedgerEntry, PatientSpent
from node_api.release import MayWaive
from shared.command_options import Json, with_options
from shared.models import validation_summary
from shared.safe_text import shown

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command("ledger")
@with_options
def show_ledger(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help=f"The ledger: {LEDGER} in a node's data folder, or beside a training's folder.",
        ),
    ] = Path(LEDGER),
    most: Annotated[
        int, Field(ge=1, le=1_000_000, description="How many decisions and patients to show.")
    ] = 100,
    json: Json = False,
) -> None:
    """Show what was decided and published, and what that spent of each patient.

    Names of patients are in it: it stays at the centre. Newest decisions come first, and patients
    of whom most was published.

    Examples:
      genshare ledger node-data/ledger.sqlite

      genshare ledger --json --most 1000000
    """
    if not file.is_file():
        raise typer.BadParameter(f"there is no ledger {file}; publishing makes one")
    ledger = LedgerStore(file).read(most=most)
    if json:
        sys.stdout.write(ledger.model_dump_json(indent=2) + "\n")
        return
    console = Console()
    console.print(_decisions(ledger))
    console.print(_patients(ledger))


@app.command("waiver-key")
def make_waiver_key(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Who may waive, as statements will name them.")
    ],
) -> None:
    """Make a key with which a person may let a generator leave against the policy.

    The key is printed once, for that person alone. The lines below it go into the policy's file,
    which holds only the key's digest.

    Examples:
      genshare waiver-key "Data protection officer"
    """
    key = new_key()
    try:
        person = MayWaive(name=name, key_sha256=key_sha256(key))
    except ValidationError as error:
        raise typer.BadParameter(validation_summary(error)) from error
    sys.stderr.write(f"{name}'s key, to be kept by that person alone:\n{key}\n")
    sys.stdout.write(f'[[may_waive]]\nname = "{person.name}"\nkey_sha256 = "{person.key_sha256}"\n')


def _decisions(ledger: Ledger) -> Table:
    columns = ("decided", "generator", "version", "verdict", "patients", "epsilon", "package")
    table = Table(*(Column(name, overflow="fold") for name in columns))
    table.title = f"Decisions ({len(ledger.entries)}, {ledger.entries_left_out} more)"
    for entry in ledger.entries:
        told = (
            f"{entry.decided_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
            f"{entry.centre}/{entry.name}",
            _version(entry),
            entry.verdict if entry.waiver is None else f"{entry.verdict}, waived",
            _or(entry.patients, "not known"),
            _or(entry.epsilon, "none"),
            entry.subject[:12],
        )
        table.add_row(*(Text(shown(cell)) for cell in told))
    return table


def _version(entry: LedgerEntry) -> str:
    if not entry.released:
        return "turned away" if entry.turned_away else "held back"
    return "not confirmed" if entry.version is None else str(entry.version)


def _patients(ledger: Ledger) -> Table:
    columns = ("patient", "versions", "tries", "refused", "epsilon")
    table = Table(*(Column(name, overflow="fold") for name in columns))
    table.title = f"Patients ({len(ledger.patients)}, {ledger.patients_left_out} more)"
    for patient in ledger.patients:
        counts = (patient.versions, patient.tries, patient.refused)
        cells = (patient.patient, *map(str, counts), _epsilon(patient))
        table.add_row(*(Text(shown(cell)) for cell in cells))
    return table


def _epsilon(patient: PatientSpent) -> str:
    return "no bound" if patient.epsilon is None else f"{patient.epsilon:g}"


def _or(number: float | None, none: str) -> str:
    return none if number is None else f"{number:g}"
