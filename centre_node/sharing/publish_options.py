"""The options of `genshare publish`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import Field

from centre_node.ledger.store import LEDGER
from centre_node.sharing.release import AUDIT
from node_api.requests import MOST_SAMPLES
from shared.command_options import Options
from shared.terms import CentreTerms, UseLimits

RELEASE = "Whether it may leave"

UseGiven = Annotated[
    UseLimits,
    Options(
        panel="Limits of use",
        names={"centres": "for-centres", "purpose": "for-purpose", "until": "use-until"},
    ),
]
TermsGiven = Annotated[dict[str, Any], Options(CentreTerms, panel="Name and terms")]
Folder = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER",
        help="What genshare train-generator left, or a package such as import-medigan's.",
    ),
]
SamplesGiven = Annotated[
    int,
    Field(ge=0, le=MOST_SAMPLES, description="Synthetic patches to show on the hub's page."),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", metavar="", help="Check and build the package; send nothing."),
]
AsDraft = Annotated[
    bool,
    typer.Option(
        "--draft",
        metavar="",
        help="Send it as a draft, which nobody else sees until genshare state --to "
        "pending_review hands it in.",
    ),
]
PolicyGiven = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="What a generator must show before it leaves, in TOML; without it no audit is "
        "asked for, but one that refuses is obeyed.",
        rich_help_panel=RELEASE,
    ),
]
LedgerGiven = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help=f"Where it is written down what was published of whom. Default: {LEDGER} beside "
        "FOLDER.",
        rich_help_panel=RELEASE,
    ),
]
AuditGiven = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help=f"The audit of the weights. Default: {AUDIT} in FOLDER, if it is there.",
        rich_help_panel=RELEASE,
    ),
]
PageGiven = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Where the page for the data protection officer is written, as privacy.html and "
        "privacy.json. Default: FOLDER of a training; none of a package.",
        rich_help_panel=RELEASE,
    ),
]
WaiverReason = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="Why it may leave although the policy says no; needs the key of a second person.",
        rich_help_panel=RELEASE,
    ),
]
WaiverKey = Annotated[
    str | None,
    typer.Option(
        envvar="GENSHARE_WAIVER_KEY",
        metavar="KEY",
        help="That person's key, as genshare waiver-key printed it.",
        show_default=False,
        rich_help_panel=RELEASE,
    ),
]
