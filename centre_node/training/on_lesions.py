"""Trains a generator on a data set's lesions and measures it: all that a card needs to know.

Five steps, and what each hands to the next: `cut` gives the patches, `hold_out` those of the
patients that are trained on, `train` the file of the weights, `measure` a report of both,
`describe` what a card may tell of it all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from centre_node.fidelity.measuring import measure_fidelity, sampled_for
from centre_node.fidelity.over_epochs import (
    FEWEST_EPOCHS,
    FidelityOverEpochs,
    fidelity_curves,
    measure_over_epochs,
)
from centre_node.generators.checkpoints import RUN, read_run
from centre_node.generators.epoch_samples import read_samples
from centre_node.generators.progress import FinishedEpoch
from centre_node.generators.spent_steps import promised
from centre_node.generators.starting import StartingNetworks
from centre_node.generators.training import train_generator
from centre_node.mammography.errors import OneClassOnlyError
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.pathology import (
    UNKNOWN,
    unknown_pathologies,
    with_known_pathology,
)
from centre_node.mammography.pictures import contact_sheet, write_encoded_png, write_png
from centre_node.training.held_out import Side, decide, side_of, told
from centre_node.training.plan import TrainingPlan
from node_api.generator_training import GeneratorTraining
from node_api.held_out import HeldOut
from node_api.results import TrainedGenerator
from shared.fidelity import FidelityReport
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
    start: StartingNetworks | None = None,
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
        start: Networks to start from; by default random ones.

    Returns:
        What a card may tell, and what was skipped while cutting, by reason.
    """
    skipped = {}
    if plan.architecture.classes:
        unknown = unknown_pathologies(reading.mammograms, plan.lesion_kinds)
        skipped = {UNKNOWN: unknown} if unknown else {}
        reading = with_known_pathology(reading, plan.lesion_kinds)
    work = _LesionTraining(reading, plan, folder, pictures, device, on_progress)
    store = work.cut(store_folder)
    lesions = work.hold_out(store)
    weights = work.train(lesions, tensorboard=tensorboard, start=start)
    fidelity = work.measure(lesions, weights)
    return work.describe(lesions, fidelity), {**store.skipped, **skipped}


@dataclass(frozen=True, slots=True)
class LesionPatches:
    """Patches of lesions that are trained on, which stay in the centre.

    Attributes:
        pixels: 8-bit, shape (n, side, side).
        patients: Whose each patch is, n of them.
        classes: Each patch's class as its number in the architecture, shape (n,); None where that
            has no classes.
        held_out: Of whom there are patches that are not trained on; None where an earlier version
            began the training.
    """

    pixels: NDArray[np.uint8]
    patients: tuple[str, ...]
    classes: NDArray[np.int64] | None
    held_out: HeldOut | None


