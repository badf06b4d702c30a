"""Is a flow-matching model the better donor for the same processor minutes? And how long it draws.

    python benchmarks/flow_matching.py DATA --where official_split=train --kinds mass \
        --margin-px 14 --smallest-side-px 32 --tissue breast_mask --size 64 \
        --seconds 600 --seed 1 --out flow

Cuts the patches that `genshare train-generator` would, holds out patients as it does, trains a
small rectified flow (`flow_model`) on one thread for so many seconds of processor time, and samples
from it. Beside it a DCGAN of that size is trained for an epoch or two, to say how many of its
epochs take as long and how fast it draws: train that many with `genshare train-generator`.

What is drawn is judged as a generator's patches are, by use. `flow/donor` is a folder of images
with a table of boxes that a study reads as a real donor's: an image for each sample, of a patient
of its own. The study must have the same margin_px, smallest_side_px and image_size; its cutting
then returns each sample as it was drawn, which is checked before the command ends.

    donors.flow = { format = "table", folder = "flow/donor" }
    arms = [{ name = "none" }, { name = "flow", real_donors = ["flow"] }]

`samples.png` shows 64 samples. The steps taken depend on the processor, so the same seed gives the
same samples only where as many steps were taken. With --by-pathology the flow is told benign from
malignant, draws them by turns and writes down which is which.
"""

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, get_args

import numpy as np
import torch
import typer
from flow_model import Flow, PatchSpectrum, Solver, VelocityNetwork
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from centre_node.averages import MovingAverage
from centre_node.device import chosen_precision
from centre_node.generators.draws import real_batch
from centre_node.generators.sampling import sample_patches
from centre_node.generators.training import train_generator
from centre_node.mammography.boxes import Box
from centre_node.mammography.command_options import Mammograms, Patches
from centre_node.mammography.datasets import read_folder
from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.pathology import with_known_pathology
from centre_node.mammography.phantoms.writers.table import write_table
from centre_node.mammography.pictures import contact_sheet, write_png
from centre_node.process import prepare_for_real_patches
from centre_node.training.commands import HoldOutOptions
from centre_node.training.held_out import Side, decide, side_of, told
from node_api.generator_training import GeneratorTraining
from node_api.held_out import HoldOut
from node_api.patches import PatchConfiguration
from shared.architectures import DcganArchitecture, ImageSize
from shared.command_options import Options, with_options
from shared.models import LARGEST_SEED, StrictModel
from shared.names import LesionKind, Pathology

AVERAGE_HALF_LIFE_IMAGES = 5_000
WARM_UP = 0.05
BETAS, WEIGHT_DECAY, LARGEST_GRADIENT = (0.9, 0.99), 0.01, 1.0
SAMPLES_AT_ONCE, SAMPLING_SEED = 64, 7
DCGAN_EPOCHS = 3
PICTURED = 64
BY_TURNS: tuple[Pathology, ...] = get_args(Pathology)

CPU = torch.device("cpu")

Pixels = NDArray[np.uint8]
Batch = tuple[Tensor, Tensor | None]


class FlowTraining(StrictModel):
    """The flow's network and its training: AdamW, warm-up, cosine, an average of the weights."""

    seconds: float = Field(600, gt=0, description="Of processor time to train for.")
    flow_width: int = Field(48, ge=16, multiple_of=16, description="Channels of the largest map.")
    batch_size: int = Field(32, ge=1, description="Patches in a step.")
    learning_rate: float = Field(1e-3, gt=0, description="At the end of the warm-up.")
    seed: int = Field(1, ge=0, le=LARGEST_SEED, description="Of the training, and of the coins.")


class FlowSampling(StrictModel):
    """How the flow is sampled from."""

    samples: int = Field(2000, ge=1, description="Patches to draw.")
    sampling_steps: int = Field(20, ge=1, description="Equal steps from noise to a patch.")
    solver: Solver = Field("euler", description="heun asks the network twice a step.")


