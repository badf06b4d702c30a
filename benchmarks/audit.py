"""Time and memory of an audit: how long a centre waits before it may publish.

Members, held-out patients and generator are made up; an audit's time depends on their numbers
alone. The classifier's training on phantoms, inversion and the positive control are part of it.

Example: python benchmarks/audit.py --members 1000 --samples 50000 --threads 2
"""

import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray

from centre_node.generators.construction import new_generator
from centre_node.generators.weights import export_weights
from centre_node.privacy.audit import Audit, AuditedGenerator
from centre_node.privacy.candidates import Candidates
from centre_node.privacy.phantom_features import phantom_features
from node_api.audits import AuditSettings
from shared.architectures import DcganArchitecture
from shared.progress import Progress

CPU = torch.device("cpu")
PATCHES_A_PATIENT = 2


def main(
    members: Annotated[int, typer.Option(help="Patches that were trained on.")] = 1000,
    held_out: Annotated[int, typer.Option(help="Patches that were held out.")] = 250,
    samples: Annotated[int, typer.Option(help="Patches that are drawn.")] = 50_000,
    side: Annotated[int, typer.Option(help="Side of a patch in pixels.")] = 64,
    width: Annotated[int, typer.Option(help="The generator's width.")] = 16,
    threads: Annotated[int, typer.Option(help="Threads that torch may use.")] = 2,
) -> None:
    """Audit once and print what each part took, the whole and the largest memory."""
    torch.set_num_threads(threads)
    architecture = DcganArchitecture(image_size=side, width=width)
    typer.echo(
        f"{members} members, {held_out} held out, {samples} samples of {side} px, width {width}, "
        f"{threads} thread(s), load {os.getloadavg()[0]:.1f}"
    )
    times = _Times()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        weights = folder / "weights.safetensors"
        export_weights(
            new_generator(architecture, torch.Generator().manual_seed(0)), architecture, weights
        )
        audit = Audit(
            generator=AuditedGenerator([weights], architecture),
            candidates=_candidates(members, held_out, side),
            settings=AuditSettings(samples=samples, positive_control=True),
            held_out_share=held_out / (members + held_out),
            classifier=lambda: phantom_features(side, CPU, times),
            folder=folder / "parts",
            device=CPU,
            on_progress=times,
        )
        audit.run()
    times.tell()


def _candidates(members: int, held_out: int, side: int) -> Candidates:
    random = np.random.default_rng(0)
    count = members + held_out
    pixels: NDArray[np.uint8] = random.integers(0, 256, (count, side, side), dtype=np.uint8)
    patients = np.where(
        np.arange(count) < members,
        np.arange(count) // PATCHES_A_PATIENT,
        members + np.arange(count) // PATCHES_A_PATIENT,
    )
    return Candidates(pixels, patients, np.arange(count) < members)


class _Times:
    """Takes progress and counts what lies between the messages."""

    def __init__(self) -> None:
        self._message, self._since = "starting", (time.perf_counter(), time.process_time())
        self._begun = self._since
        self._taken: dict[str, tuple[float, float]] = {}

    def __call__(self, progress: Progress) -> None:
        message = "judging" if progress.message.startswith("judging") else progress.message
        if message != self._message:
            self._end(message)

    def _end(self, message: str) -> None:
        now = (time.perf_counter(), time.process_time())
        before = self._taken.get(self._message, (0.0, 0.0))
        wall, processor = (
            had + end - start for had, end, start in zip(before, now, self._since, strict=True)
        )
        self._taken[self._message] = (wall, processor)
        self._message, self._since = message, now

    def tell(self) -> None:
        self._end("")
        for message, (wall, processor) in self._taken.items():
            typer.echo(f"{message:<40}{wall:8.1f} s, processor {processor:8.1f} s")
        wall, processor = (end - start for end, start in zip(self._since, self._begun, strict=True))
        typer.echo(f"{'whole':<40}{wall:8.1f} s, processor {processor:8.1f} s")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        typer.echo(f"largest memory {peak:.0f} MB")


if __name__ == "__main__":
    typer.run(main)
