"""`genshare audit`: what a trained generator tells of its patients, before it leaves."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from centre_node.device import default_device
from centre_node.process import Threads, prepare_for_real_patches
from centre_node.sharing.audit import PICTURE, FolderAudit
from centre_node.sharing.audit_table import audit_lines
from centre_node.sharing.proportions import Ensemble, Proportions, chosen_proportions
from centre_node.sharing.release import AUDIT
from centre_node.training.errors import TrainingFolderError
from centre_node.training.folder import TRAINED, read_trained
from node_api.audits import AuditReport, AuditSettings
from shared.command_options import Json, Options, with_options
from shared.files import alone_in, full_disk_named
from shared.interruption import interruptible
from shared.progress import shown

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
@with_options
def audit(
    training: Annotated[
        Path, typer.Argument(metavar="TRAINED", help="What genshare train-generator left.")
    ],
    settings: Annotated[AuditSettings, Options(panel="The audit", without=("positive_control",))],
    positive_control: Annotated[
        bool,
        typer.Option(
            "--positive-control",
            metavar="",
            help="Also plant some patients' patches among the samples, and tell whether the audit "
            "finds them.",
        ),
    ] = False,
    ensemble: Ensemble = False,
    proportions: Proportions = None,
    threads: Threads = 1,
    json: Json = False,
) -> None:
    """Attack a trained generator as somebody would who has its weights.

    Compares the patients that it was trained on with those that the training held out. Give the
    weight files that you will publish: what was audited is what may leave. Writes audit/audit.json
    and audit/most-exposed.png into the training's folder; they stay in the centre. Interrupted,
    the same command goes on where it stopped.

    Examples:
      genshare audit trained --threads 2

      genshare audit trained --ensemble --samples 50000 --positive-control --json
    """
    proportions_given = chosen_proportions(proportions, ensemble=ensemble)
    trained = read_trained(training)
    if trained is None:
        raise TrainingFolderError(f"{training} holds no {TRAINED} of a finished training")
    prepare_for_real_patches(threads)
    settings = settings.model_copy(update={"positive_control": positive_control})
    wanted = FolderAudit(training, trained, settings, ensemble, proportions_given)
    with interruptible(), full_disk_named(training), alone_in(training), shown() as on_progress:
        report = wanted.run(default_device(), on_progress)
    sys.stdout.write(_as_json(report) if json else _as_lines(report, training))


def _as_json(report: AuditReport) -> str:
    return report.model_dump_json(indent=2) + "\n"


def _as_lines(report: AuditReport, training: Path) -> str:
    written = f"{training / AUDIT} and {training / PICTURE} stay in the centre"
    return "".join(f"{line}\n" for line in (*audit_lines(report), written))
