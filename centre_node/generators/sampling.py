"""Synthetic patches from a generator's weights, one file or an ensemble of several."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from centre_node.generators.conditions import drawn_classes, with_classes
from centre_node.generators.file_draws import file_batches
from centre_node.generators.pixels import to_8_bit
from centre_node.generators.weights import load_generator
from shared.architectures import Architecture
from shared.names import Pathology

BATCH = 64

Places = NDArray[np.int64]
Patches = NDArray[np.uint8]
Keep = Callable[[Places, Patches], object]
"""Takes patches, shape (n, side, side), and their places among all, shape (n,), from 0."""


def sample_patches(
    weights: Path,
    architecture: Architecture,
    *,
    count: int,
    seed: int,
    device: torch.device,
) -> Patches:
    """Return `count` synthetic patches of one file, shape (count, side, side), 8-bit.

    See `sample_ensemble`, of which this is the case of one file.
    """
    patches = np.empty((count, architecture.image_size, architecture.image_size), dtype=np.uint8)
    sample_ensemble(
        [weights],
        architecture,
        count=count,
        seed=seed,
        device=device,
        keep=lambda places, made: patches.__setitem__(places, made),
    )
    return patches


def sample_ensemble(
    files: Sequence[Path],
    architecture: Architecture,
    *,
    count: int,
    seed: int,
    device: torch.device,
    keep: Keep,
    shares: Sequence[float] | None = None,
    pixel_range: tuple[float, float] = (-1.0, 1.0),
    pathology: Pathology | None = None,
) -> None:
    """Draw `count` synthetic patches from weight files and hand them over, file by file.

    The same seed gives the same patches, and the first k of more patches are those of k: a
    patch's latent and its file depend on the seed and its place alone, and it is computed in
    float32, at the same row of a whole batch, whatever `count` is. One generator at a time is in
    memory, and no more patches than a batch.

    Args:
        seed: 0 to 2**64 - 1.
        keep: Takes the patches; those of a file come in order, those of the next file after it.
        shares: See `file_batches`.
        pixel_range: The generators' values that are black and white.
        pathology: Of all patches; None draws the architecture's classes, if any, by turns.

    Raises:
        WeightsRefusedError: The weights are not what the architecture declares.

    Source: paper section 2.3.1 (patches are pooled from 51 epochs' weights).
    """
    for number, path in enumerate(files):
        draws = _draws(architecture, len(files), shares, count, seed, pathology)
        mine = ((places[of == number], latents[of == number]) for places, latents, of in draws)
        _sample_file(path, architecture, mine, device=device, keep=keep, pixel_range=pixel_range)


def _draws(
    architecture: Architecture,
    files: int,
    shares: Sequence[float] | None,
    count: int,
    seed: int,
    pathology: Pathology | None,
) -> Iterator[tuple[Places, NDArray[np.float32], Places]]:
    """Yield places, latents with classes and file numbers of all patches, a batch at a time."""
    random = torch.Generator().manual_seed(seed)
    numbers = file_batches(files, shares, seed=seed, batch=BATCH)
    for start, of in zip(range(0, count, BATCH), numbers, strict=False):
        latents = torch.randn(BATCH, architecture.latent_size, generator=random)
        places = np.arange(start, min(start + BATCH, count))
        classes = torch.from_numpy(drawn_classes(places, architecture, pathology))
        inputs = with_classes(latents[: len(places)], classes, architecture).numpy()
        yield places, inputs, of[: len(places)]


def _sample_file(
    path: Path,
    architecture: Architecture,
    draws: Iterator[tuple[Places, NDArray[np.float32]]],
    *,
    device: torch.device,
    keep: Keep,
    pixel_range: tuple[float, float],
) -> None:
    generator: nn.Module | None = None  # not loaded for a file that makes no patch
    for places, latents in _whole_batches(draws):
        if generator is None:
            generator = load_generator(path, architecture, device)
        padded = np.zeros((BATCH, architecture.input_size), dtype=np.float32)
        padded[: len(latents)] = latents
        made = generate(generator, torch.from_numpy(padded), pixel_range)
        keep(places, made[: len(places)])


def _whole_batches(
    draws: Iterator[tuple[Places, NDArray[np.float32]]],
) -> Iterator[tuple[Places, NDArray[np.float32]]]:
    """Gather one file's places and latents to batches; only the last may be smaller."""
    places, latents = np.empty(0, dtype=np.int64), None
    for more_places, more_latents in draws:
        places = np.concatenate([places, more_places])
        latents = more_latents if latents is None else np.concatenate([latents, more_latents])
        if len(places) >= BATCH:
            yield places[:BATCH], latents[:BATCH]
            places, latents = places[BATCH:], latents[BATCH:]
    if latents is not None and len(places):
        yield places, latents


def generate(
    generator: nn.Module, latents: torch.Tensor, pixel_range: tuple[float, float] = (-1.0, 1.0)
) -> Patches:
    """Return the 8-bit patches, shape (batch, side, side), of latents, (batch, input_size).

    The generator is used in evaluation mode and given back in the mode that it was in.
    """
    device = next(generator.parameters()).device
    was_training = generator.training
    generator.eval()
    try:
        with torch.inference_mode():
            patches = to_8_bit(generator(latents.to(device)), pixel_range).squeeze(1)
    finally:
        generator.train(was_training)
    pixels: NDArray[np.uint8] = patches.cpu().numpy()
    return pixels
