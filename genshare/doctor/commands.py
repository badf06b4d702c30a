"""`genshare doctor`: what is amiss on this machine, and what to do about it."""

import sys
from collections.abc import Iterator
from json import dumps
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from genshare.doctor.libraries import look_at_libraries, look_at_python
from genshare.doctor.machine import look_at_engine
from genshare.doctor.services import HUB, NODE, look_at_service
from shared.command_options import Json
from shared.findings import Finding
from shared.hub_options import AllowUnencrypted
from shared.machine import look_at_folder, look_at_memory
from shared.version import genshare_version

app = typer.Typer(add_completion=False)
COLOURS = {"fine": "green", "notice": "yellow", "broken": "red", "not looked at": "dim"}


@app.command()
def doctor(
    data_dir: Annotated[
        Path,
        typer.Option(metavar="FOLDER", help="Where genshare is to write: a service's data, --out."),
    ] = Path(),
    mammograms_dir: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="The centre's mammograms.", show_default=False),
    ] = None,
    hub_url: Annotated[
        str | None,
        typer.Option(
            envvar="GENSHARE_HUB_URL", metavar="URL", help="The hub's address.", show_default=False
        ),
    ] = None,
    hub_token: Annotated[
        str | None,
        typer.Option(
            envvar="GENSHARE_HUB_TOKEN",
            metavar="TOKEN",
            help="Your centre's token at the hub.",
            show_default=False,
        ),
    ] = None,
    node_url: Annotated[
        str | None,
        typer.Option(
            envvar="GENSHARE_NODE_URL", metavar="URL", help="A node's address.", show_default=False
        ),
    ] = None,
    node_token: Annotated[
        str | None,
        typer.Option(
            envvar="NODE_TOKEN", metavar="TOKEN", help="That node's token.", show_default=False
        ),
    ] = None,
    allow_unencrypted: AllowUnencrypted = False,
    json: Json = False,
) -> None:
    """Look at this machine and at the services it is to reach; say what is amiss and what to do.

    Nothing is changed. The exit code is 1 where something is broken, else 0.

    Examples:
      genshare doctor

      genshare doctor --data-dir /srv/node --mammograms-dir /data/mammograms
      --hub-url https://hub.example.org --node-url http://127.0.0.1:8001
    """
    findings = []
    hub, node = (hub_url, hub_token), (node_url, node_token)
    for finding in _look(data_dir, mammograms_dir, hub, node, allow_unencrypted=allow_unencrypted):
        findings.append(finding)
        if not json:
            _tell(finding)
    amiss = sum(finding.state == "broken" for finding in findings)
    if json:
        document = {
            "genshare": genshare_version(),
            "broken": amiss,
            "findings": [finding.model_dump() for finding in findings],
        }
        sys.stdout.write(dumps(document, indent=2) + "\n")
    else:
        sys.stdout.write(_summary(amiss) + "\n")
    raise typer.Exit(1 if amiss else 0)


def _look(
    data_dir: Path,
    mammograms_dir: Path | None,
    hub: tuple[str | None, str | None],
    node: tuple[str | None, str | None],
    *,
    allow_unencrypted: bool,
) -> Iterator[Finding]:
    yield from look_at_python()
    yield from look_at_libraries()
    yield from look_at_memory()
    yield from look_at_folder(data_dir, what="data folder", written=True)
    if mammograms_dir is not None:
        yield from look_at_folder(mammograms_dir, what="mammograms", written=False)
    yield from look_at_engine()
    yield from look_at_service(HUB, *hub, allow_unencrypted=allow_unencrypted)
    yield from look_at_service(NODE, *node, allow_unencrypted=allow_unencrypted)


def _tell(finding: Finding) -> None:
    console = Console(highlight=False, soft_wrap=True)
    line = Text(f"{finding.state:13} ", style=COLOURS[finding.state])
    line.append(f"{finding.thing}: {finding.found}", style="default")
    console.print(line)
    if finding.remedy:
        console.print(Text(f"{'':14}-> {finding.remedy}"))


def _summary(amiss: int) -> str:
    if not amiss:
        return "Nothing is broken."
    return f"{amiss} {'thing is' if amiss == 1 else 'things are'} broken; see the arrows above."
