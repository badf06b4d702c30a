"""`genshare train-generator`: a generator from a folder of mammograms, without a node."""

import sys
from collections.abc import Iterator, Mapping
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import Field
from rich.console import Console

from centre_node.generators.board import check_tensorboard
from centre_node.mammography.command_options import Mammograms, Patches
from centre_node.process import Threads, prepare_for_real_patches
from centre_node.training.folder import PICTURES, phantoms_start
from centre_node.training.in_folder import TrainingInFolder
from centre_node.training.plan import TrainingPlan, training_plan
from node_api.generator_training import GeneratorTraining
from node_api.results import TrainedGenerator
from shared.architectures import DcganArchitecture
from shared.command_options import Json, Options, with_options
from shared.counts import counted
from shared.files import full_disk_named
from shared.interruption import interruptible

app = typer.Typer(no_args_is_help=True, add_completion=False)

PANEL = "The generator and its training"
ArchitectureOptions = Annotated[
    dict[str, Any],
    Options(
        DcganArchitecture,
        panel=PANEL,
        only=("image_size", "width"),
        names={"image_size": "size"},
        defaults={"width": None},
    ),
]
TrainingOptions = Annotated[
    dict[str, Any],
    Options(
        GeneratorTraining,
        panel=PANEL,
        only=("recipe", "loss", "epochs", "batch_size", "seed"),
        defaults={"epochs": None, "batch_size": None},
    ),
]
HoldOutOptions = Annotated[
    dict[str, Any],
    Options(TrainingPlan, panel="Patients that are held out for an audit", only=("hold_out",)),
]


@app.command("train-generator")
@with_options
def train_generator(
    mammograms: Mammograms,
    patches: Patches,
    architecture: ArchitectureOptions,
    training: TrainingOptions,
    held_out: HoldOutOptions,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="The folder to make, or to go on with.")
    ],
    training_file: Annotated[
        Path | None,
        typer.Option(
            "--training",
            metavar="FILE",
            help="A TOML file with the tables architecture, training and hold_out, each with any "
            "field that a scenario's generators have there. Options outweigh it.",
            rich_help_panel=PANEL,
        ),
    ] = None,
    tensorboard: Annotated[
        bool,
        typer.Option(
            "--tensorboard", metavar="", help="Also write for TensorBoard, in tensorboard/."
        ),
    ] = False,
    start_from: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="A training on phantoms with the same architecture, whose networks this one "
            "starts from; it costs no privacy. For --recipe private one with --loss wgan-gp.",
            rich_help_panel=PANEL,
        ),
    ] = None,
    epsilon: Annotated[
        float | None,
        Field(
            gt=0,
            description="What a patient may be exposed at most; with --recipe private.",
        ),
    ] = None,
    threads: Threads = 1,
    json: Json = False,
) -> None:
    """Train a generator on a folder's lesions and measure how close its samples come.

    Leaves weights.safetensors, losses.csv, samples/, pictures/, trained.json (what a card may
    tell, with fidelity) and what a training resumes from. pictures/ and patches/ hold real
    patches: only what genshare publish makes of the folder is for others.

    Width, epochs and batch size are by default those that suit the loss. With --recipe private
    patients are protected by differential privacy: no fidelity is measured then, and an
    interrupted training loses the epochs since its last checkpoint, because they are spent.

    Interrupted, the same command goes on where it stopped. Exit codes: 0 done, 1 failed, 2 wrong
    usage, 130 interrupted, 143 terminated.

    Examples:
      genshare train-generator /data/INbreast --kinds mass --margin-mm 4.2 --tissue breast_mask
      --size 64 --width 16 --epochs 200 --out trained

      genshare train-generator /data/bcdr --training generator.toml --threads 8 --out trained

      genshare train-generator --phantoms digital --size 32 --width 8 --epochs 100 --out tried
      --tensorboard

      genshare train-generator /data/bcdr --recipe private --epsilon 10 --size 32 --width 4
      --out private
    """
    if epsilon is not None:
        training = {**training, "privacy": {"epsilon": epsilon}}
    plan = training_plan(
        mammograms.kinds,
        patches,
        file=training_file,
        architecture=architecture,
        training=training,
        hold_out=held_out.get("hold_out", {}),
    )
    if tensorboard:
        check_tensorboard()  # before hours of cutting patches
    prepare_for_real_patches(threads)
    start = None if start_from is None else phantoms_start(start_from)
    wanted = TrainingInFolder(mammograms, plan, out, threads, tensorboard, start)
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    with interruptible(), full_disk_named(out):
        trained, skipped = wanted.run(console)
    sys.stdout.write(_as_json(out, trained, skipped) if json else _as_lines(out, trained, skipped))


def _as_json(out: Path, trained: TrainedGenerator, skipped: Mapping[str, int]) -> str:
    document = {"folder": str(out), **trained.model_dump(mode="json"), "skipped": skipped}
    return dumps(document) + "\n"


def _as_lines(out: Path, trained: TrainedGenerator, skipped: Mapping[str, int]) -> str:
    return "".join(f"{line}\n" for line in _summary(out, trained, skipped))


def _summary(out: Path, trained: TrainedGenerator, skipped: Mapping[str, int]) -> Iterator[str]:
    for reason, times in sorted(skipped.items()):
        yield f"noted {counted(times, 'time')}: {reason}"
    training = trained.training
    yield (
        f"{out}: {training.loss}, {counted(training.epochs, 'epoch')} on "
        f"{counted(trained.patches, 'patch', 'patches')} of {counted(trained.patients, 'patient')}"
    )
    if trained.held_out is not None:
        yield trained.held_out.statement
    if trained.privacy is not None:
        yield trained.privacy.statement
    if trained.fidelity is not None:
        yield _fidelity(trained)
    yield f"look at {out / PICTURES} and {out / 'samples'}; genshare publish {out} shares it"


def _fidelity(trained: TrainedGenerator) -> str:
    report = trained.fidelity
    assert report is not None, "asked before"
    synthetic, real = report.synthetic, report.real_real
    if synthetic.kid is None or real.kid is None:
        return f"fidelity not judged: {synthetic.reasons.get('kid', 'too few real patches')}"
    return (
        f"kernel distance to real patches {synthetic.kid:.3g}, of real ones to each other "
        f"{real.kid:.3g}; {report.mode_collapse.statement}"
    )
