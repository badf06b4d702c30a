"""Seconds per DCGAN training step, float32 against bfloat16, measured in one run.

Example: python benchmarks/dcgan_step.py --image-size 64 --width 32 --threads 1
"""

import statistics
import time
from typing import Annotated

import torch
import typer

from centre_node.generators.configuration import GeneratorTraining
from centre_node.generators.draws import draw_epoch, real_batch
from centre_node.generators.state import new_state, training_step
from shared.architectures import DcganArchitecture


def main(
    image_size: Annotated[int, typer.Option(help="Side of a patch in pixels.")] = 64,
    width: Annotated[int, typer.Option(help="Channels of the last hidden map.")] = 32,
    batch_size: Annotated[int, typer.Option(help="Patches in a step.")] = 16,
    steps: Annotated[int, typer.Option(help="Steps measured in each precision.")] = 20,
    threads: Annotated[int, typer.Option(help="Threads that torch may use.")] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Measure both precisions in turns and print the medians and their ratio."""
    torch.set_num_threads(threads)
    architecture = DcganArchitecture(image_size=image_size, width=width)
    training = GeneratorTraining(batch_size=batch_size)
    seconds: dict[bool, list[float]] = {False: [], True: []}
    runs = {half: _Run(architecture, training, torch.device(device)) for half in seconds}
    for index in range(steps + 2):  # the first two warm up
        for half, run in runs.items():
            taken = run.timed_step(half=half)
            if index >= 2:
                seconds[half].append(taken)
    float32, bfloat16 = (statistics.median(seconds[half]) for half in (False, True))
    typer.echo(f"DCGAN {image_size} px, width {width}, batch {batch_size}, {threads} thread(s)")
    typer.echo(f"float32   {float32:.4f} s/step  {batch_size / float32:8.1f} patches/s")
    typer.echo(f"bfloat16  {bfloat16:.4f} s/step  {batch_size / bfloat16:8.1f} patches/s")
    typer.echo(f"float32 / bfloat16 = {float32 / bfloat16:.2f}")


class _Run:
    """A training on noise; a step's time does not depend on what the patches show."""

    def __init__(
        self, architecture: DcganArchitecture, training: GeneratorTraining, device: torch.device
    ) -> None:
        side = architecture.image_size
        self._state = new_state(architecture, training, device)
        self._patches = torch.randint(
            0, 256, (training.batch_size, side, side), dtype=torch.uint8, device=device
        )
        self._draws = draw_epoch(
            training.batch_size,
            batch_size=training.batch_size,
            latent_size=architecture.latent_size,
            real_labels=training.real_labels,
            random=self._state.random,
        ).to(device)

    def timed_step(self, *, half: bool) -> float:
        """Return the seconds that one step takes."""
        draws, started = self._draws, time.perf_counter()
        real = real_batch(self._patches, draws.order[0], draws.flips[0])
        losses = training_step(self._state, real, draws.latents[0], draws.labels[0], half=half)
        losses.tolist()  # waits for the device
        return time.perf_counter() - started


if __name__ == "__main__":
    typer.run(main)
