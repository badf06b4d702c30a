import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from centre_node.errors import TooFewPatchesError, TrainingDivergedError
from centre_node.generators.networks import DcganDiscriminator
from centre_node.generators.progress import TrainingProgress
from centre_node.generators.sampling import sample_patches
from centre_node.generators.state import new_state, training_step
from centre_node.generators.training import train_generator
from shared.architectures import DcganArchitecture
from shared.weights import inspect_weights
from tests.centre_node.generators.tiny import ARCHITECTURE, CPU, SIDE, discs, settings, train


def test_training_tells_every_epoch_and_leaves_weights_losses_and_pictures(tmp_path: Path) -> None:
    events: list[TrainingProgress] = []

    weights = train(tmp_path, settings(epochs=3), on_progress=events.append)

    assert weights == tmp_path / "weights.safetensors"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint.pt",
        "losses.csv",
        "samples",
        "training.json",
        "weights.safetensors",
    ]
    assert [(event.epoch, event.epochs) for event in events] == [(1, 3), (2, 3), (3, 3)]
    assert all(event.patches_per_second > 0 for event in events)
    with (tmp_path / "losses.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3]
    assert [float(row["generator_loss"]) for row in rows] == pytest.approx(
        [event.generator_loss for event in events], abs=1e-6
    )
    pictures = sorted((tmp_path / "samples").iterdir())
    assert [path.name for path in pictures] == ["epoch-0002.png", "epoch-0003.png"]
    picture = cv2.imread(str(pictures[0]))
    assert picture is not None
    assert min(picture.shape[:2]) >= 8 * SIDE


def test_the_seed_determines_the_weights(tmp_path: Path) -> None:
    torch.manual_seed(1)
    first = train(tmp_path / "first", settings(seed=3)).read_bytes()
    torch.manual_seed(2)

    assert train(tmp_path / "again", settings(seed=3)).read_bytes() == first
    assert train(tmp_path / "other", settings(seed=4)).read_bytes() != first


def test_training_leaves_the_global_random_state_alone(tmp_path: Path) -> None:
    before = torch.get_rng_state()

    train(tmp_path, settings(epochs=1))

    assert torch.equal(torch.get_rng_state(), before)


def test_fewer_patches_than_a_batch_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TooFewPatchesError, match="3 patches are fewer than one batch of 4"):
        train(tmp_path / "run", settings(), patches=discs(3))

    assert not (tmp_path / "run").exists()


def test_patches_of_another_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected uint8 \(n, 16, 16\)"):
        train(tmp_path, settings(), patches=discs(8, side=32))


def test_a_diverged_training_names_the_epoch_and_leaves_no_weights(tmp_path: Path) -> None:
    with pytest.raises(TrainingDivergedError, match="epoch 1"):
        train(tmp_path, settings(learning_rate=1e30))

    assert not (tmp_path / "weights.safetensors").exists()
    assert not (tmp_path / "checkpoint.pt").exists()


def test_bfloat16_trains_close_to_float32_and_keeps_float32_weights(tmp_path: Path) -> None:
    events: list[TrainingProgress] = []
    for precision in ("float32", "bfloat16"):
        training = settings(epochs=1, precision=precision)
        weights = train(tmp_path / precision, training, on_progress=events.append)
        inspect_weights(weights, ARCHITECTURE.generator_tensors())

    float32, bfloat16 = (event.generator_loss for event in events)
    assert bfloat16 == pytest.approx(float32, rel=0.05)
    assert bfloat16 != float32


def test_a_step_moves_both_networks_and_gives_the_discriminator_no_gradient_of_the_generators() -> (
    None
):
    training = settings()
    state, twin = (new_state(ARCHITECTURE, training, CPU) for _ in range(2))
    real = torch.rand(4, 1, SIDE, SIDE) * 2 - 1
    latents, labels = torch.randn(4, 8), torch.full((4,), 0.9)

    training_step(state, real, latents, labels, half=False)

    for network, untouched in (
        (state.generator, twin.generator),
        (state.discriminator, twin.discriminator),
    ):
        assert all(
            not torch.equal(after, before)
            for after, before in zip(network.parameters(), untouched.parameters(), strict=True)
        )
    assert all(parameter.requires_grad for parameter in state.discriminator.parameters())
    expected = _discriminators_own_gradient(twin.discriminator, twin.generator, real, latents)
    assert torch.allclose(_gradient(state.discriminator), expected, rtol=1e-4, atol=1e-7)


def _discriminators_own_gradient(
    discriminator: DcganDiscriminator,
    generator: nn.Module,
    real: torch.Tensor,
    latents: torch.Tensor,
) -> torch.Tensor:
    """The gradient written out with probabilities instead of logits."""
    on_real = discriminator(real).sigmoid()
    on_fake = discriminator(generator(latents).detach()).sigmoid()
    loss = -(0.9 * on_real.log() + 0.1 * (1 - on_real).log()).mean() - (1 - on_fake).log().mean()
    loss.backward()
    return _gradient(discriminator)


def _gradient(discriminator: DcganDiscriminator) -> torch.Tensor:
    gradient = discriminator.output.weight.grad
    assert gradient is not None
    return gradient


def test_a_generator_learns_what_discs_look_like(tmp_path: Path) -> None:
    architecture = DcganArchitecture(image_size=SIDE, latent_size=16, width=16)
    data = discs(128)

    weights = train_generator(
        data,
        architecture=architecture,
        training=settings(epochs=40, batch_size=16, checkpoint_every_epochs=40),
        folder=tmp_path,
        device=CPU,
        on_progress=lambda _event: None,
    )

    samples = sample_patches(weights, architecture, count=64, seed=0, device=CPU)
    (correlation,) = np.corrcoef(samples.mean(0).ravel(), data.mean(0).ravel())[0, 1:]
    assert correlation > 0.9
    assert samples.std(axis=0).mean() > 1  # not one patch again and again
