from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

from centre_node.generators.networks import DcganDiscriminator, DcganGenerator, build_network
from shared.architectures import DcganArchitecture

PAPER = DcganArchitecture()
SIZES = [(16, 4), (32, 8), (64, 4), (128, 4), (256, 4)]


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def on_paper(build: Callable[[DcganArchitecture], nn.Module]) -> nn.Module:
    with torch.device("meta"):
        return build(PAPER)


def test_the_papers_generator_has_its_number_of_parameters() -> None:
    assert parameters(on_paper(DcganGenerator)) == 12_784_512


def test_the_papers_discriminator_has_its_number_of_parameters() -> None:
    assert parameters(on_paper(DcganDiscriminator)) == 25_110_528


def test_the_papers_critic_has_its_number_of_parameters_and_no_normalisation() -> None:
    critic = on_paper(partial(DcganDiscriminator, normalised=False))

    assert parameters(critic) == 25_106_688
    kinds = {type(module).__name__ for module in critic.modules()}
    assert kinds == {"DcganDiscriminator", "ModuleList", "_DownBlock", "Conv2d", "Identity"}


def test_the_papers_discriminator_has_its_channels_and_kernels() -> None:
    layers = [m for m in on_paper(DcganDiscriminator).modules() if isinstance(m, nn.Conv2d)]

    assert [layer.out_channels for layer in layers] == [64, 128, 256, 512, 1024, 1]
    assert {layer.kernel_size for layer in layers} == {(6, 6)}
    assert [layer.stride[0] for layer in layers] == [2, 2, 2, 2, 2, 1]
    assert all(layer.bias is None for layer in layers)


def test_the_discriminator_normalises_every_hidden_layer_but_the_first() -> None:
    norms = [m for m in on_paper(DcganDiscriminator).modules() if isinstance(m, nn.BatchNorm2d)]

    assert [norm.num_features for norm in norms] == [128, 256, 512, 1024]


@pytest.mark.parametrize(("image_size", "width"), SIZES)
def test_the_generators_state_is_the_architectures_and_counters(
    image_size: int, width: int
) -> None:
    architecture = DcganArchitecture(image_size=image_size, width=width)

    state = DcganGenerator(architecture).state_dict()

    shapes = {
        name: tuple(tensor.shape)
        for name, tensor in state.items()
        if not name.endswith("num_batches_tracked")
    }
    assert shapes == {name: spec.shape for name, spec in architecture.generator_tensors().items()}


@pytest.mark.parametrize(("image_size", "width"), SIZES)
def test_patches_have_the_declared_size_and_range_and_get_one_score(
    image_size: int, width: int
) -> None:
    architecture = DcganArchitecture(image_size=image_size, width=width, latent_size=7)

    patches = DcganGenerator(architecture)(torch.randn(3, 7))
    scores = DcganDiscriminator(architecture)(patches)

    assert patches.shape == (3, 1, image_size, image_size)
    assert patches.abs().max() <= 1
    assert scores.shape == (3,)


def test_initial_weights_have_the_dcgans_spread() -> None:
    architecture = DcganArchitecture(image_size=32, width=32)

    network = build_network(DcganDiscriminator, architecture, torch.Generator().manual_seed(0))

    state = network.state_dict()
    convolution, scale = state["blocks.2.convolution.weight"], state["blocks.2.norm.weight"]
    assert convolution.std().item() == pytest.approx(0.02, rel=0.02)
    assert convolution.mean().item() == pytest.approx(0.0, abs=0.001)
    assert scale.mean().item() == pytest.approx(1.0, abs=0.01)
    assert scale.std().item() == pytest.approx(0.02, rel=0.2)
    assert not state["blocks.2.norm.bias"].any()


def test_initial_weights_depend_on_their_own_random_stream_only() -> None:
    architecture = DcganArchitecture(image_size=16, width=4)
    torch.manual_seed(1)
    before = torch.get_rng_state()

    first = build_network(DcganGenerator, architecture, torch.Generator().manual_seed(5))

    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    second = build_network(DcganGenerator, architecture, torch.Generator().manual_seed(5))
    assert all(
        torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True)
    )
