"""Time of a classifier's epoch: ours against a plain loop, with the same network and patches.

The plain loop is written as tutorials are: a DataLoader over PIL images that torchvision flips
and scales one by one, eager float32, the recipe's descent as it comes, `.item()` of the loss in
every step, and an evaluation on the validation images after each epoch. An epoch is training and
validation. The loops take turns of one epoch, so that a busy machine slows both; a ratio is the
median of the turns' own ratios.

Example: python benchmarks/classifier_training.py --classifier cnn --image-size 64 --turns 6
"""

import statistics
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics import average_precision_score
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from centre_node.classifiers.training import NETWORKS, ClassifierProgress, train_classifier
from node_api.classifier_training import ClassifierTraining

TURNS_TO_WARM_UP = 1

Patches = tuple[NDArray[np.uint8], NDArray[np.int64]]
Turn = Callable[[], object]


class Name(StrEnum):
    """Which network."""

    CNN = "cnn"
    SWIN = "swin"


def main(
    classifier: Annotated[Name, typer.Option(help="Network of both loops.")] = Name.CNN,
    image_size: Annotated[int, typer.Option(help="Side of a patch in pixels.")] = 64,
    train: Annotated[int, typer.Option(help="Patches trained on in an epoch.")] = 600,
    validation: Annotated[int, typer.Option(help="Patches evaluated after an epoch.")] = 120,
    batch_size: Annotated[int, typer.Option(help="Patches in a step.")] = 12,
    turns: Annotated[int, typer.Option(help="Epochs, measured of each loop.")] = 6,
    threads: Annotated[int, typer.Option(help="Threads that torch may use.")] = 1,
    workers: Annotated[int, typer.Option(help="Processes of the plain loop's DataLoader.")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Measure the plain loop beside ours in float32 and in bfloat16, and print the ratios."""
    torch.set_num_threads(threads)
    on = torch.device(device)
    patches, held_out = (_patches(count, image_size) for count in (train, validation))
    typer.echo(
        f"{classifier.value}, {image_size} px, {train} + {validation} patches, batch {batch_size}, "
        f"{threads} thread(s), {workers} worker(s), {device}"
    )
    for precision in ("float32", "bfloat16"):
        training = ClassifierTraining.model_validate(
            {
                "epochs": TURNS_TO_WARM_UP + turns,
                "batch_size": batch_size,
                "precision": precision,
            }
        )
        network = NETWORKS[classifier.value](image_size, training).to(on)
        plain = _PlainLoop(network, training, patches, held_out, workers)
        turn = _Turns(plain.epoch, on)
        train_classifier(
            lambda _random: patches,
            held_out,
            name=classifier.value,
            image_size=image_size,
            training=training,
            seed=0,
            device=on,
            on_epoch=turn,
        )
        _report(f"ours, {precision}", turn.ours, turn.theirs, train)


class _Turns:
    """Called after each of our epochs: notes its time, then runs and times a plain one."""

    def __init__(self, plain: Turn, device: torch.device) -> None:
        self._plain, self._device = plain, device
        self._started = time.perf_counter()
        self.ours: list[float] = []
        self.theirs: list[float] = []

    def __call__(self, progress: ClassifierProgress) -> None:
        ours, theirs = self._elapsed(), self._run_plain()
        if progress.epoch > TURNS_TO_WARM_UP:
            self.ours.append(ours)
            self.theirs.append(theirs)
        self._started = time.perf_counter()

    def _run_plain(self) -> float:
        self._started = time.perf_counter()
        self._plain()
        return self._elapsed()

    def _elapsed(self) -> float:
        if self._device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - self._started


def _report(name: str, ours: list[float], plain: list[float], count: int) -> None:
    ratios = [base / seconds for base, seconds in zip(plain, ours, strict=True)]
    typer.echo(
        f"{name:<15}{count / statistics.median(ours):8.1f} patches/s   plain "
        f"{count / statistics.median(plain):8.1f} patches/s   plain / this "
        f"= {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def _patches(count: int, side: int) -> Patches:
    """Noise; every second patch, a lesion, is a little brighter."""
    labels = np.arange(count) % 2
    pixels = np.random.default_rng(count).integers(0, 200, (count, side, side))
    return (pixels + 50 * labels[:, None, None]).astype(np.uint8), labels


class _Images(Dataset[tuple[Tensor, int]]):
    """Patches as tutorials read them: PIL images, transformed one by one."""

    def __init__(self, patches: Patches, *steps: nn.Module) -> None:
        self._images = [Image.fromarray(pixels) for pixels in patches[0]]
        self._labels = patches[1].tolist()
        self._transform = transforms.Compose(
            [*steps, transforms.ToTensor(), transforms.Normalize([0.5], [0.5])]
        )

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self._transform(self._images[index]), self._labels[index]


class _PlainLoop:
    """One step after the other, as a tutorial writes it."""

    def __init__(
        self,
        network: nn.Module,
        training: ClassifierTraining,
        patches: Patches,
        validation: Patches,
        workers: int,
    ) -> None:
        self._network, self._device = network, next(network.parameters()).device
        self._optimiser = torch.optim.SGD(
            network.parameters(), lr=training.learning_rate, momentum=training.momentum or 0.0
        )
        flips = transforms.RandomHorizontalFlip(), transforms.RandomVerticalFlip()
        size = training.batch_size
        self._train = DataLoader(
            _Images(patches, *flips), batch_size=size, shuffle=True, num_workers=workers
        )
        self._validation = DataLoader(_Images(validation), batch_size=size, num_workers=workers)

    def epoch(self) -> float:
        """Train and evaluate once; return the validation AUPRC."""
        self._network.train()
        running = 0.0
        for images, labels in self._train:
            self._optimiser.zero_grad()
            loss = cross_entropy(self._network(images.to(self._device)), labels.to(self._device))
            loss.backward()
            self._optimiser.step()
            running += loss.item()
        return self._evaluated()

    def _evaluated(self) -> float:
        self._network.eval()
        scores: list[float] = []
        truth: list[int] = []
        with torch.no_grad():
            for images, labels in self._validation:
                logits = self._network(images.to(self._device))
                scores += logits.softmax(dim=1)[:, 1].tolist()
                truth += labels.tolist()
        return float(average_precision_score(truth, scores))


if __name__ == "__main__":
    typer.run(main)
