import pytest
import torch

from centre_node.generators.draws import EpochDraws, draw_epoch, real_batch
from centre_node.generators.pixels import from_8_bit, to_8_bit
from shared.cards import Loss
from tests.centre_node.generators.tiny import LOSSES, settings


def drawn(count: int, batch_size: int, loss: Loss = "dcgan") -> EpochDraws:
    return draw_epoch(
        count,
        settings(loss=loss, batch_size=batch_size),
        latent_size=5,
        random=torch.Generator().manual_seed(0),
    )


def test_an_epoch_shows_no_patch_twice_and_drops_the_last_incomplete_batch() -> None:
    draws = drawn(11, 4)

    assert len(draws) == 2
    assert draws.steps.order.shape == (2, 4)
    assert len(draws.steps.order.unique()) == 8
    assert draws[1].latents.shape == (4, 5)
    assert draws[1].labels.shape == (4,)


def test_each_step_of_the_critic_and_each_of_its_generator_has_latents_of_its_own() -> None:
    draws = drawn(12, 4, "wgan-gp").steps

    latents = torch.cat([draws.latents, draws.generator_latents]).reshape(-1, 5)
    assert len(latents) == 2 * 12
    assert len(latents.unique(dim=0)) == 2 * 12
    assert draws.mixing.shape == (3, 4)


def test_what_a_loss_does_not_use_is_not_drawn() -> None:
    unused = {"dcgan": (4, 5, 6), "wgan-gp": (3, 6), "relativistic": (3, 4, 5)}

    for loss in LOSSES:
        draws = drawn(12, 4, loss).steps
        empty = tuple(index for index, tensor in enumerate(draws) if tensor.numel() == 0)
        assert empty == unused[loss]


def test_half_of_the_patches_are_flipped_either_way() -> None:
    shares = drawn(4000, 4).steps.flips.float().mean((0, 1))

    assert shares.tolist() == pytest.approx([0.5, 0.5], abs=0.03)


def test_flips_mirror_the_chosen_patches_only() -> None:
    patch = torch.tensor([[[0, 1], [2, 3]]], dtype=torch.uint8)
    flips = torch.tensor([[False, False], [True, False], [False, True], [True, True]])

    batch = real_batch(patch, torch.tensor([0, 0, 0, 0]), flips)

    assert to_8_bit(batch).flatten(1).tolist() == [
        [0, 1, 2, 3],
        [1, 0, 3, 2],
        [2, 3, 0, 1],
        [3, 2, 1, 0],
    ]


def test_pixels_span_the_networks_range() -> None:
    assert from_8_bit(torch.tensor([0, 255], dtype=torch.uint8)).tolist() == [-1.0, 1.0]


def test_every_8_bit_value_survives_the_round_trip() -> None:
    pixels = torch.arange(256, dtype=torch.uint8)

    assert torch.equal(to_8_bit(from_8_bit(pixels)), pixels)


def test_values_outside_the_range_are_clipped_not_wrapped() -> None:
    assert to_8_bit(torch.tensor([-1.5, 1.01, 7.0])).tolist() == [0, 255, 255]


def test_values_of_another_range_become_black_to_white_and_are_clipped_outside() -> None:
    assert to_8_bit(torch.tensor([-0.5, 0.0, 0.5, 1.0]), (0.0, 1.0)).tolist() == [0, 0, 128, 255]
