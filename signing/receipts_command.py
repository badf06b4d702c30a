"""`genshare receipts`: what a generator was worth to others, checked against their signatures."""

import sys
from json import dumps
from typing import Any

import typer

from shared.command_options import Json, with_options
from shared.commands import AliasOption, Centre, Generator, Version, asked_for
from shared.hub_client import connect
from shared.hub_options import DEFAULT_URL, AllowUnencrypted, HubUrl, Token
from shared.receipts import UtilityReceipt, told_receipt
from shared.safe_text import shown
from signing.errors import SigningError
from signing.judging import Finding
from signing.places import TrustGiven, trust_store
from signing.receiving import Receiver

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
@with_options
def receipts(
    centre: Centre,
    name: Generator,
    version: Version = None,
    alias: AliasOption = None,
    hub_url: HubUrl = DEFAULT_URL,
    token: Token = None,
    allow_unencrypted: AllowUnencrypted = False,
    trust: TrustGiven = None,
    json: Json = False,
) -> None:
    """List what a generator was worth to those who used it, and check who signed that.

    Each receipt is compared with what its receiver signed, and the key with those that you trust
    (genshare trust). One that is wrong is named, and the exit code is 1 then.

    Examples:
      genshare receipts centre-b masses

      genshare receipts centre-b masses --version 1 --json
    """
    hub = connect(hub_url, token, allow_unencrypted=allow_unencrypted)
    receiver = Receiver(hub, trust_store(trust))
    record = asked_for(hub, centre, name, version, alias)
    good: list[tuple[UtilityReceipt, Finding]] = []
    wrong: list[str] = []
    for kept in hub.receipts.of_version(record):
        try:
            good.append((kept.receipt, receiver.receipt_signed(record, kept.receipt)))
        except SigningError as error:
            wrong.append(str(error))
    write = _as_json if json else _as_lines
    sys.stdout.write(write(good))
    sys.stderr.writelines(f"error: {shown(line)}\n" for line in wrong)
    if not good and not wrong:
        sys.stderr.write(f"nobody has given a receipt for version {record.version}\n")
    if wrong:
        raise typer.Exit(1)


def _as_lines(good: list[tuple[UtilityReceipt, Finding]]) -> str:
    return "".join(
        f"{told.receiver}: {shown(told_receipt(told))}; {shown(told.arm)} with "
        f"{shown(told.control)}, {told.patients} patients, {told.day}; {shown(found.sentence)}\n"
        for told, found in good
    )


def _as_json(good: list[tuple[UtilityReceipt, Finding]]) -> str:
    found: list[dict[str, Any]] = [
        {"receipt": told.model_dump(mode="json"), "signed_by": finding.key, "how": finding.how}
        for told, finding in good
    ]
    return dumps(found) + "\n"
