"""`genshare study`: run a study without a node, and look at what studies left."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from centre_node.log_rules import keep_headers_out
from centre_node.process import Threads
from centre_node.study.command_parts import EngineChoice
from centre_node.study.foretell_command import foretell
from centre_node.study.from_file import (
    CACHE,
    plan_study_file,
    run_study_file,
    write_report,
)
from centre_node.study.lineage import RESULT, Use, read_report, uses_of
from centre_node.study.paper.checks import paper_checks
from centre_node.study.paper.printing import print_paper_tables
from centre_node.study.splits import differences_over_splits
from centre_node.withdrawn import WithdrawnToo
from node_api.findings import StudyResult
from node_api.plans import StudyPlan
from shared.command_options import Json, Options, with_options
from shared.counts import counted
from shared.durations import duration
from shared.progress import StandardError, shown
from shared.verbosity import verbosity
from study_report.presented import Presented
from study_report.sentences import pooled_sentence
from study_report.verdicts import verdict_sentences
from study_report.writing import PAGE

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
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GENERATOR",
            help="Leave out a generator, such as one that was withdrawn: its name in the file, or "
            "its digest. Once for each.",
        ),
    ] = None,
    withdrawn_too: WithdrawnToo = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", metavar="", help="Say what would be done; write nothing."),
    ] = False,
    json: Json = False,
) -> None:
    """Run a study on a folder of mammograms and fetched generators.

    Interrupted, the same command goes on where it stopped; arms and seeds that are added later
    reuse every run that is there. So does the same study without a generator; to keep the report
    that was made with it, name another folder.

    Examples:
      genshare study run masses.toml --out masses

      genshare study run masses.toml --out masses --without centre-b-masses

      genshare study run masses.toml --out masses --engine ray --address ray://head:10001
    """
    if dry_run:
        plan = plan_study_file(
            study_file,
            out,
            workers=engine.workers,
            without=without or (),
            withdrawn_too=withdrawn_too,
        )
        _print_plan(plan, json=json)
        return
    chosen = engine.made()
    with shown() as on_progress:
        report = run_study_file(
            study_file,
            out,
            engine=chosen,
            threads=threads,
            on_progress=on_progress,
            on_earlier=_tell_earlier,
            without=without or (),
            withdrawn_too=withdrawn_too,
        )
    result = report.result
    _print_failed(result)
    told = "".join(
        f"{line}\n"
        for line in (
            *verdict_sentences(Presented(report.configuration, result)),
            f"Report: {out / PAGE}",
        )
    )
    sys.stdout.write(result.model_dump_json(indent=2) + "\n" if json else told)


def _tell_earlier(told: str) -> None:
    if verbosity() != "quiet":
        StandardError().print(told, markup=False)


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
    sys.stdout.write(f"Report: {write_report(folder, read_report(folder / RESULT))}\n")


@app.command()
def uses(
    digest: Annotated[
        str,
        typer.Argument(
            metavar="DIGEST",
            help="The manifest digest of a generator, as genshare fetch --json prints it, or its "
            "first 8 digits; or `withdrawn`: all that were withdrawn, as their folders say.",
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
    """List the studies whose results depend on a generator, and say if it was withdrawn.

    That it was is known of generators in FOLDER, such as a node's, which marks them, or those that
    genshare refresh has asked the hub about.

    Examples:
      genshare study uses 3f1c9a02 genshare-results

      genshare study uses withdrawn /srv/node --json
    """
    found = list(uses_of(digest, folder))
    if json:
        lines = ",\n".join(use.model_dump_json() for use in found)
        sys.stdout.write(f"[{lines}]\n")
        return
    for use in found:
        sys.stdout.write(
            f"{use.result}: {use.centre}/{use.name} ({use.manifest_digest[:12]}), "
            f"{counted(use.patches, 'patch', 'patches')} in {counted(use.runs, 'run')} "
            f"of the arms {', '.join(use.arms)}{_tainted(use)}\n"
        )
    if not found:
        sys.stdout.write(f"no study in {folder} used a generator {digest}\n")


@app.command()
def pool(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDERS", help="Folders that genshare study run made, one for each split."
        ),
    ],
    json: Json = False,
) -> None:
    """Say what studies that differ in their split_seed alone show together.

    Each difference is the mean over splits. Patients who are tested in several splits count once,
    and verdicts are protected as those of one study are.

    Example:
      genshare study pool masses-0 masses-1 masses-2
    """
    found = differences_over_splits(folders, cache=CACHE)
    if json:
        lines = ",\n".join(one.model_dump_json() for one in found)
        sys.stdout.write(f"[{lines}]\n")
        return
    for one in found:
        sys.stdout.write(pooled_sentence(one) + "\n")


app.command()(foretell)


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


def _tainted(use: Use) -> str:
    if use.state is None:
        return ""
    word = "; TAINTED, for it is" if use.is_tainted else "; it is"
    return f"{word} {use.state}"


def _print_plan(plan: StudyPlan, *, json: bool) -> None:
    if json:
        sys.stdout.write(plan.model_dump_json(indent=2) + "\n")
        return
    lines = [
        f"{part.name:16} {counted(part.patients, 'patient')} with {counted(part.lesions, 'lesion')}"
        for part in plan.subsets
    ]
    lines += [
        f"{'arms':16} {'; '.join(plan.arms)}",
        f"{'runs':16} {plan.runs}: {', '.join(plan.classifiers)}, {plan.length}, "
        f"{counted(len(plan.seeds), 'seed')}, {plan.workers} at once",
        f"{'time':16} about {duration(plan.seconds)} on this machine as busy as it is now",
        *(f"{'warning':16} {doubt}" for doubt in plan.doubts),
        "Nothing was written.",
    ]
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _print_failed(result: StudyResult) -> None:
    for failed in result.failed:
        sys.stderr.write(
            f"failed: {failed.classifier}, {failed.train_fraction:.0%}, {failed.arm}, "
            f"seed {failed.seed}: {failed.problem}\n"
        )
