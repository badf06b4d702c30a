from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import nn

from centre_node.classifiers.configuration import ClassifierTraining
from centre_node.classifiers.metrics import auprc
from centre_node.classifiers.networks import Cnn
from centre_node.classifiers.training import (
    ClassifierProgress,
    batches,
    lesion_probabilities,
    train_classifier,
)
from centre_node.errors import OneClassOnlyError, TrainingDivergedError

SIDE = 16
CPU = torch.device("cpu")

Patches = tuple[NDArray[np.uint8], NDArray[np.int64]]


def noise_and_discs(count: int, *, seed: int) -> Patches:
    """Every second patch has a faint disc somewhere."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    rows, columns = np.mgrid[:SIDE, :SIDE]
    top, left = random.uniform(4, SIDE - 5, (2, count, 1, 1))
    disc = 50 * (np.hypot(rows - top, columns - left) < 4) * labels[:, None, None]
    pixels = random.normal(100, 20, disc.shape) + disc
    return pixels.clip(0, 255).astype(np.uint8), labels


def always(patches: Patches) -> Callable[[np.random.Generator], Patches]:
    return lambda _random: patches


def trained(
    train: Patches,
    validation: Patches,
    *,
    seed: int = 0,
    on_epoch: Callable[[ClassifierProgress], None] = lambda _event: None,
    **changes: Any,
) -> nn.Module:
    return train_classifier(
        always(train),
        validation,
        name="cnn",
        image_size=SIDE,
        training=ClassifierTraining(**{"epochs": 3, **changes}),
        seed=seed,
        device=CPU,
        on_epoch=on_epoch,
    )


def equal(first: nn.Module, second: nn.Module) -> bool:
    states = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in states)


def test_a_classifier_learns_to_tell_discs_from_noise() -> None:
    test, labels = noise_and_discs(200, seed=2)

    network = trained(
        noise_and_discs(240, seed=0),
        noise_and_discs(60, seed=1),
        epochs=12,
        learning_rate=0.01,
    )

    assert roc_auc_score(labels, lesion_probabilities(network, test)) > 0.95


def test_batch_normalisation_learns_in_every_epoch_not_only_before_the_first_validation() -> None:
    events: list[ClassifierProgress] = []

    network = trained(
        noise_and_discs(48, seed=0), noise_and_discs(40, seed=1), epochs=6, on_epoch=events.append
    )

    assert [event.epoch for event in events] == [1, 2, 3, 4, 5, 6]
    reached = [event.validation_auprc for event in events]
    best_epoch = 1 + reached.index(max(reached))
    assert best_epoch > 1
    batches_seen = network.state_dict()["blocks.0.1.num_batches_tracked"].item()
    assert batches_seen == best_epoch * 48 // 12
    assert not network.training


def test_the_weights_of_the_best_epoch_are_kept() -> None:
    events: list[ClassifierProgress] = []
    pixels, labels = noise_and_discs(40, seed=1)
    validation = pixels, 1 - labels  # the better it learns, the worse it scores

    network = trained(noise_and_discs(48, seed=0), validation, epochs=8, on_epoch=events.append)

    reached = [event.validation_auprc for event in events]
    assert reached[-1] < max(reached)
    assert auprc(validation[1], lesion_probabilities(network, validation[0])) == max(reached)


def test_the_seed_determines_the_network_whatever_the_global_state() -> None:
    train, validation = noise_and_discs(25, seed=0), noise_and_discs(10, seed=1)
    torch.manual_seed(1)
    first = trained(train, validation, seed=3)
    torch.manual_seed(2)
    before = torch.get_rng_state()

    assert equal(trained(train, validation, seed=3), first)
    assert torch.equal(torch.get_rng_state(), before)
    assert not equal(trained(train, validation, seed=4), first)


def test_every_epoch_is_drawn_anew_from_the_seed() -> None:
    drawn: list[float] = []

    def draw_epoch(random: np.random.Generator) -> Patches:
        drawn.append(random.random())
        return noise_and_discs(24, seed=0)

    for _ in range(2):
        train_classifier(
            draw_epoch,
            noise_and_discs(10, seed=1),
            name="cnn",
            image_size=SIDE,
            training=ClassifierTraining(epochs=3),
            seed=5,
            device=CPU,
            on_epoch=lambda _event: None,
        )

    assert len(set(drawn)) == 3
    assert drawn[:3] == drawn[3:]


def test_the_callers_patches_are_not_changed() -> None:
    train = noise_and_discs(24, seed=0)
    pixels, labels = (part.copy() for part in train)

    trained(train, noise_and_discs(10, seed=1), epochs=1)

    assert np.array_equal(train[0], pixels)
    assert np.array_equal(train[1], labels)


@pytest.mark.parametrize("label", [0, 1])
def test_validation_patches_of_one_class_are_refused(label: int) -> None:
    pixels, _ = noise_and_discs(8, seed=1)
    validation = pixels, np.full(8, label, dtype=np.int64)

    with pytest.raises(OneClassOnlyError, match=rf"validation patches .* {8 * label} lesions"):
        trained(noise_and_discs(24, seed=0), validation)


def test_training_patches_of_one_class_are_refused() -> None:
    pixels, labels = noise_and_discs(24, seed=0)

    with pytest.raises(OneClassOnlyError, match=r"training patches .* 0 lesions and 24 healthy"):
        trained((pixels, np.zeros_like(labels)), noise_and_discs(8, seed=1))


def test_a_diverged_training_names_the_epoch() -> None:
    with pytest.raises(TrainingDivergedError, match="epoch 1"):
        trained(noise_and_discs(48, seed=0), noise_and_discs(8, seed=1), learning_rate=1e30)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(24, [12, 12]), (25, [12, 13]), (26, [12, 12, 2]), (13, [13]), (5, [5]), (1, [1])],
)
def test_no_batch_has_a_single_patch_beside_others(count: int, expected: list[int]) -> None:
    slices = list(batches(count, 12))

    assert [part.stop - part.start for part in slices] == expected
    assert [index for part in slices for index in range(count)[part]] == list(range(count))


def test_probabilities_are_a_softmax_in_evaluation_mode_and_the_mode_comes_back() -> None:
    network = Cnn(SIDE).train()
    pixels, _ = noise_and_discs(300, seed=0)
    counter = network.state_dict()["blocks.0.1.num_batches_tracked"]

    probabilities = lesion_probabilities(network, pixels)

    assert network.training
    assert counter.item() == 0
    assert probabilities.dtype == np.float64
    inputs = torch.from_numpy(pixels).unsqueeze(1).float() / 127.5 - 1
    with torch.no_grad():
        healthy, lesion = network.eval()(inputs).double().T.numpy()
    assert np.allclose(probabilities, np.exp(lesion) / (np.exp(healthy) + np.exp(lesion)))
