"""The DCGAN's generator, discriminator and critic. Networks only: no loss, no optimiser."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor, nn

from shared.architectures import DcganArchitecture

Network = TypeVar("Network", bound=nn.Module)

CONVOLUTION_STD = 0.02
NORM_SCALE_STD = 0.02
LEAK = 0.1
GENERATOR_LEAK = 0.2


class DcganGenerator(nn.Module):
    """Maps latents, shape (batch, input_size), to patches, (batch, 1, side, side), in [-1, 1].

    Behind the latents stands what `with_classes` adds, where the architecture has classes.

    Its state holds `architecture.generator_tensors()` and BatchNorm's counters of batches.

    Source: paper section 2.3.1; section 2.3.3 where the activation is leaky.
    """

    def __init__(self, architecture: DcganArchitecture) -> None:
        super().__init__()
        channels = (architecture.input_size, *architecture.hidden_channels)
        leaky = architecture.activation == "leaky_relu"
        self.blocks = nn.ModuleList(
            _UpBlock(before, after, first=index == 0, leaky=leaky)
            for index, (before, after) in enumerate(pairwise(channels))
        )
        self.output = nn.ConvTranspose2d(channels[-1], 1, 4, stride=2, padding=1, bias=False)

    def forward(self, latents: Tensor) -> Tensor:
        """Return one patch for each latent."""
        x = latents[:, :, None, None]  # (batch, input_size, 1, 1)
        for block in self.blocks:
            x = block(x)  # (batch, channels, 4, 4), then twice the side each time
        return torch.tanh(self.output(x))  # (batch, 1, image_size, image_size)


class DcganDiscriminator(nn.Module):
    """Maps patches, shape (batch, 1, side, side), in [-1, 1] to scores, shape (batch,).

    Where the architecture has classes, a map for each stands beside the patch
    (`ConditionedScorer`).

    A score is a logit: above 0 the patch is held for real. The kernel of 6, against 4 in the
    generator, breaks their symmetry and weakens checkerboard patterns.

    Args:
        normalised: Whether all hidden layers but the first have BatchNorm. Without it this is
            the critic of the WGAN-GP: its scores are unbounded and each depends on its own patch.

    Source: paper sections 2.3.1 and 2.3.2.
    """

    def __init__(self, architecture: DcganArchitecture, *, normalised: bool = True) -> None:
        super().__init__()
        channels = (1 + len(architecture.classes), *reversed(architecture.hidden_channels))
        self.blocks = nn.ModuleList(
            _DownBlock(before, after, norm=normalised and index > 0)
            for index, (before, after) in enumerate(pairwise(channels))
        )
        self.output = nn.Conv2d(channels[-1], 1, 6, stride=1, padding=1, bias=False)

    def forward(self, patches: Tensor) -> Tensor:
        """Return one score for each patch."""
        x = patches
        for block in self.blocks:
            x = block(x)  # half the side each time, down to (batch, channels, 4, 4)
        scores: Tensor = self.output(x)  # (batch, 1, 1, 1)
        return scores.flatten()


class _UpBlock(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, *, first: bool, leaky: bool) -> None:
        super().__init__()
        self.leaky = leaky
        stride, padding = (1, 0) if first else (2, 1)
        self.convolution = nn.ConvTranspose2d(
            channels_in, channels_out, 4, stride=stride, padding=padding, bias=False
        )
        self.norm = nn.BatchNorm2d(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.convolution(x))
        return nn.functional.leaky_relu(x, GENERATOR_LEAK) if self.leaky else torch.relu(x)


class _DownBlock(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, *, norm: bool) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels_in, channels_out, 6, stride=2, padding=2, bias=False)
        self.norm = nn.BatchNorm2d(channels_out) if norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.leaky_relu(self.norm(self.convolution(x)), LEAK)


def build_network(
    network: Callable[[DcganArchitecture], Network],
    architecture: DcganArchitecture,
    random: torch.Generator,
) -> Network:
    """Build a network on the CPU with the DCGAN's random weights, drawn from `random` alone.

    Convolutions are drawn from N(0, 0.02) and BatchNorm scales from N(1, 0.02).

    Source: Radford et al. 2015 (reference 16 of the paper), section 3.
    """
    with torch.random.fork_rng(devices=[]):  # torch's own initial draws leave no trace
        built = network(architecture)
    for module in built.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, CONVOLUTION_STD, generator=random)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, NORM_SCALE_STD, generator=random)
    return built


@torch.no_grad()
def keep_variance(network: nn.Module) -> None:
    """Scale a built network's convolutions so that a map varies as much as the one before it.

    Without BatchNorm the DCGAN's small weights leave a narrow network with gradients far below any
    clip, and noise of the clip's size hides them.

    Source: He et al. 2015 (arXiv 1502.01852), equation 10.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            inputs = module.weight[0].numel()
            module.weight.mul_(math.sqrt(2 / inputs) / CONVOLUTION_STD)
