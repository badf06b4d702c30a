"""Runs of a study an hour: ours against a plain PyTorch loop that does the same runs, in one go.

The plain loop is written as tutorials are: one run after the other on all threads, a DataLoader
over PIL images of which each is cropped by a jittered box, resized and flipped as it is drawn,
eager float32, `.item()` in every step, an evaluation after each epoch. Ours are processes of one
thread each. Patches are cut before either starts; starting our processes counts.

Example: python benchmarks/study_throughput.py --seeds 6 --epochs 8
"""

import os
import tempfile
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics import average_precision_score
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from centre_node.classifiers.training import NETWORKS
from centre_node.mammography.boxes import Box, jittered
from centre_node.mammography.phantoms import read_phantoms
from centre_node.study.local_engine import LocalEngine
from centre_node.study.preparation import StudyInputs, prepare
from centre_node.study.prepared import Run, StudyPatches, opened
from centre_node.study.training_patches import TrainingPatches
from node_api.data_sources import PhantomSet
from node_api.patches import PatchConfiguration
from node_api.studies import Arm, StudyConfiguration


def main(
    seeds: Annotated[int, typer.Option(help="Runs that each does.")] = 6,
    epochs: Annotated[int, typer.Option(help="Of each run.")] = 8,
    image_size: Annotated[int, typer.Option(help="Side of a patch in pixels.")] = 64,
    patients: Annotated[int, typer.Option(help="Phantom patients.")] = 150,
    precision: Annotated[str, typer.Option(help="Of ours: float32 or bfloat16.")] = "float32",
) -> None:
    """Do the same runs both ways and print how many there are in an hour."""
    processors = len(os.sched_getaffinity(0))
    configuration = StudyConfiguration(
        patches=PatchConfiguration(margin_px=12, smallest_side_px=32),
        image_size=image_size,
        train_fractions=(1.0,),
        classifier_training={"epochs": epochs, "precision": precision},
        arms=(Arm(name="none"),),
        seeds=tuple(range(seeds)),
    )
    phantoms = PhantomSet(style="digital", patients=patients, seed=1, image_height_px=512)
    with tempfile.TemporaryDirectory() as folder:
        ready = prepare(
            configuration,
            StudyInputs(read_phantoms(phantoms), donors={}, packages={}),
            folder=Path(folder),
            device=torch.device("cpu"),
            threads=1,
        )
        runs, patches = list(ready.study.runs()), opened(ready.file)
        trained = patches.training_patches(runs[0]).n_real
        typer.echo(
            f"{seeds} runs of {epochs} epochs, {trained} patches of {image_size} px to train on, "
            f"{processors} processors, ours in {precision}"
        )
        torch.set_num_threads(processors)
        started = time.perf_counter()
        for run in runs:
            _plain_run(patches, run, epochs)
        plain = time.perf_counter() - started
        started = time.perf_counter()
        engine = LocalEngine(workers=processors)
        outcomes = engine.outcomes(ready.file, runs, device="cpu", on_tick=lambda: None)
        failed = [outcome.problem for outcome in outcomes if outcome.result is None]
        ours = time.perf_counter() - started
    if failed:
        raise RuntimeError(failed[0])
    typer.echo(f"plain loop {3600 * seeds / plain:8.0f} runs an hour ({plain:.1f} s)")
    typer.echo(f"ours       {3600 * seeds / ours:8.0f} runs an hour ({ours:.1f} s)")
    typer.echo(f"plain / ours = {plain / ours:.2f}")


class _Images(Dataset[tuple[Tensor, int]]):
    """A store's patches as PIL images, cropped, resized and flipped one by one."""

    def __init__(self, patches: TrainingPatches) -> None:
        part = patches.real[0]  # the arm adds nothing to the own patches
        self._records = [part.store.records[index] for index in part.indices]
        self._images = [Image.fromarray(part.store.surroundings(int(i))) for i in part.indices]
        self._patches, self._smallest = patches, part.store.configuration.smallest_side_px
        self._random = np.random.default_rng(0)
        self._transform = transforms.Compose(
            [
                transforms.RandomHorizontalFlip(),
                transforms.RandomVerticalFlip(),
                transforms.ToTensor(),
                transforms.Normalize([0.5], [0.5]),
            ]
        )

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        record, image, size = self._records[index], self._images[index], self._patches.size
        box = jittered(
            Box(*record.square),
            None if record.lesion is None else Box(*record.lesion),
            image_width=record.width,
            image_height=record.height,
            jitter=self._patches.jitter,
            smallest_side=self._smallest,
            random=self._random,
        )
        area = (box.left, box.top, box.right, box.bottom)
        crop = image.crop(area).resize((size, size), Image.Resampling.BOX)
        return self._transform(crop), record.label


def _plain_run(patches: StudyPatches, run: Run, epochs: int) -> float:
    """Train and test a classifier; return the test AUPRC."""
    torch.manual_seed(run.seed)
    study = patches.study.configuration
    network = NETWORKS[run.classifier](study.image_size, study.classifier_training)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.001, momentum=0.9)
    loader = DataLoader(_Images(patches.training_patches(run)), batch_size=12, shuffle=True)
    best, best_state = -1.0, network.state_dict()
    for _ in range(epochs):
        network.train()
        running = 0.0
        for images, labels in loader:
            optimiser.zero_grad()
            loss = cross_entropy(network(images), labels)
            loss.backward()
            optimiser.step()
            running += loss.item()
        reached = _auprc(network, patches.validation.pixels, patches.validation.labels)
        if reached > best:
            best = reached
            best_state = {name: value.clone() for name, value in network.state_dict().items()}
    network.load_state_dict(best_state)
    return _auprc(network, patches.test.pixels, patches.test.labels)


def _auprc(network: torch.nn.Module, pixels: NDArray[np.uint8], labels: NDArray[np.int64]) -> float:
    network.eval()
    scores: list[float] = []
    with torch.no_grad():
        for start in range(0, len(pixels), 12):
            batch = torch.tensor(pixels[start : start + 12]).unsqueeze(1).float() / 127.5 - 1
            scores += network(batch).softmax(dim=1)[:, 1].tolist()
    return float(average_precision_score(labels, scores))


if __name__ == "__main__":
    typer.run(main)
