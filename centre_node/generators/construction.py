"""From an architecture to its networks."""

from functools import partial

import torch
from torch import nn

from centre_node.generators.class_networks import (
    DiscriminatorOfEachClass,
    GeneratorOfEachClass,
)
from centre_node.generators.networks import (
    DcganDiscriminator,
    DcganGenerator,
    build_network,
    keep_variance,
)
from centre_node.generators.residual_networks import (
    ResidualDiscriminator,
    ResidualGenerator,
    build_residual_network,
)
from node_api.generator_training import GeneratorTraining
from shared.architectures import Architecture, DcganArchitecture, ResidualArchitecture


def blank_generator(architecture: Architecture) -> nn.Module:
    """Return a generator whose weights are still to be given: no memory, no random draws."""
    with torch.device("meta"):
        match architecture:
            case DcganArchitecture():
                return _dcgan_generator(architecture)
            case ResidualArchitecture():
                return ResidualGenerator(architecture)


def new_generator(architecture: Architecture, random: torch.Generator) -> nn.Module:
    """Return a generator on the CPU with the architecture's random initial weights."""
    match architecture:
        case DcganArchitecture():
            return build_network(_dcgan_generator, architecture, random)
        case ResidualArchitecture():
            return build_residual_network(ResidualGenerator, architecture, random)


def new_discriminator(
    architecture: Architecture, training: GeneratorTraining, random: torch.Generator
) -> nn.Module:
    """Return the discriminator that is trained beside the architecture's generator, on the CPU."""
    match architecture:
        case DcganArchitecture():
            discriminator = partial(_dcgan_discriminator, normalised=is_normalised(training))
            built = build_network(discriminator, architecture, random)
            if training.privacy is not None:
                keep_variance(built)
            return built
        case ResidualArchitecture():
            return build_residual_network(ResidualDiscriminator, architecture, random)


def blank_discriminator(architecture: Architecture, training: GeneratorTraining) -> nn.Module:
    """Return a discriminator without memory, to count and measure."""
    with torch.device("meta"):
        match architecture:
            case DcganArchitecture():
                return _dcgan_discriminator(architecture, normalised=is_normalised(training))
            case ResidualArchitecture():
                return ResidualDiscriminator(architecture)


def _dcgan_generator(architecture: DcganArchitecture) -> nn.Module:
    if architecture.class_networks == "one_each":
        return GeneratorOfEachClass(architecture, DcganGenerator)
    return DcganGenerator(architecture)


def _dcgan_discriminator(architecture: DcganArchitecture, *, normalised: bool) -> nn.Module:
    network = partial(DcganDiscriminator, normalised=normalised)
    if architecture.class_networks == "one_each":
        return DiscriminatorOfEachClass(architecture, network)
    return network(architecture)


def is_normalised(training: GeneratorTraining) -> bool:
    """Tell whether a DCGAN's discriminator has BatchNorm.

    A loss that penalises the gradient of each score forbids it, and so does the recipe private: a
    score must depend on its own patch alone.

    Source: paper section 2.3.2; Bie et al. 2023 (arXiv 2302.02936).
    """
    return training.penalty_weight is None and training.privacy is None


def mixes_samples(network: nn.Module) -> bool:
    """Tell whether a patch's score depends on the others of its pass."""
    return any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
