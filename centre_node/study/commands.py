"""`genshare study`: run a study without a node, and look at what studies left."""

import sys
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.console import Console

from centre_node.device import default_device
from centre_node.log_rules import keep_headers_out
from centre_node.process import Threads
from centre_node.study.command_parts import (
    CACHE,
    EngineChoice,
    digests_of,
    make_folder,
    open_generators,
    read_inputs,
    runs_shown,
)
from centre_node.study.lineage import RESULT, read_report, uses_of
from centre_node.study.paper.checks import paper_checks
from centre_node.study.paper.printing import print_paper_tables
from centre_node.study.runs import run_study
from centre_node.study.study_file import read_study_file
from node_api.findings import StudyResult
from shared.command_options import Json, Options, with_options
from study_report.contents import StudyReport
from study_report.writing import write_study_report

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Run studies, and look at what they left."
)

LEAST_WIDTH = 100


@app.callback()
def _study() -> None:
    keep_headers_out()


@app.command()
@with_options
def run(
    study_file: Annotated[Path, typer.Argument(metavar="FILE", help="A study file, TOML.")],
    out: Annotated[
        Path,
        typer.Option(metavar="FOLDER", help="Gets the report, and what a resumption needs."),
    ],
    engine: Annotated[EngineChoice, Options(panel="What does the runs")],
    threads: Threads = 1,
    json: Json = False,
) -> None:
    """Run a study on a folder of mammograms and fetched generators.

    Interrupted, the same command goes on where it stopped; arms and seeds that are added later
    reuse every run that is there.

    Examples:
      genshare study run masses.toml --out masses

      genshare study run masses.toml --out masses --engine ray --address ray://head:10001
    """
    file = read_study_file(study_file)
    chosen = engine.made()
    make_folder(out)
    packages = open_generators(file)
    configuration = file.configuration(digests_of(packages))
    inputs = read_inputs(file, packages, out)
    cv2.setNumThreads(1)
    with runs_shown() as on_progress:
        result = run_study(
            configuration,
            inputs,
            folder=out,
            cache=out / CACHE,
            device=default_device(),
            threads=threads,
            engine=chosen,
            on_progress=on_progress,
        )
    page = _write_report(out, StudyReport(configuration=configuration, result=result))
    _print_failed(result)
    sys.stdout.write(result.model_dump_json(indent=2) + "\n" if json else f"Report: {page}\n")


@app.command()
def report(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A folder that genshare study run made.")
    ],
) -> None:
    """Write a study's report again from its result.

    Example:
      genshare study report masses
    """
    sys.stdout.write(f"Report: {_write_report(folder, read_report(folder / RESULT))}\n")


@app.command()
def uses(
    digest: Annotated[
        str,
        typer.Argument(
            metavar="DIGEST",
            help="The manifest digest of a generator, as genshare fetch --json prints it, or its "
            "first 8 digits.",
        ),
    ],
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="Where results lie: of studies, simulations or a node."
        ),
    ] = Path(),
    json: Json = False,
) -> None:
    """List the studies whose results depend on a generator.

    Examples:
      genshare study uses 3f1c9a02 genshare-results

      genshare study uses 3f1c9a02 /srv/node --json
    """
    found = list(uses_of(digest, folder))
    if json:
        lines = ",\n".join(use.model_dump_json() for use in found)
        sys.stdout.write(f"[{lines}]\n")
        return
    for use in found:
        sys.stdout.write(
            f"{use.result}: {use.centre}/{use.name} ({use.manifest_digest[:12]}), "
            f"{use.patches} patches in {use.runs} runs of the arms {', '.join(use.arms)}\n"
        )
    if not found:
        sys.stdout.write(f"no study in {folder} used a generator {digest}\n")


@app.command("paper-tables")
def paper_tables(json: Json = False) -> None:
    """Print the paper's Tables 1 and 2, and which of their cells fit each other.

    Examples:
      genshare study paper-tables

      genshare study paper-tables --json
    """
    if json:
        sys.stdout.write(paper_checks().model_dump_json(indent=2) + "\n")
    else:
        console = Console(highlight=False)
        console.width = max(console.width, LEAST_WIDTH)
        print_paper_tables(console)


def _print_failed(result: StudyResult) -> None:
    for failed in result.failed:
        sys.stderr.write(
            f"failed: {failed.classifier}, {failed.train_fraction:.0%}, {failed.arm}, "
            f"seed {failed.seed}: {failed.problem}\n"
        )


def _write_report(folder: Path, report: StudyReport) -> Path:
    pictures = {path.name: path.read_bytes() for path in folder.glob("*.png")}
    return write_study_report(folder, report, pictures)
