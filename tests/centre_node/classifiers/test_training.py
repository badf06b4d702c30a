import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from centre_node.averages import MovingAverage
from centre_node.classifiers import training
from centre_node.classifiers.errors import InitialWeightsError
from centre_node.classifiers.metrics import auprc
from centre_node.classifiers.networks import Cnn
from centre_node.classifiers.training import (
    NETWORKS,
    ClassifierProgress,
    lesion_log_odds,
    train_classifier,
)
from centre_node.errors import TrainingDivergedError
from centre_node.mammography.errors import OneClassOnlyError
from node_api.classifier_training import ClassifierName, ClassifierTraining

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
    name: ClassifierName = "cnn",
    path: Path | None = None,
    **changes: Any,
) -> nn.Module:
    return train_classifier(
        always(train),
        validation,
        name=name,
        image_size=SIDE,
        training=ClassifierTraining(
            **(changes if "steps" in changes else {"epochs": 3, **changes})
        ),
        seed=seed,
        device=CPU,
        on_epoch=on_epoch,
        initial_weights=path,
    )


def equal(first: nn.Module, second: nn.Module) -> bool:
    states = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in states)


@pytest.mark.slow
def test_a_classifier_learns_to_tell_discs_from_noise() -> None:
    test, labels = noise_and_discs(200, seed=2)

    network = trained(
        noise_and_discs(240, seed=0),
        noise_and_discs(60, seed=1),
        epochs=12,
        learning_rate=0.01,
    )

    assert roc_auc_score(labels, lesion_log_odds(network, test)) > 0.95


@pytest.mark.slow
def test_the_improved_recipe_learns_it_too() -> None:
    test, labels = noise_and_discs(200, seed=2)

    network = trained(
        noise_and_discs(240, seed=0),
        noise_and_discs(60, seed=1),
        recipe="improved",
        epochs=15,
        learning_rate=0.003,
        average_half_life_patches=300,
    )

    assert roc_auc_score(labels, lesion_log_odds(network, test)) > 0.95


@pytest.mark.slow
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
    assert auprc(validation[1], lesion_log_odds(network, validation[0])) == max(reached)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["paper", "improved"])
def test_arms_of_every_size_take_the_same_number_of_steps(recipe: str) -> None:
    validation = noise_and_discs(40, seed=1)

    for count in (10, 24, 200):
        events: list[ClassifierProgress] = []
        network = trained(
            noise_and_discs(count, seed=0),
            validation,
            recipe=recipe,
            steps=40,
            on_epoch=events.append,
        )
        reached = [event.validation_auprc for event in events]
        best = 1 + reached.index(max(reached))
        assert len(reached) == 20
        assert network.state_dict()["blocks.0.1.num_batches_tracked"].item() == 2 * best
        again = trained(noise_and_discs(count, seed=0), validation, recipe=recipe, steps=40)
        assert equal(network, again)


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

    with pytest.raises(
        OneClassOnlyError, match=rf"validation patches .* {8 * label} of the positive class"
    ):
        trained(noise_and_discs(24, seed=0), validation)


def test_training_patches_of_one_class_are_refused() -> None:
    pixels, labels = noise_and_discs(24, seed=0)

    with pytest.raises(OneClassOnlyError, match=r"training patches .* are 0 of the positive class"):
        trained((pixels, np.zeros_like(labels)), noise_and_discs(8, seed=1))


def test_a_diverged_training_names_the_epoch() -> None:
    with pytest.raises(TrainingDivergedError, match="epoch 1"):
        trained(noise_and_discs(48, seed=0), noise_and_discs(8, seed=1), learning_rate=1e30)


def test_log_odds_are_differences_of_logits_in_evaluation_mode_and_the_mode_comes_back() -> None:
    network = Cnn(SIDE).train()
    pixels, _ = noise_and_discs(100, seed=0)
    counter = network.state_dict()["blocks.0.1.num_batches_tracked"]

    log_odds = lesion_log_odds(network, pixels)

    assert network.training
    assert counter.item() == 0
    assert log_odds.dtype == np.float64
    inputs = torch.from_numpy(pixels).unsqueeze(1).float() / 127.5 - 1
    with torch.no_grad():
        healthy, lesion = network.eval()(inputs).double().T.numpy()
    assert np.allclose(log_odds, lesion - healthy)


def test_log_odds_do_not_saturate() -> None:
    network = Cnn(SIDE)
    last = network.head[-1]
    assert isinstance(last, nn.Linear)
    nn.init.zeros_(last.weight)
    last.bias = nn.Parameter(torch.tensor([-500.0, 500.0]))

    assert lesion_log_odds(network, np.zeros((2, SIDE, SIDE), np.uint8)).tolist() == [1000, 1000]


