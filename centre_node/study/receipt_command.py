"""`genshare receipt`: say at a hub what a generator was worth here."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field

from centre_node.study.lineage import RESULT, read_report
from centre_node.study.receipts import Place
from centre_node.study.receipts_at_hub import propose
from centre_node.study.receipts_at_hub import send as send_receipt
from shared.command_options import Json, with_options
from shared.counts import counted
from shared.hub_client import connect
from shared.hub_options import DEFAULT_URL, AllowUnencrypted, HubUrl, Token
from shared.receipts import UtilityReceipt, told_receipt
from shared.safe_text import shown
from signing.keys import read_key
from signing.places import SigningKeyGiven, key_file

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
@with_options
def receipt(
    folder: Annotated[
        Path,
        typer.Argument(metavar="STUDY", help="A folder that genshare study run made."),
    ],
    arm: Annotated[str, typer.Option(metavar="ARM", help="The arm that uses the generator.")],
    classifier: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which one, if the study has several.")
    ] = None,
    fraction: Annotated[
        float | None,
        Field(gt=0, le=1, description="Which train fraction, if the study has several."),
    ] = None,
    send: Annotated[
        bool,
        typer.Option("--send", metavar="", help="Sign it and send it; else it is only shown."),
    ] = False,
    hub_url: HubUrl = DEFAULT_URL,
    token: Token = None,
    allow_unencrypted: AllowUnencrypted = False,
    signing_key: SigningKeyGiven = None,
    json: Json = False,
) -> None:
    """Tell a hub what a generator was worth to your centre in a study, signed by your centre.

    What would be sent is shown first: the difference in AUROC to the best control with its
    interval, the verdict of the study's report, and your test patients as a band. With --send
    everybody on the hub can read it; a later one takes its place.

    Examples:
      genshare receipt masses --arm "centre-b"

      genshare receipt masses --arm "centre-b" --fraction 0.5 --send
    """
    result = read_report(folder / RESULT).result
    hub = connect(hub_url, token, allow_unencrypted=allow_unencrypted)
    proposed = propose(hub, result, Place(arm, classifier, fraction))
    made = proposed.receipt
    sys.stdout.write(made.model_dump_json(indent=2) + "\n" if json else _told(made))
    if send:
        send_receipt(hub, read_key(key_file(signing_key)), proposed)
    said = f"Sent to {hub.url}." if send else "Nothing was sent; --send signs and sends it."
    sys.stderr.write(said + "\n")


def _told(made: UtilityReceipt) -> str:
    lines = {
        "Generator": f"{made.donor}/{made.name} version {made.version}, {made.subject}",
        "Receiver": made.receiver,
        "Compared": f"{made.arm} with {made.control}, the best control",
        "Measured": told_receipt(made),
        "Patients": f"{made.patients}, {counted(made.seeds, 'seed')}",
        "Column": f"classifier {made.classifier}, train fraction {made.train_fraction:g}",
        "Study": made.study,
        "Day": f"{made.day}, genshare {made.genshare_version}",
    }
    width = max(map(len, lines)) + 1
    return "".join(f"{name + ':':<{width}} {shown(text)}\n" for name, text in lines.items())
