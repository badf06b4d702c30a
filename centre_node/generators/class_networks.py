"""A generator and a discriminator that are a network for each class.

Each network sees the latents or the patches of its class alone, its BatchNorm too, so that the
networks are those of as many trainings, a class each. From outside they are one network that is
told the classes, and are trained, exported, drawn from and attacked as such.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from shared.architectures import DcganArchitecture


class OneForEachClass(nn.Module):
    """Shares the patches of a pass out among networks, by class.

    Args:
        architecture: Has classes; the networks are of `of_one_class()`.
        build: Builds one of them.
    """

    networks: nn.ModuleList

    def __init__(
        self, architecture: DcganArchitecture, build: Callable[[DcganArchitecture], nn.Module]
    ) -> None:
        super().__init__()
        alone = architecture.of_one_class()
        self.networks = nn.ModuleList(build(alone) for _class in architecture.classes)

    def _shared_out(self, inputs: Tensor, classes: Tensor) -> Tensor:
        """Return what the networks make of the inputs, in the inputs' order.

        Args:
            inputs: Shape (n, ...), without the classes.
            classes: The class's number of each, shape (n,).
        """
        if inputs.is_meta:  # where only shapes are asked for nothing has a class
            output: Tensor = self.networks[0](inputs)
            return output
        places = [(classes == number).nonzero()[:, 0] for number in range(len(self.networks))]
        made = [
            network(inputs[own])
            for network, own in zip(self.networks, places, strict=True)
            if len(own)
        ]
        return torch.cat(made)[torch.argsort(torch.cat(places))]


class GeneratorOfEachClass(OneForEachClass):
    """Maps latents with their classes, shape (batch, input_size), to patches."""

    def forward(self, latents: Tensor) -> Tensor:
        """Return one patch for each row, drawn by the network of its class."""
        rows = latents[:, -len(self.networks) :]
        return self._shared_out(latents[:, : -len(self.networks)], rows.argmax(dim=1))


class DiscriminatorOfEachClass(OneForEachClass):
    """Maps patches with a map for each class beside them to scores, shape (batch,)."""

    def forward(self, patches: Tensor) -> Tensor:
        """Return one score for each patch, of the network of its class."""
        return self._shared_out(patches[:, :1], patches[:, 1:, 0, 0].argmax(dim=1))