@with_options
def main(
    mammograms: Mammograms,
    patches: Patches,
    flow: Annotated[FlowTraining, Options(panel="The flow and its training")],
    sampling: Annotated[FlowSampling, Options(panel="Sampling")],
    held_out: HoldOutOptions,
    out: Annotated[Path, typer.Option(help="The folder to make.")],
    size: ImageSize = 64,
    dcgan_width: Annotated[
        int, Field(ge=4, le=256, description="Of the DCGAN that is timed beside it.")
    ] = 16,
    by_pathology: Annotated[
        bool, typer.Option("--by-pathology", help="Tell the flow benign from malignant.")
    ] = False,
    jitter: Annotated[
        bool, typer.Option("--jitter", help="Train on crops that are jittered anew each epoch.")
    ] = False,
) -> None:
    """Train a flow on a folder's lesions, sample from it, and write the samples as a donor."""
    donor = DonorFolder(out / "donor", _only(mammograms.kinds), patches, size)
    donor.check_can_be_written()
    prepare_for_real_patches(threads=1)
    reading = mammograms.read()
    if by_pathology:
        reading = with_known_pathology(reading, mammograms.kinds)
    cutting = PatchCutting(patches, mammograms.kinds)
    store = cutting.cut_into(out / "patches", reading.mammograms, healthy=0)
    coins = HoldOut.model_validate({"seed": flow.seed, **held_out.get("hold_out", {})})
    everybody = {record.patient_id for record in store.records}
    decided = decide(out, store.folder, everybody, coins, started=False)
    assert decided is not None, "it always is before a training has begun"
    lesions = TrainingLesions(
        side_of(store, decided.members), size, jitter=jitter, by_pathology=by_pathology
    )
    typer.echo(
        f"{len(lesions)} patches to train on; "
        + told(decided, patches=len(store.records) - len(lesions)).statement
    )
    trained = train_flow(lesions, flow, on_tenth=typer.echo)
    classes = _by_turns(sampling.samples) if by_pathology else None
    started = time.process_time()
    drawn = sample_flow(trained, sampling, classes)
    typer.echo(f"flow: {_pace(len(drawn), started)}")
    donor.write(drawn, classes)
    write_png(out / "samples.png", contact_sheet(drawn[:PICTURED], columns=8))
    typer.echo(f"{donor.folder}: {len(drawn)} samples, which are cut as they were drawn")
    _time_dcgan(lesions, dcgan_width, flow)


def _only(kinds: tuple[LesionKind, ...]) -> LesionKind:
    if len(kinds) != 1:
        raise typer.BadParameter(
            f"--kinds is {', '.join(kinds)}; name one kind of lesion, which every sample then is"
        )
    return kinds[0]


def _by_turns(count: int) -> Tensor:
    return torch.arange(count) % len(BY_TURNS)


def _pace(count: int, started: float) -> str:
    seconds = time.process_time() - started
    return f"{count} samples in {seconds:.1f} s of processor time, {count / seconds:.0f} a second"


@dataclass(frozen=True)
class TrainingLesions:
    """The patches that are trained on."""

    side: Side
    size: int
    jitter: bool
    by_pathology: bool

    def __len__(self) -> int:
        return len(self.side.indices)

    def crops(self, random: np.random.Generator) -> Pixels:
        """Return every patch once, shape (n, size, size); with jitter others each time."""
        store = self.side.store
        jitter = store.configuration.jitter if self.jitter else None
        return store.crops(self.side.indices, size=self.size, jitter=jitter, random=random)

    @property
    def classes(self) -> NDArray[np.int64] | None:
        """Each patch's pathology as its number in BY_TURNS, shape (n,); None if it is not told."""
        if not self.by_pathology:
            return None
        records = (self.side.store.records[index] for index in self.side.indices)
        found = [BY_TURNS.index(record.pathology) for record in records if record.pathology]
        return np.array(found, dtype=np.int64)


