"""Declarative generators: hyper-parameters determine every tensor's name, shape and dtype.

A receiver rebuilds the network from these numbers; no code of the sender is ever run. The hub
uses the same table to refuse weights that do not fit, without loading a tensor library.
"""

from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from shared.models import StrictModel
from shared.names import InWords, Pathology


class TensorSpec(NamedTuple):
    """What a weight file must hold under one name.

    Attributes:
        may_be_negative: False of a variance, whose root would be NaN.
    """

    shape: tuple[int, ...]
    dtype: Literal["F32"] = "F32"
    may_be_negative: bool = True


def _power_of_two(value: int) -> int:
    if value & (value - 1):
        raise ValueError(f"image_size must be a power of two, not {value}")
    return value


ImageSize = Annotated[
    int, Field(ge=16, le=256), AfterValidator(_power_of_two), InWords("a power of two")
]

Multiplier = Annotated[int, Field(ge=1, le=32)]
"""Channels of a map in widths; 32 is the most that halving gives, at 256 px."""


def _none_or_both(classes: tuple[Pathology, ...]) -> tuple[Pathology, ...]:
    if classes and sorted(classes) != ["benign", "malignant"]:
        raise ValueError(
            f"classes are benign and malignant, each once, or none, not {', '.join(classes)}"
        )
    return classes


PatchClasses = Annotated[
    tuple[Pathology, ...],
    Field(
        max_length=2,
        exclude_if=lambda classes: not classes,
        description="What a patch can be asked to show, in the order of the numbers behind the "
        "latents; none for a generator that draws whatever it learned.",
    ),
    AfterValidator(_none_or_both),
]


ClassNetworks = Literal["shared", "one_each"]

Output = Literal["patch", "residual"]

DrawnOutput = Annotated[
    Output,
    Field(
        exclude_if=lambda output: output == "patch",
        description="What is drawn: a patch; or, to be painted on healthy patches, a residual, "
        "which is what a lesion adds to the tissue beneath it. Its grey 128 adds nothing.",
    ),
]


