"""The residual generator and discriminator. Networks only: no loss, no optimiser.

Source: Huang et al. 2024 (R3GAN, arXiv 2501.05441), section 4; written from its text.
"""

import math
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu, pixel_shuffle, pixel_unshuffle

from shared.architectures import ResidualArchitecture

Network = TypeVar("Network", "ResidualGenerator", "ResidualDiscriminator")

LEAK = 0.2
LEAKY_GAIN = math.sqrt(2 / (1 + LEAK**2))
LAYERS_IN_BLOCK = 3
SMALLEST_SIDE = 4


class ResidualGenerator(nn.Module):
    """Maps latents, shape (batch, input_size), to patches, (batch, 1, side, side), in [-1, 1].

    Its state holds exactly `architecture.generator_tensors()`.
    """

    def __init__(self, architecture: ResidualArchitecture) -> None:
        super().__init__()
        channels = architecture.stage_channels
        self.basis = nn.Parameter(torch.empty(channels[0], SMALLEST_SIDE, SMALLEST_SIDE))
        self.latent = nn.Linear(architecture.input_size, channels[0], bias=False)
        self.stages = nn.ModuleList(
            _UpStage(architecture, before, after)
            for before, after in zip((channels[0], *channels), channels, strict=False)
        )
        self.output = nn.Conv2d(channels[-1], 4, 3, padding=1)

    def forward(self, latents: Tensor) -> Tensor:
        """Return one patch for each latent."""
        x = self.latent(latents)[:, :, None, None] * self.basis  # (batch, channels, 4, 4)
        for index, stage in enumerate(self.stages):
            x = stage(x, doubled=index > 0)  # twice the side each time
        return torch.tanh(pixel_shuffle(self.output(x), 2))  # (batch, 1, image_size, image_size)


class ResidualDiscriminator(nn.Module):
    """Maps patches, shape (batch, 1, side, side), in [-1, 1] to scores, shape (batch,).

    It is the generator's mirror image: stages, halvings, a 4x4 convolution of each channel for
    itself, and a linear layer. No sample influences another's score. Where the architecture has
    classes, a map for each stands beside the patch (`ConditionedScorer`).
    """

    def __init__(self, architecture: ResidualArchitecture) -> None:
        super().__init__()
        channels = architecture.stage_channels[::-1]
        self.input = nn.Conv2d(4 * (1 + len(architecture.classes)), channels[0], 3, padding=1)
        self.stages = nn.ModuleList(
            _DownStage(architecture, before, after)
            for before, after in zip(channels, (*channels[1:], channels[-1]), strict=True)
        )
        self.basis = nn.Conv2d(
            channels[-1], channels[-1], SMALLEST_SIDE, groups=channels[-1], bias=False
        )
        self.output = nn.Linear(channels[-1], 1, bias=False)

    def forward(self, patches: Tensor) -> Tensor:
        """Return one score for each patch."""
        x = self.input(pixel_unshuffle(patches, 2))  # (batch, channels, side / 2, side / 2)
        last = len(self.stages) - 1
        for index, stage in enumerate(self.stages):
            x = stage(x, halved=index < last)  # half the side each time, down to 4x4
        scores: Tensor = self.output(self.basis(x).flatten(start_dim=1))  # (batch, 1)
        return scores.flatten()


class _UpStage(nn.Module):
    def __init__(self, architecture: ResidualArchitecture, before: int, after: int) -> None:
        super().__init__()
        self.transition = _transition(before, after)
        self.blocks = _blocks(architecture, after)

    def forward(self, x: Tensor, *, doubled: bool) -> Tensor:
        x = self.transition(x)  # before the doubling: it commutes with it and costs a quarter
        if doubled:
            x = interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        for block in self.blocks:
            x = block(x)
        return x


class _DownStage(nn.Module):
    def __init__(self, architecture: ResidualArchitecture, before: int, after: int) -> None:
        super().__init__()
        self.blocks = _blocks(architecture, before)
        self.transition = _transition(before, after)

    def forward(self, x: Tensor, *, halved: bool) -> Tensor:
        for block in self.blocks:
            x = block(x)
        changed: Tensor = self.transition(avg_pool2d(x, 2) if halved else x)
        return changed


class ResidualBlock(nn.Module):
    """Adds to a map, shape (batch, channels, height, width), what three convolutions make of it.

    The last one starts at 0, so that a new block passes its input on unchanged.
    """

    def __init__(self, channels: int, *, expansion: int, group_size: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.expand = nn.Conv2d(channels, wide, 1)
        self.spread = nn.Conv2d(wide, wide, 3, padding=1, groups=wide // group_size)
        self.contract = nn.Conv2d(wide, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the same shape."""
        inner = leaky_relu(self.expand(x), LEAK)
        inner = leaky_relu(self.spread(inner), LEAK)
        change: Tensor = self.contract(inner)
        return x + change


def _blocks(architecture: ResidualArchitecture, channels: int) -> nn.ModuleList:
    return nn.ModuleList(
        ResidualBlock(
            channels, expansion=architecture.expansion, group_size=architecture.group_size
        )
        for _ in range(architecture.blocks)
    )


def _transition(before: int, after: int) -> nn.Module:
    return nn.Identity() if before == after else nn.Conv2d(before, after, 1, bias=False)


def build_residual_network(
    network: Callable[[ResidualArchitecture], Network],
    architecture: ResidualArchitecture,
    random: torch.Generator,
) -> Network:
    """Build a network on the CPU with random weights, drawn from `random` alone.

    Every layer keeps its input's spread; the first two convolutions of a block are weaker the
    more blocks there are and the last one is 0, so that depth does not add up. Biases are 0. The
    four grey values of a point start equal, so that no grid shows.

    Source: Zhang et al. 2019 (Fixup, arXiv 1901.09321), as Huang et al. 2024 apply it.
    """
    with torch.random.fork_rng(devices=[]):  # torch's own initial draws leave no trace
        built = network(architecture)
    blocks = architecture.blocks * len(architecture.stage_channels)
    inner_gain = LEAKY_GAIN * blocks ** (-1 / (2 * LAYERS_IN_BLOCK - 2))
    for name, parameter in built.named_parameters():
        _initialise(name, parameter, inner_gain, random)
    return built


def _initialise(
    name: str, parameter: nn.Parameter, inner_gain: float, random: torch.Generator
) -> None:
    if name.endswith((".bias", "contract.weight")):
        nn.init.zeros_(parameter)
        return
    inside_block = name.endswith(("expand.weight", "spread.weight"))
    inputs = 1 if name == "basis" else parameter[0].numel()
    spread = (inner_gain if inside_block else 1.0) / math.sqrt(inputs)
    nn.init.normal_(parameter, 0.0, spread, generator=random)
    if name == "output.weight" and parameter.dim() == 4:  # the generator's
        with torch.no_grad():
            parameter.copy_(parameter[:1].expand_as(parameter))