class _Recording(nn.Module):
    """Notes the grey value of every patch that it is trained on."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(2))
        self.seen: list[int] = []

    def forward(self, patches: Tensor) -> Tensor:
        if self.training:
            assert (patches == patches[:, :, :1, :1]).all()
            self.seen += ((patches[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()
        return self.bias + torch.zeros(len(patches), 2)


def test_every_patch_real_or_synthetic_is_trained_on_once_an_epoch_in_a_new_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = _Recording()
    monkeypatch.setitem(NETWORKS, "cnn", lambda _image_size, _training: network)
    greys = np.arange(61, dtype=np.uint8)  # each names its patch; from 41 on it is synthetic
    pixels = np.broadcast_to(greys[:, None, None], (61, SIDE, SIDE))

    trained((pixels, (greys > 30).astype(np.int64)), noise_and_discs(10, seed=1), epochs=2)

    first, second = network.seen[:61], network.seen[61:]
    assert sorted(first) == sorted(second) == greys.tolist()
    assert first != second
    assert sum(grey > 40 for grey in first) == 20


def test_the_improved_recipe_keeps_the_averaged_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[MovingAverage] = []

    class Noted(MovingAverage):
        def __init__(self, network: nn.Module, half_life: int) -> None:
            super().__init__(network, half_life)
            made.append(self)

    monkeypatch.setattr(training, "MovingAverage", Noted)

    network = trained(
        noise_and_discs(48, seed=0), noise_and_discs(10, seed=1), recipe="improved", epochs=1
    )

    assert equal(network, made[0].network)
    assert all(weights.requires_grad for weights in network.parameters())


@pytest.mark.parametrize("recipe", ["paper", "improved"])
def test_either_recipe_repeats_itself_bit_for_bit(recipe: str) -> None:
    train, validation = noise_and_discs(50, seed=0), noise_and_discs(10, seed=1)

    first, second, other = (
        trained(train, validation, recipe=recipe, seed=seed) for seed in (1, 1, 2)
    )

    assert equal(first, second)
    assert not equal(first, other)


def test_classical_augmentation_goes_with_the_papers_descent() -> None:
    train, validation = noise_and_discs(48, seed=0), noise_and_discs(10, seed=1)

    flips, classical = (
        trained(train, validation, augmentation=kind) for kind in ("flips", "classical")
    )

    assert not equal(flips, classical)


def test_bfloat16_changes_the_steps_and_leaves_float32_weights() -> None:
    train, validation = noise_and_discs(48, seed=0), noise_and_discs(10, seed=1)

    whole, half = (trained(train, validation, precision=p) for p in ("float32", "bfloat16"))

    assert not equal(whole, half)
    assert {weights.dtype for weights in half.parameters()} == {torch.float32}


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["paper", "improved"])
def test_a_swin_is_trained_from_patches_of_any_size_and_repeats_itself(recipe: str) -> None:
    first, second = (
        trained(
            noise_and_discs(2, seed=0),
            noise_and_discs(2, seed=1),
            name="swin",
            recipe=recipe,
            epochs=1,
            batch_size=2,
            swin_side_px=32,
        )
        for _ in range(2)
    )

    assert equal(first, second)


def saved(network: nn.Module, path: Path) -> str:
    """Write the weights and return their digest."""
    save_file({name: t.contiguous() for name, t in network.state_dict().items()}, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_training_starts_from_the_weights_of_a_file(tmp_path: Path) -> None:
    pretrained, path = Cnn(SIDE), tmp_path / "start.safetensors"
    digest = saved(pretrained, path)

    network = trained(
        noise_and_discs(12, seed=0),
        noise_and_discs(10, seed=1),
        epochs=1,
        learning_rate=1e-12,
        initial_weights=digest,
        path=path,
    )

    pairs = zip(network.parameters(), pretrained.parameters(), strict=True)
    assert all(torch.allclose(found, start) for found, start in pairs)


@pytest.mark.parametrize("given", ["file", "digest"])
def test_a_file_without_its_digest_and_a_digest_without_its_file_are_refused(
    given: str, tmp_path: Path
) -> None:
    path = tmp_path / "start.safetensors"
    digest = saved(Cnn(SIDE), path)

    with pytest.raises(InitialWeightsError, match=r"initial_weights are .*, but .* was given"):
        trained(
            noise_and_discs(12, seed=0),
            noise_and_discs(10, seed=1),
            initial_weights=digest if given == "digest" else None,
            path=path if given == "file" else None,
        )
