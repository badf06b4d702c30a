"""Trains a generator on a data set's lesions and measures it: all that a card needs to know."""

from collections.abc import Mapping
from pathlib import Path

import torch

from centre_node.fidelity.measuring import measured_fidelity
from centre_node.fidelity.over_epochs import fidelity_curves, fidelity_over_epochs
from centre_node.generators.epoch_samples import kept_samples
from centre_node.generators.progress import TrainingProgress
from centre_node.generators.training import train_generator
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.pictures import contact_sheet, write_encoded_png, write_png
from centre_node.training.plan import TrainingPlan
from node_api.results import TrainedGenerator
from shared.progress import OnProgress, Progress
from shared.version import genshare_version

PICTURED = 64
OVER_EPOCHS_JSON, OVER_EPOCHS_PNG = "fidelity-over-epochs.json", "fidelity-over-epochs.png"


def train_on_lesions(
    reading: Reading,
    plan: TrainingPlan,
    *,
    store_folder: Path,
    folder: Path,
    pictures: Path,
    device: torch.device,
    on_progress: OnProgress,
    tensorboard: bool = False,
) -> tuple[TrainedGenerator, Mapping[str, int]]:
    """Cut lesion patches, train a generator on them and measure its fidelity.

    Interrupted, the same call goes on: with the images that are not cut yet, then from the
    training's last checkpoint.

    Args:
        store_folder: Where the patches are kept; they never leave.
        folder: The training's own, see `train_generator`; weights.safetensors is in it afterwards.
        pictures: Where real and synthetic patches are shown.
        on_progress: What it raises stops the training.
        tensorboard: Whether the training also writes for TensorBoard, in `folder`.

    Returns:
        What a card may tell, and what was skipped while cutting, by reason.
    """
    cutting = PatchCutting(plan.patches, plan.lesion_kinds, on_progress=on_progress)
    store = cutting.cut_into(store_folder, reading.mammograms, healthy=0)
    patches = store.crops(range(len(store.records)), size=plan.architecture.image_size)
    write_png(pictures / "real-patches.png", contact_sheet(patches[:PICTURED], columns=8))

    def on_epoch(progress: TrainingProgress) -> None:
        on_progress(
            Progress(
                done=progress.epoch,
                total=progress.epochs,
                unit="epochs",
                message=progress.message,
                warning=progress.warning,
                rate=progress.patches_per_second / len(patches),
                seconds_left=progress.seconds_left,
            )
        )

    weights = train_generator(
        patches,
        architecture=plan.architecture,
        training=plan.training,
        folder=folder,
        device=device,
        on_progress=on_epoch,
        tensorboard=tensorboard,
    )

    def on_measuring(message: str) -> None:
        epochs = plan.training.epochs
        on_progress(Progress(done=epochs, total=epochs, unit="epochs", message=message))

    on_measuring("measuring fidelity")
    patients = [record.patient_id for record in store.records]
    fidelity = measured_fidelity(
        weights,
        plan.architecture,
        patches,
        patients=patients,
        seed=plan.training.seed,
        device=device,
    )
    for name, png in fidelity.pictures.items():
        write_encoded_png(pictures / name, png)
    over_epochs = fidelity_over_epochs(
        kept_samples(folder),
        fidelity.real,
        patients=patients,
        seed=plan.training.seed,
        device=device,
        on_epoch=lambda epoch: on_measuring(f"measuring the fidelity of epoch {epoch}"),
    )
    if over_epochs is not None:
        (pictures / OVER_EPOCHS_JSON).write_text(over_epochs.model_dump_json(indent=2) + "\n")
        write_encoded_png(pictures / OVER_EPOCHS_PNG, fidelity_curves(over_epochs))
    spacings = {m.pixel_spacing_mm for m in reading.mammograms}
    trained = TrainedGenerator(
        data_set=reading.name,
        lesion_kinds=plan.lesion_kinds,
        patients=len(set(patients)),
        patches=len(patches),
        pixel_spacing_mm=spacings.pop() if len(spacings) == 1 else None,
        architecture=plan.architecture,
        training=plan.training,
        genshare_version=genshare_version(),
        fidelity=fidelity.report,
    )
    return trained, store.skipped
