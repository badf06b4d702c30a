"""`genshare simulate`: a whole federation, from a scenario file to a report."""

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperCommand

from shared.durations import duration
from shared.hub_options import AllowUnencrypted
from shared.interruption import interruptible
from simulation.driver import run_scenario
from simulation.dry_run import check_start
from simulation.federation import Federation, attached, started
from simulation.finished import FinishedSimulation
from simulation.options import data_folders, labelled, node_urls
from simulation.pictures import FetchedPicture, fetch_pictures
from simulation.plan import plan_json, print_plan
from simulation.progress import shown
from simulation.report.compose import compose_report
from simulation.report.machine import this_machine
from simulation.report.records import Report
from simulation.report.tables import terminal_tables
from simulation.report.writing import write_report
from simulation.results_folder import REPORT, claim, disk_faults
from simulation.scenario import Scenario, scenario_digest
from simulation.scenario_file import read_scenario, shipped_titles
from simulation.silence import Say
from study_report.verdicts import verdict_sentences

LOG_WIDTH = 120
TABLE_NOTE = (
    "Patches: real + synthetic ones trained on. Measures: mean (standard deviation) over seeds; "
    "the positive class is lesion, or malignant where that is told from benign."
)

app = typer.Typer(add_completion=False)


class _WithScenarios(TyperCommand):
    """A command whose help ends with the scenarios that come with genshare."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Read the scenarios, which only the help needs, and write the help."""
        listed = (f"{name}: {title}" for name, title in shipped_titles().items())
        self.epilog = "\n\n".join(["Scenarios that come with genshare:", *listed])
        super().format_help(ctx, formatter)


@app.command(cls=_WithScenarios)
def simulate(
    scenario: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO",
            help="One of the scenarios that are listed below, or the path of a TOML file.",
        ),
    ] = "quick",
    out: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="Gets the report, the logs and what every service keeps."
        ),
    ] = Path("genshare-results"),
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="A=FOLDER,B=FOLDER", help="Where the mammograms of each centre lie."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", metavar="", help="Print the plan; start and write nothing.")
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", metavar="", help="Print report.json; progress goes to standard error."
        ),
    ] = False,
    hub_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Use this hub and the nodes of --node; start no service."),
    ] = None,
    node: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A=URL,B=URL", help="With --hub-url: where the node of each centre answers."
        ),
    ] = None,
    hub_admin_token: Annotated[
        str | None,
        typer.Option(
            envvar="GENSHARE_HUB_ADMIN_TOKEN",
            metavar="TOKEN",
            help="With --hub-url: the token of the hub's administrator.",
            show_envvar=True,
        ),
    ] = None,
    node_token: Annotated[
        str | None,
        typer.Option(
            envvar="GENSHARE_NODE_TOKEN",
            metavar="TOKEN",
            help="With --node: the token that every node wants.",
            show_envvar=True,
        ),
    ] = None,
    allow_unencrypted: AllowUnencrypted = False,
) -> None:
    """Run a whole federation: train, publish, pull, sample, classify, report.

    Started again with the same command, it resumes and redoes nothing finished.

    Examples:
      genshare simulate

      genshare simulate real --data A=cbis_ddsm,B=cbis_ddsm,C=cdd_cesm --out real-results

      genshare simulate my-scenario.toml --dry-run

      genshare simulate --hub-url https://hub.example.org --node A=https://a:8001,B=https://b:8001

    Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 143 terminated.
    """
    console = _console(as_json=as_json)
    wanted = read_scenario(scenario)
    _check_together(hub_url, data=data, node=node)
    own_folders = labelled(data or (), "--data")
    only_looks = dry_run and not own_folders
    folders = data_folders(wanted, own_folders, required=hub_url is None and not only_looks)
    if dry_run:
        check_start(wanted, folders, out)
        _show_plan(wanted, folders, console, as_json=as_json)
        return
    say = partial(console.print, markup=False)
    federation = (
        started(wanted, root=out.resolve(), folders=folders, say=say)
        if hub_url is None
        else _attached(
            wanted,
            hub_url,
            labelled(node or (), "--node"),
            hub_admin_token,
            node_token,
            allow_unencrypted=allow_unencrypted,
            say=say,
        )
    )
    with interruptible(), disk_faults(out):
        report, page = _run(wanted, federation, folders, out, console)
    _show(report, page, console, as_json=as_json)


def _check_together(
    hub_url: str | None, *, data: Sequence[str] | None, node: Sequence[str] | None
) -> None:
    if hub_url is not None and data:
        raise typer.BadParameter("--data is for nodes started here; those of --node have their own")
    if hub_url is None and node:
        raise typer.BadParameter("--node needs --hub-url")


def _run(
    scenario: Scenario,
    federation: AbstractContextManager[Federation],
    folders: Mapping[str, str],
    out: Path,
    console: Console,
) -> tuple[Report, Path]:
    """Run the scenario and write its report; return it and its page."""
    begun = time.monotonic()
    with claim(out, scenario, folders) as digest:
        console.print(f"[bold]{escape(scenario.title)}[/]")
        finished, pictures = _drive(scenario, federation, digest, console)
        report = compose_report(
            scenario,
            finished,
            pictures,
            folders=folders,
            digest=digest,
            machine=this_machine(),
            written_at=datetime.now(UTC),
            seconds=time.monotonic() - begun,
        )
        return report, write_report(out / REPORT, report, {p.file: p.png for p in pictures})


def _console(*, as_json: bool) -> Console:
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    return console


def _show_plan(
    scenario: Scenario, folders: Mapping[str, str], console: Console, *, as_json: bool
) -> None:
    digest = scenario_digest(scenario, folders)
    if as_json:
        sys.stdout.write(plan_json(scenario, folders, digest=digest) + "\n")
    else:
        print_plan(scenario, folders, digest=digest, console=console)


def _attached(
    scenario: Scenario,
    hub_url: str,
    nodes: Mapping[str, str],
    hub_admin_token: str | None,
    node_token: str | None,
    *,
    allow_unencrypted: bool,
    say: Say,
) -> AbstractContextManager[Federation]:
    if hub_admin_token is None:
        raise typer.BadParameter("--hub-url needs --hub-admin-token, to enrol the centres")
    return nullcontext(
        attached(
            scenario,
            hub_url=hub_url,
            node_urls=node_urls(scenario, nodes),
            hub_admin_token=hub_admin_token,
            node_token=node_token,
            allow_unencrypted=allow_unencrypted,
            say=say,
        )
    )


def _drive(
    scenario: Scenario,
    federation: AbstractContextManager[Federation],
    digest: str,
    console: Console,
) -> tuple[FinishedSimulation, tuple[FetchedPicture, ...]]:
    with federation as services:
        with shown(console) as on_job:
            finished = run_scenario(scenario, services, digest=digest, on_job=on_job)
        return finished, fetch_pictures(scenario, services, finished)


def _show(report: Report, page: Path, console: Console, *, as_json: bool) -> None:
    for table in terminal_tables(report):
        console.print("", table, soft_wrap=False)
    for study in report.studies:
        console.print(f"{report.names[study.centre]}: {study.shortcut.in_words()}", style="dim")
    console.print(TABLE_NOTE, style="dim")
    for study in report.studies:
        for sentence in verdict_sentences(report.presented(study)):
            console.print(f"\n{sentence}", markup=False)
    console.print(
        f"\nReport: {page.resolve()}\nThis start took {duration(report.seconds)}.", markup=False
    )
    if as_json:
        sys.stdout.write(report.model_dump_json(indent=2) + "\n")
