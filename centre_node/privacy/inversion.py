"""How well a generator can draw given patches: a search for the latents that come nearest.

Source: Chen et al. 2020 (GAN-Leaks, arXiv 1909.03935), section 5.4, the white-box attack.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from centre_node.generators.conditions import by_turns
from centre_node.generators.pixels import to_8_bit
from centre_node.generators.weights import load_generator
from shared.architectures import Architecture

Patches = NDArray[np.uint8]

POOL = 2048
"""Random latents, of all files together, among which the search's starts are chosen."""

STARTS, FIRST_STEPS, LAST_STEPS = 4, 15, 45
"""The best of the starts after the first steps goes on to the end."""

RATE, LATENT_WEIGHT = 0.05, 1e-3
BATCH = 64


@dataclass(frozen=True, slots=True)
class Reconstructions:
    """The nearest patches that were found.

    Attributes:
        patches: 8-bit, shape (n, side, side).
        distance: To the target, with pixels of 0 to 1, shape (n,).
    """

    patches: Patches
    distance: NDArray[np.float64]


def reconstruct(
    targets: Patches,
    files: Sequence[Path],
    architecture: Architecture,
    *,
    seed: int,
    device: torch.device,
    on_count: Callable[[int, int], None],
) -> Reconstructions:
    """Search the latents of all files for what comes nearest to each target.

    Each target starts from the 4 nearest of 2048 random patches and follows the gradient of its
    squared distance (Adam), with a small weight on the latents' squares, that keeps them where
    the generator was trained.

    Args:
        targets: 8-bit, shape (n, side, side).
        files: Weights, one or those of an ensemble.
        seed: Of the latents.
        on_count: Takes how many searches are done, and of how many.
    """
    wanted = torch.from_numpy(targets).to(device).float().flatten(1) / 255
    search = _Search(wanted, files, architecture, device, on_count)
    starts = search.starts(torch.Generator().manual_seed(seed))
    begun = search.follow(starts, FIRST_STEPS, done=0)
    best = begun.nearest_of(len(targets))
    ended = search.follow(best, LAST_STEPS, done=len(begun.of))
    order = torch.argsort(ended.of)
    made = to_8_bit(ended.patches[order], (0.0, 1.0)).cpu().numpy()
    patches = made.reshape(targets.shape)
    apart = (patches.astype(np.float64) - targets).reshape(len(targets), -1) / 255
    return Reconstructions(patches, np.linalg.norm(apart, axis=1))


@dataclass(frozen=True, slots=True)
class _Points:
    """Points of a search.

    Attributes:
        of: The target of each, shape (k,).
        file: The file of each, shape (k,).
        inputs: What the generator takes, shape (k, input_size).
        patches: What it makes of it, 0 to 1, shape (k, pixels).
        squares: Squared distance to the target, shape (k,).
    """

    of: Tensor
    file: Tensor
    inputs: Tensor
    patches: Tensor
    squares: Tensor

    def nearest_of(self, targets: int) -> "_Points":
        """Return the nearest point of each target, which has at least one."""
        order = torch.argsort(self.squares, stable=True)
        order = order[torch.argsort(self.of[order], stable=True)]
        first = torch.searchsorted(self.of[order], torch.arange(targets, device=self.of.device))
        return self.at(order[first])

    def at(self, places: Tensor) -> "_Points":
        """Return some of the points."""
        return _Points(
            self.of[places],
            self.file[places],
            self.inputs[places],
            self.patches[places],
            self.squares[places],
        )


def _joined(parts: Sequence[_Points]) -> _Points:
    return _Points(
        torch.cat([part.of for part in parts]),
        torch.cat([part.file for part in parts]),
        torch.cat([part.inputs for part in parts]),
        torch.cat([part.patches for part in parts]),
        torch.cat([part.squares for part in parts]),
    )


@dataclass(frozen=True)
class _Search:
    """What a search knows throughout; one generator at a time is in memory."""

    targets: Tensor
    files: Sequence[Path]
    architecture: Architecture
    device: torch.device
    on_count: Callable[[int, int], None]

    def starts(self, random: torch.Generator) -> _Points:
        """Return the nearest few random patches of each target."""
        found: _Points | None = None
        count = max(BATCH, -(-POOL // len(self.files)))
        for number in range(len(self.files)):
            generator = self._generator(number)
            latents = torch.randn(count, self.architecture.latent_size, generator=random)
            inputs = by_turns(latents, self.architecture).to(self.device)
            with torch.no_grad():
                made = torch.cat([_made(generator, part) for part in inputs.split(BATCH)])
                squares = torch.cdist(self.targets, made).square()  # (targets, count)
            near = squares.topk(min(STARTS, count), dim=1, largest=False)
            places = near.indices.flatten()
            of = torch.arange(len(self.targets), device=self.device)
            of = of.repeat_interleave(near.indices.shape[1])
            points = _Points(
                of, torch.full_like(of, number), inputs[places], made[places], squares[of, places]
            )
            found = points if found is None else self._few_nearest(_joined([found, points]))
        assert found is not None, "there is a file"
        return found

    def _few_nearest(self, points: _Points) -> _Points:
        order = torch.argsort(points.squares, stable=True)
        order = order[torch.argsort(points.of[order], stable=True)]
        begin = torch.searchsorted(points.of[order], points.of[order])
        rank = torch.arange(len(order), device=self.device) - begin
        return points.at(order[rank < STARTS])

    def follow(self, points: _Points, steps: int, *, done: int) -> _Points:
        """Go so many steps from each point, and return the nearest that each has passed.

        Args:
            done: Searches that were followed before, for `on_count`.
        """
        total = len(self.targets) * (STARTS + 1)
        parts = []
        for generator, places in self._batches(points):
            parts.append(self._followed(generator, points.at(places), steps))
            done += len(places)
            self.on_count(done, total)
        return _joined(parts)

    def _batches(self, points: _Points) -> Iterator[tuple[nn.Module, Tensor]]:
        for number in range(len(self.files)):
            mine = torch.nonzero(points.file == number).flatten()
            if len(mine):
                generator = self._generator(number)
                for places in mine.split(BATCH):
                    yield generator, places

    def _followed(self, generator: nn.Module, points: _Points, steps: int) -> _Points:
        size = self.architecture.latent_size
        latents = points.inputs[:, :size].clone().requires_grad_(True)
        classes = points.inputs[:, size:]
        optimiser = torch.optim.Adam([latents], lr=RATE)
        wanted = self.targets[points.of]
        inputs, patches = points.inputs.clone(), points.patches.clone()
        squares = points.squares.clone()
        for step in range(steps + 1):
            current = torch.cat([latents, classes], dim=1)
            made = _made(generator, current)
            apart = (made - wanted).square().sum(dim=1)
            nearer = apart.detach() < squares
            inputs[nearer], patches[nearer] = current.detach()[nearer], made.detach()[nearer]
            squares = torch.where(nearer, apart.detach(), squares)
            if step < steps:
                optimiser.zero_grad()
                (apart.sum() + LATENT_WEIGHT * latents.square().sum()).backward()
                optimiser.step()
        return _Points(points.of, points.file, inputs, patches, squares)

    def _generator(self, number: int) -> nn.Module:
        generator = load_generator(self.files[number], self.architecture, self.device)
        return generator.requires_grad_(False)


def _made(generator: nn.Module, inputs: Tensor) -> Tensor:
    """Return patches, 0 to 1, shape (n, pixels)."""
    made: Tensor = generator(inputs).flatten(1)
    return (made + 1) / 2
