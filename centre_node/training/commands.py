"""`genshare train-generator`: a generator from a folder of mammograms, without a node."""

import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from json import dumps
from pathlib import Path
from typing import Annotated

import cv2
import torch
import typer
from rich.console import Console

from centre_node.device import default_device
from centre_node.generators.board import check_tensorboard
from centre_node.generators.checkpoints import RUN
from centre_node.log_rules import keep_headers_out
from centre_node.mammography.command_options import (
    EVERY_KIND,
    ChestWall,
    Folder,
    Kinds,
    Layout,
    MarginMm,
    MarginPx,
    Phantoms,
    SmallestSidePx,
    Tissue,
    Where,
    lesion_kinds,
    patch_configuration,
    reading_of,
)
from centre_node.training.folder import (
    PATCHES,
    PICTURES,
    FolderPlan,
    claimed,
    keep_trained,
    trained_in,
)
from centre_node.training.on_lesions import train_on_lesions
from centre_node.training.plan import training_plan
from node_api.losses import every_loss
from node_api.results import TrainedGenerator
from shared.files import full_disk_named
from shared.interruption import interruptible
from shared.progress import shown

app = typer.Typer(no_args_is_help=True)

HOW_TO_GO_ON = (
    "start the same command again and it goes on from what is cut, and from the last checkpoint"
)


@app.command("train-generator")
def train_generator(
    out: Annotated[Path, typer.Option(help="The folder to make, or to go on with.")],
    folder: Folder = None,
    phantoms: Phantoms = None,
    layout: Layout = "auto",
    where: Where = None,
    kinds: Kinds = EVERY_KIND,
    margin_px: MarginPx = None,
    margin_mm: MarginMm = None,
    smallest_side_px: SmallestSidePx = 128,
    tissue: Tissue = "threshold",
    chest_wall: ChestWall = "as_stored",
    recipe: Annotated[
        str | None, typer.Option(help="improved (default) or paper: what defaults depend on.")
    ] = None,
    loss: Annotated[str | None, typer.Option(help=f"{every_loss()}.")] = None,
    size: Annotated[
        int | None, typer.Option(help="Side of a patch in px: 16, 32, 64, 128 (default) or 256.")
    ] = None,
    width: Annotated[
        int | None, typer.Option(help="Channels of the generator's last hidden map.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the patches. Default: the loss's.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Patches in a step. Default: the loss's.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Default: 0.", show_default=False)] = None,
    training: Annotated[
        Path | None,
        typer.Option(
            help="TOML with the tables architecture and training, each with any field that a "
            "scenario's generators have there. Options outweigh it.",
            metavar="FILE",
        ),
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also write for TensorBoard, in tensorboard/.")
    ] = False,
    threads: Annotated[
        int, typer.Option(min=1, max=256, help="Of the CPU; a result's rounding depends on it.")
    ] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train a generator on a folder's lesions and measure how close its samples come.

    Leaves weights.safetensors, losses.csv, samples/, pictures/, trained.json (what a card may
    tell, with fidelity) and what a training resumes from. pictures/ and patches/ hold real
    patches: only what genshare publish makes of the folder is for others.

    Interrupted, the same command goes on where it stopped. Exit codes: 0 done, 1 failed, 2 wrong
    usage, 130 interrupted.

    Examples:
      genshare train-generator /data/INbreast --kinds mass --margin-mm 4.2 --tissue breast_mask
      --size 64 --width 16 --epochs 200 --out trained

      genshare train-generator /data/bcdr --training generator.toml --threads 8 --out trained

      genshare train-generator --phantoms digital --size 32 --width 8 --epochs 100 --out tried
      --tensorboard
    """
    plan = training_plan(
        lesion_kinds(kinds),
        patch_configuration(
            margin_px=margin_px,
            margin_mm=margin_mm,
            smallest_side_px=smallest_side_px,
            tissue=tissue,
            chest_wall=chest_wall,
        ),
        file=training,
        architecture={"image_size": size, "width": width},
        training={
            "recipe": recipe,
            "loss": loss,
            "epochs": epochs,
            "batch_size": batch_size,
            "seed": seed,
        },
    )
    if tensorboard:
        check_tensorboard()  # before hours of cutting patches
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    keep_headers_out()
    os.umask(0o077)  # real patches are for this user alone
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    with interruptible(console, HOW_TO_GO_ON), full_disk_named(out):
        reading = reading_of(folder, phantoms, layout, where)
        source = f"phantoms: {phantoms}" if folder is None else str(folder.resolve())
        whole_plan = FolderPlan(
            source=source, where=tuple(where or ()), threads=threads, **dict(plan)
        )
        skipped = Counter(record.reason for record in reading.skipped)
        with claimed(out, whole_plan, started=(out / RUN).exists()):
            trained = trained_in(out)
            if trained is None:
                with shown(console) as on_progress:
                    trained, not_cut = train_on_lesions(
                        reading,
                        plan,
                        store_folder=out / PATCHES,
                        folder=out,
                        pictures=out / PICTURES,
                        device=default_device(),
                        on_progress=on_progress,
                        tensorboard=tensorboard,
                    )
                skipped.update(not_cut)
                keep_trained(out, trained)
    if json:
        document = {"folder": str(out), **trained.model_dump(mode="json"), "skipped": skipped}
        sys.stdout.write(dumps(document) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in _summary(out, trained, skipped)))


def _summary(out: Path, trained: TrainedGenerator, skipped: Mapping[str, int]) -> Iterator[str]:
    for reason, times in sorted(skipped.items()):
        yield f"skipped {times}: {reason}"
    training = trained.training
    yield (
        f"{out}: {training.loss}, {training.epochs} epochs on {trained.patches} patches of "
        f"{trained.patients} patients"
    )
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