def train_flow(
    lesions: TrainingLesions, training: FlowTraining, *, on_tenth: Callable[[str], object]
) -> Flow:
    """Train for the processor seconds, and return the flow with the average of the weights.

    Args:
        on_tenth: Told how far it is after each tenth of the time.
    """
    torch.manual_seed(training.seed)  # of the network's first weights
    random = torch.Generator().manual_seed(training.seed)
    crops = lesions.crops(np.random.default_rng(training.seed))
    classes = len(BY_TURNS) if lesions.by_pathology else 0
    network = VelocityNetwork(width=training.flow_width, classes=classes)
    network = network.to(memory_format=torch.channels_last)
    half = chosen_precision("auto", CPU) == "bfloat16"
    flow = Flow(PatchSpectrum.of(torch.from_numpy(crops)), network, half)
    average = MovingAverage(network, AVERAGE_HALF_LIFE_IMAGES)
    step = _Step(flow, training, random)
    losses: list[float] = []
    tenths, started = 0, time.process_time()
    for patches, of in _batches(lesions, training, random):
        done = (time.process_time() - started) / training.seconds
        if losses and done * 10 >= tenths + 1:
            tenths = int(done * 10)
            recent = losses[-len(losses) // 10 :]
            on_tenth(f"{tenths * 10} %: step {len(losses)}, loss {sum(recent) / len(recent):.4f}")
        if losses and done >= 1:
            break
        losses.append(step(patches, of, done=done))
        average.update(network, len(patches))
    return Flow(flow.spectrum, average.network, half)


def _batches(
    lesions: TrainingLesions, training: FlowTraining, random: torch.Generator
) -> Iterator[Batch]:
    """Yield flipped patches in [-1, 1] and their classes, epoch after epoch, without an end."""
    jitters = np.random.default_rng(training.seed)
    classes = None if lesions.classes is None else torch.from_numpy(lesions.classes)
    size = min(training.batch_size, len(lesions))
    while True:
        patches = torch.from_numpy(lesions.crops(jitters))
        order = torch.randperm(len(patches), generator=random)
        for chosen in order[: len(patches) // size * size].split(size):
            flips = torch.rand(size, 2, generator=random) < 0.5
            of = None if classes is None else classes[chosen]
            yield real_batch(patches, chosen, flips), of


class _Step:
    """Updates the network of a flow on a batch."""

    def __init__(self, flow: Flow, training: FlowTraining, random: torch.Generator) -> None:
        self._flow, self._rate, self._random = flow, training.learning_rate, random
        self._weights = list(flow.network.parameters())
        self._optimiser = torch.optim.AdamW(
            self._weights, training.learning_rate, betas=BETAS, weight_decay=WEIGHT_DECAY
        )

    def __call__(self, patches: Tensor, classes: Tensor | None, *, done: float) -> float:
        """Take a step and return the loss.

        Args:
            done: How much of the training is behind, 0 to 1.
        """
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate * min(1, done / WARM_UP) * (1 + math.cos(math.pi * done)) / 2
        noise = self._flow.spectrum.noise(len(patches), self._random)
        places = torch.arange(len(patches))
        times = (places + torch.rand(len(patches), generator=self._random)) / len(patches)
        loss = self._flow.loss(patches, noise, times, classes)
        self._optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._weights, LARGEST_GRADIENT)
        self._optimiser.step()
        return loss.item()


def sample_flow(flow: Flow, sampling: FlowSampling, classes: Tensor | None) -> Pixels:
    """Return samples, shape (samples, size, size), the same for the same flow.

    Args:
        classes: Of each, shape (samples,); None where the flow knows none.
    """
    random = torch.Generator().manual_seed(SAMPLING_SEED)
    made = [
        flow.sample(
            min(SAMPLES_AT_ONCE, sampling.samples - first),
            steps=sampling.sampling_steps,
            solver=sampling.solver,
            random=random,
            classes=None if classes is None else classes[first : first + SAMPLES_AT_ONCE],
        )
        for first in range(0, sampling.samples, SAMPLES_AT_ONCE)
    ]
    return torch.cat(made).numpy()


@dataclass(frozen=True)
class DonorFolder:
    """Samples as a data set of which a study cuts each sample as it was drawn.

    An image is a sample and below it a row of every grey: a reader spreads each image's greys from
    black to white, which then changes none.

    Attributes:
        kind: Of every lesion.
        cutting: With which the study will cut.
        size: Side of a sample in pixels.
    """

    folder: Path
    kind: LesionKind
    cutting: PatchConfiguration
    size: int

    def check_can_be_written(self) -> None:
        """Check that the cutting can return a whole sample, before anything is trained.

        Raises:
            typer.BadParameter: It cannot, or the folder is there already.
        """
        if self.cutting.in_mm or self.cutting.chest_wall != "as_stored":
            raise typer.BadParameter(
                "samples have no spacing and no chest wall; give --margin-px instead of "
                "--margin-mm and --smallest-side-px instead of --smallest-side-mm, and leave "
                "--chest-wall out"
            )
        if self.size <= 2 * self.cutting.margin_px or self.size < self.cutting.smallest_side_px:
            raise typer.BadParameter(
                f"--size is {self.size}; a sample that is cut out whole has more pixels than two "
                f"margins of {self.cutting.margin_px}, and at least --smallest-side-px, which is "
                f"{self.cutting.smallest_side_px}"
            )
        if self.folder.exists():
            raise typer.BadParameter(f"{self.folder} is there already; name another --out")

    def write(self, samples: Pixels, classes: Tensor | None) -> None:
        """Write samples, shape (n, size, size), and check that they are cut as they are.

        Args:
            classes: Each one's pathology as its number in BY_TURNS; None where none is told.

        Raises:
            RuntimeError: A study would cut something else.
        """
        self.folder.mkdir(parents=True)
        known = [None] * len(samples) if classes is None else [BY_TURNS[of] for of in classes]
        mammograms = [
            self._image(f"{number:05}", sample, pathology)
            for number, (sample, pathology) in enumerate(zip(samples, known, strict=True), start=1)
        ]
        write_table(mammograms, self.folder, on_progress=lambda _done, _total: None)
        if not np.array_equal(self.cut(), samples):
            raise RuntimeError(f"{self.folder} holds samples, but cutting gives other patches")

    def cut(self) -> Pixels:
        """Return the patches that a study cuts, shape (n, size, size)."""
        reading = read_folder(self.folder, "table", {})
        with tempfile.TemporaryDirectory() as scratch:
            cutting = PatchCutting(self.cutting, (self.kind,))
            store = cutting.cut_into(Path(scratch) / "cut", reading.mammograms, healthy=0)
            return store.crops(range(len(store.records)), size=self.size)

    def _image(self, number: str, sample: Pixels, pathology: Pathology | None) -> Mammogram:
        greys = np.linspace(0, 255, self.size).round().astype(np.uint8)
        margin = self.cutting.margin_px
        box = Box(margin, margin, self.size - margin, self.size - margin)
        return Mammogram(
            image_id=f"sample-{number}",
            patient_id=f"nobody-{number}",
            width=self.size,
            height=self.size + 1,
            load=lambda: np.vstack([sample, greys]),
            lesions=(Lesion(box, self.kind, pathology=pathology),),
        )


def _time_dcgan(lesions: TrainingLesions, width: int, flow: FlowTraining) -> None:
    """Print how many epochs of a DCGAN take as long as the flow's training, and its sampling."""
    classes = lesions.classes
    architecture = DcganArchitecture(
        image_size=lesions.size, width=width, classes=() if classes is None else BY_TURNS
    )
    training = GeneratorTraining.model_validate(
        {"precision": "auto", "epochs": DCGAN_EPOCHS, "seed": flow.seed}
    )
    ends = [time.process_time()]
    with tempfile.TemporaryDirectory() as scratch:
        weights = train_generator(
            lesions.crops(np.random.default_rng(flow.seed)),
            architecture=architecture,
            training=training,
            folder=Path(scratch) / "dcgan",
            device=CPU,
            on_epoch=lambda _epoch: ends.append(time.process_time()),
            classes=classes,
        )
        epoch = median(np.diff(ends[1:]))
        started, count = time.process_time(), 2000
        sample_patches(weights, architecture, count=count, seed=SAMPLING_SEED, device=CPU)
        typer.echo(f"DCGAN of width {width}: {_pace(count, started)}")
    typer.echo(
        f"DCGAN of width {width}, recipe improved: an epoch takes {epoch:.2f} s of processor time, "
        f"so {flow.seconds / epoch:.0f} epochs take as long as the flow's training"
    )


if __name__ == "__main__":
    typer.run(main)
