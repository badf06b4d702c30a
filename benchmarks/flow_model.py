"""A flow from noise to patches: its noise, its network, its loss, and sampling from it.

Noise and a patch are joined by a straight line, and the network learns the velocity along it (flow
matching). The noise is Gaussian with the patches' own spectrum: white noise spoils fine detail long
before it hides what is coarse, and a network of minutes then leaves grain in every sample. This
flow starts from a Gaussian texture, which has mean and spectrum already, and learns what is more.

Source: Lipman et al. 2023 (arXiv 2210.02747); Liu et al. 2023 (arXiv 2209.03003); Falck et al. 2025
(arXiv 2505.11278) for noise of the data's spectrum.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import (
    interpolate,
    pixel_shuffle,
    pixel_unshuffle,
    scaled_dot_product_attention,
    silu,
)

from centre_node.generators.pixels import from_8_bit, to_8_bit

FOLD = 4
"""Pixels along each side of a square that the network sees as the channels of one place."""

MULTIPLIERS = (1, 2, 3)
"""Channels of the maps in widths; each map has half the side of the one before."""

WAVES, HIGHEST_WAVE = 32, 30.0
GROUP_CHANNELS = 16
HEADS = 4
SMALL_OUTPUT_STD = 0.003
WHITENING = 0.25
"""Power of the spectrum that coefficients are divided by: octaves then weigh about the same."""

Solver = Literal["euler", "heun"]


@dataclass(frozen=True)
class PatchSpectrum:
    """Mean patch and spectrum, and the coordinates in which the flow runs.

    These are the patch minus the mean one, each cosine coefficient divided by a power of its
    variance, all scaled so that a value's variance is 1 on average.

    Attributes:
        mean: In [-1, 1], the same for every flip, shape (side, side).
        cosines: Of the discrete cosine transform, orthonormal, shape (side, side).
        gain: What each coefficient is multiplied by, shape (side, side).
        deviation: Of each coefficient then, shape (side, side).
    """

    mean: Tensor
    cosines: Tensor
    gain: Tensor
    deviation: Tensor

    @classmethod
    def of(cls, patches: Tensor) -> "PatchSpectrum":
        """Measure patches, uint8, shape (n, side, side), which must not all be the same."""
        values = from_8_bit(patches)
        mean = values.mean(0)
        for axis in (0, 1):
            mean = (mean + mean.flip(axis)) / 2
        cosines = _cosines(patches.shape[-1])
        variance = _transformed(values - mean, cosines).square().mean(0)
        variance = variance.clamp(min=float(variance.max()) * 1e-8)
        gain = variance**-WHITENING
        gain = gain / (variance * gain.square()).mean().sqrt()
        return cls(mean, cosines, gain, variance.sqrt() * gain)

    def coordinates(self, patches: Tensor) -> Tensor:
        """Map patches in [-1, 1], shape (batch, 1, side, side), to the flow's coordinates."""
        return self._filtered(patches - self.mean, self.gain)

    def patches(self, coordinates: Tensor) -> Tensor:
        """Map back what `coordinates` returned."""
        return self._filtered(coordinates, 1 / self.gain) + self.mean

    def noise(self, count: int, random: torch.Generator) -> Tensor:
        """Draw Gaussian noise of the patches' spectrum, shape (count, 1, side, side)."""
        white = torch.randn(count, 1, *self.mean.shape, generator=random)
        return _transformed(white * self.deviation, self.cosines.T)

    def _filtered(self, maps: Tensor, factors: Tensor) -> Tensor:
        return _transformed(_transformed(maps, self.cosines) * factors, self.cosines.T)


def _cosines(side: int) -> Tensor:
    frequencies, places = torch.arange(side)[:, None], torch.arange(side)[None]
    rows = torch.cos(math.pi * (places + 0.5) * frequencies / side) * math.sqrt(2 / side)
    rows[0] /= math.sqrt(2)
    return rows


def _transformed(maps: Tensor, rows: Tensor) -> Tensor:
    """Transform the last two axes; with the rows transposed, back."""
    return rows @ maps @ rows.T


@dataclass(frozen=True)
class Flow:
    """A velocity field over time, from noise (time 0) to patches (time 1)."""

    spectrum: PatchSpectrum
    network: nn.Module
    half_precision: bool

    def loss(self, patches: Tensor, noise: Tensor, times: Tensor, classes: Tensor | None) -> Tensor:
        """Return the squared error of the velocity, a scalar.

        It is divided by what the best guess from a Gaussian patch would leave, so 1 is what a
        network scores that has learned nothing, at every time.

        Args:
            patches: In [-1, 1], shape (batch, 1, side, side).
            noise: `spectrum.noise`, of the same shape.
            times: In [0, 1], shape (batch,).
            classes: int64, shape (batch,); None where the network knows none.
        """
        ends = self.spectrum.coordinates(patches)
        along = times[:, None, None, None]
        points = (1 - along) * noise + along * ends
        error = self.velocity(points, times, classes) - (ends - noise)
        return (error.square() * _spread(along)).mean()

    def velocity(self, points: Tensor, times: Tensor, classes: Tensor | None) -> Tensor:
        """Return where points go, shape (batch, 1, side, side): a Gaussian guess and what is more.

        Noise and patches have the same variance, so the guess is the point times a number.
        """
        along = times[:, None, None, None]
        spread = _spread(along)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half_precision):
            more: Tensor = self.network(points / spread.sqrt(), times, classes)
        return (2 * along - 1) / spread * points + more.float() / spread.sqrt()

    @torch.inference_mode()
    def sample(
        self,
        count: int,
        *,
        steps: int,
        solver: Solver,
        random: torch.Generator,
        classes: Tensor | None,
    ) -> Tensor:
        """Return patches, uint8, shape (count, side, side), after equal steps from time 0 to 1.

        Args:
            solver: Euler asks the network once a step; Heun twice, but for the last.
            classes: int64, shape (count,); None where the network knows none.
        """
        points = self.spectrum.noise(count, random)
        for start, end in pairwise(torch.linspace(0, 1, steps + 1)):
            velocity = self.velocity(points, start.expand(count), classes)
            moved = points + (end - start) * velocity
            if solver == "heun" and end < 1:
                velocity = (velocity + self.velocity(moved, end.expand(count), classes)) / 2
                moved = points + (end - start) * velocity
            points = moved
        return to_8_bit(self.spectrum.patches(points)).squeeze(1)


