import pytest
import torch

from centre_node.generators.residual_networks import (
    ResidualBlock,
    ResidualDiscriminator,
    ResidualGenerator,
    build_residual_network,
)
from shared.architectures import ResidualArchitecture

SHAPES = [
    ResidualArchitecture(image_size=16, latent_size=7, width=4, group_size=4),
    ResidualArchitecture(
        image_size=32, latent_size=7, width=8, blocks=2, expansion=1, group_size=8
    ),
    ResidualArchitecture(image_size=64, latent_size=7, width=8, largest_width=16),
]


@pytest.mark.parametrize("architecture", SHAPES)
def test_the_generators_state_is_exactly_the_architectures(
    architecture: ResidualArchitecture,
) -> None:
    state = ResidualGenerator(architecture).state_dict()

    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    assert shapes == {name: spec.shape for name, spec in architecture.generator_tensors().items()}


@pytest.mark.parametrize("architecture", SHAPES)
def test_patches_have_the_declared_size_and_range_and_get_one_score(
    architecture: ResidualArchitecture,
) -> None:
    random = torch.Generator().manual_seed(0)
    side = architecture.image_size

    patches = build_residual_network(ResidualGenerator, architecture, random)(
        torch.randn(3, 7, generator=random)
    )
    scores = build_residual_network(ResidualDiscriminator, architecture, random)(patches)

    assert patches.shape == (3, 1, side, side)
    assert patches.abs().max() <= 1
    assert patches.std() > 0.1
    assert scores.shape == (3,)
    assert torch.isfinite(scores).all()


def test_a_new_block_passes_its_input_on_unchanged() -> None:
    network = build_residual_network(
        ResidualDiscriminator, SHAPES[0], torch.Generator().manual_seed(0)
    )
    blocks = [module for module in network.modules() if isinstance(module, ResidualBlock)]
    x = torch.randn(2, 4, 8, 8)

    assert len(blocks) == 2
    assert torch.equal(blocks[0](x), x)
    assert blocks[0].spread.weight.std() > 0


def test_a_patchs_score_does_not_depend_on_the_others() -> None:
    network = build_residual_network(
        ResidualDiscriminator, SHAPES[0], torch.Generator().manual_seed(0)
    )
    patches = torch.randn(4, 1, 16, 16)

    assert torch.allclose(network(patches)[:2], network(patches[:2]), atol=1e-6)


def test_initial_weights_depend_on_their_own_random_stream_only() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()

    first, second = (
        build_residual_network(ResidualGenerator, SHAPES[0], torch.Generator().manual_seed(5))
        for _ in range(2)
    )

    assert torch.equal(torch.get_rng_state(), before)
    assert all(
        torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True)
    )


def test_blocks_start_weaker_the_more_there_are() -> None:
    spreads = []
    for blocks in (1, 4):
        architecture = ResidualArchitecture(image_size=16, width=16, blocks=blocks)
        network = build_residual_network(
            ResidualGenerator, architecture, torch.Generator().manual_seed(0)
        )
        spreads.append(network.state_dict()["stages.0.blocks.0.expand.weight"].std().item())

    assert spreads[1] / spreads[0] == pytest.approx(4 ** (-1 / 4), rel=0.02)
