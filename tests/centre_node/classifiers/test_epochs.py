import numpy as np
import pytest
import torch

from centre_node.classifiers.epochs import Epoch, batches, mix_epoch, network_input

CPU = torch.device("cpu")
SIDE = 4


def epoch(count: int, *, classical: bool = False, seed: int = 0) -> Epoch:
    """Patches that no flip leaves as they are, each with its number as its label."""
    corner = np.zeros((count, SIDE, SIDE), dtype=np.uint8)
    corner[:, 0, 0] = 1 + np.arange(count)
    random = np.random.default_rng(seed)
    return mix_epoch(corner, np.arange(count), random, device=CPU, classical=classical)


def test_every_patch_comes_once_with_its_label_in_random_order() -> None:
    mixed = epoch(50)

    labels = mixed.labels.tolist()
    assert sorted(labels) == list(range(50))
    assert labels != sorted(labels)
    assert mixed.pixels.flatten(1).sum(1).tolist() == [1 + label for label in labels]


def test_each_of_the_four_mirrorings_comes_about_as_often() -> None:
    pixels = epoch(200).pixels

    corners = [(pixels[:, row, column] > 0).sum().item() for row in (0, -1) for column in (0, -1)]

    assert sum(corners) == 200
    assert min(corners) > 30


def test_patches_stay_8_bit_until_a_batch_is_taken() -> None:
    mixed = epoch(10)

    inputs = mixed.inputs(slice(0, 4))

    assert mixed.pixels.dtype == torch.uint8
    assert inputs.dtype == torch.float32
    assert torch.equal(inputs, network_input(mixed.pixels[:4]))


def test_asking_for_more_augmentation_changes_neither_order_nor_flips() -> None:
    flips, classical = epoch(30), epoch(30, classical=True)

    assert torch.equal(classical.pixels, flips.pixels)
    assert torch.equal(classical.labels, flips.labels)
    assert not torch.equal(classical.inputs(slice(0, 30)), flips.inputs(slice(0, 30)))


def test_the_seed_determines_the_inputs() -> None:
    first, second, other = (
        epoch(30, classical=True, seed=seed).inputs(slice(0, 30)) for seed in (1, 1, 2)
    )

    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_read_only_and_reversed_arrays_are_taken_as_they_are() -> None:
    pixels = np.broadcast_to(np.uint8(7), (5, SIDE, SIDE))
    labels = np.arange(5)[::-1]

    mixed = mix_epoch(pixels, labels, np.random.default_rng(0), device=CPU, classical=False)

    assert (mixed.pixels == 7).all()
    assert sorted(mixed.labels.tolist()) == [0, 1, 2, 3, 4]


def test_8_bit_values_reach_the_network_between_minus_one_and_one() -> None:
    inputs = network_input(torch.tensor([[[0, 255]]], dtype=torch.uint8))

    assert inputs.tolist() == [[[[-1.0, 1.0]]]]


@pytest.mark.parametrize(
    ("count", "expected"),
    [(24, [12, 12]), (25, [12, 13]), (26, [12, 12, 2]), (13, [13]), (5, [5]), (1, [1])],
)
def test_no_batch_has_a_single_patch_beside_others(count: int, expected: list[int]) -> None:
    slices = list(batches(count, 12))

    assert [part.stop - part.start for part in slices] == expected
    assert [index for part in slices for index in range(count)[part]] == list(range(count))