@dataclass(frozen=True, slots=True)
class _LesionTraining:
    """The steps of `train_on_lesions`, in their order, and what all of them know."""

    reading: Reading
    plan: TrainingPlan
    folder: Path
    pictures: Path
    device: torch.device
    on_progress: OnProgress

    def cut(self, store_folder: Path) -> PatchStore:
        """Cut what is not cut yet."""
        cutting = PatchCutting(
            self.plan.patches, self.plan.lesion_kinds, on_progress=self.on_progress
        )
        return cutting.cut_into(store_folder, self.reading.mammograms, healthy=0)

    def hold_out(self, store: PatchStore) -> LesionPatches:
        """Return the patches of the patients that are trained on, and show some of them."""
        everybody = {record.patient_id for record in store.records}
        decided = decide(
            self.folder,
            store.folder,
            everybody,
            self.plan.hold_out,
            started=(self.folder / RUN).exists(),
        )
        trained_on = everybody if decided is None else decided.members
        members = side_of(store, trained_on, self.plan.architecture.output)
        held_out = None
        if decided is not None:
            held_out = told(decided, patches=len(store.records) - len(members.indices))
            here = len(everybody)
            self.on_progress(
                Progress(done=here, total=here, unit="patients", message=held_out.statement)
            )
        pixels = members.patches(self.plan.architecture.image_size)
        write_png(self.pictures / "real-patches.png", contact_sheet(pixels[:PICTURED], columns=8))
        return LesionPatches(pixels, members.patients, self._classes(members), held_out)

    def _classes(self, members: Side) -> NDArray[np.int64] | None:
        """Return each patch's class, where the generator is to know classes.

        Raises:
            OneClassOnlyError: There are no patches of one.
        """
        classes = self.plan.architecture.classes
        if not classes:
            return None
        records = [members.store.records[index] for index in members.indices]
        found = [record.pathology for record in records if record.pathology is not None]
        for pathology in classes:
            if pathology not in found:
                raise OneClassOnlyError(
                    f"the generator is to know {' and '.join(classes)}, but not one lesion of the "
                    f"kinds {', '.join(self.plan.lesion_kinds)} that it is trained on is known to "
                    f"be {pathology}"
                )
        return np.array([classes.index(pathology) for pathology in found], dtype=np.int64)

    def train(
        self, lesions: LesionPatches, *, tensorboard: bool, start: StartingNetworks | None
    ) -> Path:
        """Train, or go on with it, and return the file of the weights."""
        return train_generator(
            lesions.pixels,
            architecture=self.plan.architecture,
            training=self.plan.training,
            folder=self.folder,
            device=self.device,
            on_epoch=lambda epoch: self.on_progress(_progress(epoch, len(lesions.pixels))),
            tensorboard=tensorboard,
            classes=lesions.classes,
            patients=np.unique(lesions.patients, return_inverse=True)[1].astype(np.int64),
            start=start,
        )

    def measure(self, lesions: LesionPatches, weights: Path) -> FidelityReport | None:
        """Compare samples with the patches, those along the training too, and draw both.

        After a private training nothing is measured: figures would tell of the patients what
        their budget does not count.
        """
        if self.plan.training.privacy is not None:
            return None
        samples = read_samples(self.folder)
        on_count = self._counted(len(lesions.pixels), samples)
        measured = measure_fidelity(
            weights,
            self.plan.architecture,
            lesions.pixels,
            patients=lesions.patients,
            seed=self._trained().drawn_seed,
            device=self.device,
            on_count=on_count,
        )
        for name, png in measured.pictures.items():
            write_encoded_png(self.pictures / name, png)
        over_epochs = measure_over_epochs(
            samples,
            measured.real,
            patients=lesions.patients,
            seed=self._trained().drawn_seed,
            device=self.device,
            on_count=on_count,
        )
        self._show_epochs(over_epochs)
        return measured.report

    def _counted(
        self, patches: int, samples: Mapping[int, NDArray[np.uint8]]
    ) -> Callable[[int], None]:
        """Return what tells how many patches are measured: real ones, drawn ones, each epoch's."""
        watched = samples.values() if len(samples) >= FEWEST_EPOCHS else ()
        total, done = patches + sampled_for(patches) + sum(map(len, watched)), 0

        def count(more: int) -> None:
            nonlocal done
            done += more
            self.on_progress(
                Progress(done=done, total=total, unit="patches", message="measuring fidelity")
            )

        count(0)
        return count

    def _show_epochs(self, over_epochs: FidelityOverEpochs | None) -> None:
        if over_epochs is not None:
            json = over_epochs.model_dump_json(indent=2)
            (self.pictures / OVER_EPOCHS_JSON).write_text(json + "\n")
            write_encoded_png(self.pictures / OVER_EPOCHS_PNG, fidelity_curves(over_epochs))

    def describe(self, lesions: LesionPatches, fidelity: FidelityReport | None) -> TrainedGenerator:
        """Return all that a card may tell."""
        patients = len(set(lesions.patients))
        return TrainedGenerator(
            data_set=self.reading.name,
            lesion_kinds=self.plan.lesion_kinds,
            patients=patients,
            patches=len(lesions.pixels),
            pixel_spacing_mm=self.reading.pixel_spacing_mm,
            cutting=self.plan.patches.cutting,
            architecture=self.plan.architecture,
            training=self._trained(),
            genshare_version=genshare_version(),
            fidelity=fidelity,
            held_out=lesions.held_out,
            privacy=promised(self.folder, self.plan.training, patients),
        )

    def _trained(self) -> GeneratorTraining:
        """Return how it was trained, with the seed."""
        return self.plan.training.model_copy(
            update={"seed": read_run(self.folder).training.drawn_seed}
        )


def _progress(epoch: FinishedEpoch, patches: int) -> Progress:
    return Progress(
        done=epoch.epoch,
        total=epoch.epochs,
        unit="epochs",
        message=epoch.message,
        warning=epoch.warning,
        rate=epoch.patches_per_second / patches,
        seconds_left=epoch.seconds_left,
    )
