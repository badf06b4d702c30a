"""Declarative generators: hyper-parameters determine every tensor's name, shape and dtype.

A receiver rebuilds the network from these numbers; no code of the sender is ever run. The hub
uses the same table to refuse weights that do not fit, without loading a tensor library.
"""

from typing import Literal, NamedTuple

from pydantic import Field, field_validator

from shared.models import StrictModel


class TensorSpec(NamedTuple):
    """What a weight file must hold under one name."""

    shape: tuple[int, ...]
    dtype: Literal["F32"] = "F32"


class DcganArchitecture(StrictModel):
    """The DCGAN generator: latent vector to grey patch in [-1, 1].

    A first transposed convolution makes a 4x4 map; each further one doubles its side until
    `image_size`. Channels halve each time and the last map before the output has `width`.

    Source: paper section 2.3.1; its numbers are the defaults (12,784,512 parameters).
    """

    kind: Literal["dcgan"] = "dcgan"
    image_size: int = Field(128, ge=16, le=256, description="Side of a patch in pixels.")
    latent_size: int = Field(100, ge=1, le=1024)
    width: int = Field(64, ge=4, le=256, description="Channels of the last hidden map.")

    @field_validator("image_size")
    @classmethod
    def _power_of_two(cls, value: int) -> int:
        if value & (value - 1):
            raise ValueError(f"image_size must be a power of two, not {value}")
        return value

    @property
    def hidden_channels(self) -> tuple[int, ...]:
        """Channels of the hidden maps from 4x4 up: 1024, 512, 256, 128, 64 at the defaults."""
        doublings = (self.image_size // 8).bit_length() - 1
        return tuple(self.width << level for level in range(doublings, -1, -1))

    def generator_tensors(self) -> dict[str, TensorSpec]:
        """Return every tensor of the generator's weight file, by name, in order."""
        tensors: dict[str, TensorSpec] = {}
        channels_in = self.latent_size
        for index, channels in enumerate(self.hidden_channels):
            tensors[f"blocks.{index}.convolution.weight"] = TensorSpec(
                (channels_in, channels, 4, 4)
            )
            for part in ("weight", "bias", "running_mean", "running_var"):
                tensors[f"blocks.{index}.norm.{part}"] = TensorSpec((channels,))
            channels_in = channels
        tensors["output.weight"] = TensorSpec((channels_in, 1, 4, 4))
        return tensors


Architecture = DcganArchitecture
"""Every architecture that a card may declare."""