def _spread(along: Tensor) -> Tensor:
    """Return the variance of a point between noise and a patch, each of variance 1."""
    return (1 - along).square() + along.square()


class VelocityNetwork(nn.Module):
    """A U-Net over squares of FOLD pixels, told the time and, where there are classes, the class.

    Args:
        width: Channels of the largest map, a multiple of GROUP_CHANNELS.
        classes: How many there are; 0 for a network that knows none.

    Source: Ho et al. 2020 (arXiv 2006.11239), appendix B, with fewer blocks; folding pixels is Shi
    et al. 2016 (arXiv 1609.05158).
    """

    def __init__(self, *, width: int, classes: int) -> None:
        super().__init__()
        told = 4 * width
        self.time = nn.Sequential(nn.Linear(2 * WAVES, told), nn.SiLU(), nn.Linear(told, told))
        self.classes = nn.Embedding(classes, told) if classes else None
        self.input = nn.Conv2d(FOLD**2, width, 3, padding=1)
        self.maps = _Map([width * multiplier for multiplier in MULTIPLIERS], told)
        self.norm = _norm(width)
        self.output = nn.Conv2d(width, FOLD**2, 3, padding=1, bias=False)
        nn.init.normal_(self.output.weight, std=SMALL_OUTPUT_STD)

    def forward(self, points: Tensor, times: Tensor, classes: Tensor | None) -> Tensor:
        """Return a value for each of the points', shape (batch, 1, side, side)."""
        told = self.time(_waves(times))  # (batch, 4 width)
        if self.classes is not None:
            told = told + self.classes(classes)
        x = self.input(pixel_unshuffle(points, FOLD))  # (batch, width, side / FOLD, side / FOLD)
        x = self.maps(x, silu(told))
        return pixel_shuffle(self.output(silu(self.norm(x))), FOLD)


class _Map(nn.Module):
    """A map and all that is below it: maps of half its side and less, attention at the last."""

    def __init__(self, channels: Sequence[int], told: int) -> None:
        super().__init__()
        here, *smaller = channels
        self.before = _Block(here, here, told)
        self.below = _Smaller(here, smaller, told) if smaller else _Attention(here)
        self.after = _Block(2 * here, here, told)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        kept = self.before(x, told)
        x = self.below(kept, told)
        answer: Tensor = self.after(torch.cat([x, kept], dim=1), told)
        return answer


class _Smaller(nn.Module):
    def __init__(self, above: int, channels: Sequence[int], told: int) -> None:
        super().__init__()
        self.shrink = nn.Conv2d(above, channels[0], 3, stride=2, padding=1)
        self.map = _Map(channels, told)
        self.grow = nn.Conv2d(channels[0], above, 3, padding=1)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        x = self.map(self.shrink(x), told)
        grown: Tensor = self.grow(interpolate(x, scale_factor=2.0))
        return grown


class _Block(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, told: int) -> None:
        super().__init__()
        self.first_norm, self.second_norm = _norm(channels_in), _norm(channels_out)
        self.first = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.second = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        self.told = nn.Linear(told, 2 * channels_out)
        self.around = (
            nn.Conv2d(channels_in, channels_out, 1)
            if channels_in != channels_out
            else nn.Identity()
        )
        with torch.no_grad():
            self.second.weight.mul_(0.5)  # sums over the blocks do not grow so fast

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        scale, shift = self.told(told)[:, :, None, None].chunk(2, dim=1)
        inner = self.first(silu(self.first_norm(x)))
        inner = self.second(silu(self.second_norm(inner) * (1 + scale) + shift))
        answer: Tensor = self.around(x) + inner
        return answer


class _Attention(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _norm(channels)
        self.asked = nn.Conv2d(channels, 3 * channels, 1)
        self.answered = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, _told: Tensor) -> Tensor:
        batch, channels, side, _ = x.shape
        parts = self.asked(self.norm(x)).reshape(batch, 3, HEADS, channels // HEADS, side**2)
        query, key, value = parts.transpose(-1, -2).unbind(1)  # (batch, HEADS, places, channels)
        found = scaled_dot_product_attention(query, key, value)
        answer: Tensor = x + self.answered(found.transpose(-1, -2).reshape(x.shape))
        return answer


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(channels // GROUP_CHANNELS, channels)


def _waves(times: Tensor) -> Tensor:
    """Return sines and cosines of the times, shape (batch, 2 WAVES)."""
    frequencies = torch.logspace(0, math.log10(HIGHEST_WAVE), WAVES)
    angles = times[:, None] * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=1)