class DcganArchitecture(StrictModel):
    """The DCGAN generator: latent vector to grey patch in [-1, 1].

    A first transposed convolution makes a 4x4 map; each further one doubles its side until
    `image_size`. Channels halve each time and the last map before the output has `width`, unless
    `channel_multipliers` says otherwise. That and `activation` are written only where they differ
    from the default, so that what was written before they were known is still the same text.

    Source: paper section 2.3.1; its numbers are the defaults (12,784,512 parameters). The
    generator of section 2.3.3 has 5,395,770: see `OPTIMAM_DCGAN`.
    """

    kind: Literal["dcgan"] = "dcgan"
    image_size: ImageSize = Field(128, description="Side of a patch in pixels.")
    latent_size: int = Field(100, ge=1, le=1024, description="Random numbers of a patch.")
    width: int = Field(
        64,
        ge=4,
        le=256,
        description="Channels of the last hidden map; more can draw finer detail, and take longer.",
    )
    channel_multipliers: Annotated[tuple[Multiplier, ...], Field(max_length=8)] | None = Field(
        None,
        exclude_if=lambda given: given is None,
        description="Channels of each hidden map from 4x4 up, in widths; None halves them down "
        "to 1.",
    )
    activation: Literal["relu", "leaky_relu"] = Field(
        "relu",
        exclude_if=lambda given: given == "relu",
        description="After each hidden map; leaky_relu has a slope of 0.2 below zero.",
    )
    classes: PatchClasses = ()
    class_networks: ClassNetworks = Field(
        "shared",
        exclude_if=lambda given: given == "shared",
        description="With classes: shared, one network that is told a patch's class; or one_each, "
        "a network for each class, which learns from that class alone.",
    )
    output: DrawnOutput = "patch"

    @model_validator(mode="after")
    def _networks_have_classes(self) -> Self:
        if self.class_networks == "one_each" and not self.classes:
            raise ValueError(
                'class_networks = "one_each" needs classes = ["benign", "malignant"]; without '
                "classes there is one network anyway"
            )
        return self

    @model_validator(mode="after")
    def _one_multiplier_for_each_map(self) -> Self:
        given, maps = self.channel_multipliers, self._doublings + 1
        if given is not None and len(given) != maps:
            raise ValueError(
                f"channel_multipliers has {len(given)} entries, but image_size {self.image_size} "
                f"needs {maps}"
            )
        return self

    def of_one_class(self) -> "DcganArchitecture":
        """Return what one network is where each class has its own."""
        return self.model_copy(update={"classes": (), "class_networks": "shared"})

    @property
    def input_size(self) -> int:
        """Numbers that the generator makes a patch of: latents and one for each class."""
        return self.latent_size + len(self.classes)

    @property
    def hidden_channels(self) -> tuple[int, ...]:
        """Channels of the hidden maps from 4x4 up: 1024, 512, 256, 128, 64 at the defaults."""
        halving = tuple(1 << level for level in range(self._doublings, -1, -1))
        return tuple(self.width * factor for factor in self.channel_multipliers or halving)

    @property
    def _doublings(self) -> int:
        """How often the side doubles between the first hidden map and the last."""
        return (self.image_size // 8).bit_length() - 1

    def generator_tensors(self) -> dict[str, TensorSpec]:
        """Return every tensor of the generator's weight file, by name, in order."""
        if self.class_networks == "one_each":
            of_each = self.of_one_class().generator_tensors()
            return {
                f"networks.{number}.{name}": spec
                for number in range(len(self.classes))
                for name, spec in of_each.items()
            }
        tensors: dict[str, TensorSpec] = {}
        channels_in = self.input_size
        for index, channels in enumerate(self.hidden_channels):
            tensors[f"blocks.{index}.convolution.weight"] = TensorSpec(
                (channels_in, channels, 4, 4)
            )
            for part in ("weight", "bias", "running_mean"):
                tensors[f"blocks.{index}.norm.{part}"] = TensorSpec((channels,))
            variance = TensorSpec((channels,), may_be_negative=False)
            tensors[f"blocks.{index}.norm.running_var"] = variance
            channels_in = channels
        tensors["output.weight"] = TensorSpec((channels_in, 1, 4, 4))
        return tensors


OPTIMAM_DCGAN = DcganArchitecture(
    latent_size=200, width=45, channel_multipliers=(10, 8, 4, 2, 1), activation="leaky_relu"
)
"""The generator that Alyafi et al. trained on OPTIMAM's masses.

Source: paper section 2.3.3; its numbers are those of medigan's model 00002.
"""


class ResidualArchitecture(StrictModel):
    """A residual generator without normalisation: latent vector to grey patch in [-1, 1].

    The latent vector scales a learned 4x4 map. Each stage holds `blocks` residual blocks (1x1 to
    `expansion` times the channels, grouped 3x3, 1x1 back); between two stages the side doubles
    and, where the channels differ, a 1x1 convolution changes them. The last stage has half the
    patch's side: a 3x3 convolution makes four grey values for each of its points, which are laid
    out as 2x2 pixels, and tanh bounds them.

    Source: Huang et al. 2024 (arXiv 2501.05441), section 4, configuration E.
    Deviation: one block in a stage instead of two, because patches are few; none at full size,
    because most of the time would go there; tanh, because a receiver relies on the range.
    """

    kind: Literal["residual"] = "residual"
    image_size: ImageSize = Field(128, description="Side of a patch in pixels.")
    latent_size: int = Field(64, ge=1, le=1024, description="Random numbers of a patch.")
    width: int = Field(
        32,
        ge=4,
        le=256,
        description="Channels of the last hidden map; more can draw finer detail, and take longer.",
    )
    largest_width: int = Field(512, ge=4, le=1024, description="No map has more channels.")
    blocks: int = Field(1, ge=1, le=4, description="Residual blocks in a stage.")
    expansion: int = Field(2, ge=1, le=4, description="Widening inside a block.")
    group_size: int = Field(16, ge=1, le=256, description="Channels that a 3x3 sees together.")
    classes: PatchClasses = ()
    output: DrawnOutput = "patch"

    @model_validator(mode="after")
    def _groups_divide_channels(self) -> Self:
        for name, width in (("width", self.width), ("largest_width", self.largest_width)):
            if width * self.expansion % self.group_size:
                raise ValueError(
                    f"{name} {width} times expansion {self.expansion} is no multiple of "
                    f"group_size {self.group_size}"
                )
        return self

    @property
    def input_size(self) -> int:
        """Numbers that the generator makes a patch of: latents and one for each class."""
        return self.latent_size + len(self.classes)

    @property
    def stage_channels(self) -> tuple[int, ...]:
        """Channels of each stage from 4x4 up: 512, 256, 128, 64, 32 at the defaults."""
        doublings = (self.image_size // 8).bit_length() - 1
        return tuple(
            min(self.width << level, self.largest_width) for level in range(doublings, -1, -1)
        )

    def generator_tensors(self) -> dict[str, TensorSpec]:
        """Return every tensor of the generator's weight file, by name, in order."""
        channels_in = self.stage_channels[0]
        tensors = {
            "basis": TensorSpec((channels_in, 4, 4)),
            "latent.weight": TensorSpec((channels_in, self.input_size)),
        }
        for index, channels in enumerate(self.stage_channels):
            if channels != channels_in:
                name = f"stages.{index}.transition.weight"
                tensors[name] = TensorSpec((channels, channels_in, 1, 1))
            for block in range(self.blocks):
                tensors |= self._block_tensors(f"stages.{index}.blocks.{block}", channels)
            channels_in = channels
        tensors["output.weight"] = TensorSpec((4, channels_in, 3, 3))
        tensors["output.bias"] = TensorSpec((4,))
        return tensors

    def _block_tensors(self, name: str, channels: int) -> dict[str, TensorSpec]:
        wide = channels * self.expansion
        return {
            f"{name}.expand.weight": TensorSpec((wide, channels, 1, 1)),
            f"{name}.expand.bias": TensorSpec((wide,)),
            f"{name}.spread.weight": TensorSpec((wide, self.group_size, 3, 3)),
            f"{name}.spread.bias": TensorSpec((wide,)),
            f"{name}.contract.weight": TensorSpec((channels, wide, 1, 1)),
        }


def _kind(value: Any) -> Any:
    """Return an architecture's kind; documents from before there were two leave it out."""
    return value.get("kind", "dcgan") if isinstance(value, dict) else getattr(value, "kind", None)


Architecture = Annotated[
    Annotated[DcganArchitecture, Tag("dcgan")] | Annotated[ResidualArchitecture, Tag("residual")],
    Discriminator(
        _kind,
        custom_error_type="unknown_architecture",
        custom_error_message="the kind of an architecture is dcgan or residual",
    ),
]
"""Every architecture that a card may declare."""
