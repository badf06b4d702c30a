import csv
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from centre_node.errors import TrainingDivergedError
from centre_node.generators import loop as generator_loop
from centre_node.generators import training_data
from centre_node.generators.draws import StepDraws
from centre_node.generators.errors import FlatPatchesError, ModeCollapseError, TooFewPatchesError
from centre_node.generators.progress import FinishedEpoch
from centre_node.generators.sampling import sample_patches
from centre_node.generators.steps import TrainingStep
from centre_node.generators.training import train_generator
from shared.architectures import Architecture, DcganArchitecture, ResidualArchitecture
from shared.weights import inspect_weights
from tests.centre_node.generators.tiny import ARCHITECTURE, CPU, SIDE, discs, settings, train


def test_training_tells_every_epoch_and_leaves_weights_losses_and_pictures(tmp_path: Path) -> None:
    events: list[FinishedEpoch] = []

    weights = train(tmp_path, settings(epochs=3), on_progress=events.append)

    assert weights == tmp_path / "weights.safetensors"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint.pt",
        "epoch-samples",
        "losses.csv",
        "samples",
        "training.json",
        "weights.safetensors",
    ]
    assert [(event.epoch, event.epochs) for event in events] == [(1, 3), (2, 3), (3, 3)]
    assert all(event.patches_per_second > 0 for event in events)
    assert all(event.seconds_left > 0 for event in events[:-1])
    assert events[-1].seconds_left == 0
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
    with pytest.raises(TrainingDivergedError, match=r"epoch 1 .* no checkpoint was written before"):
        train(tmp_path, settings(learning_rate=1e30))

    assert not (tmp_path / "weights.safetensors").exists()
    assert not (tmp_path / "checkpoint.pt").exists()


class CountingStep:
    """Counts updates, and notes which patches and latents they are given."""

    def __init__(self, step: TrainingStep) -> None:
        self._step = step
        self.updates = ""
        self.seen: list[StepDraws] = []

    def __call__(self, draws: StepDraws, *, with_generator: bool) -> torch.Tensor:
        before = self._steps()
        losses = self._step(draws, with_generator=with_generator)
        critic, generator = (now - then for now, then in zip(self._steps(), before, strict=True))
        self.updates += "c" * critic + "g" * generator
        self.seen.append(draws)
        return losses

    def _steps(self) -> tuple[int, int]:
        state = self._step.state
        return _adam_steps(state.discriminator_optimiser), _adam_steps(state.generator_optimiser)


def _adam_steps(optimiser: torch.optim.Optimizer) -> int:
    return max((int(entry["step"]) for entry in optimiser.state.values()), default=0)


def test_the_wgan_gp_makes_exactly_5_critic_steps_for_each_of_the_generator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[CountingStep] = []

    def counted(step: TrainingStep, *, graphs: bool, compiles: bool) -> CountingStep:
        assert not graphs
        assert not compiles
        steps.append(CountingStep(step))
        return steps[0]

    monkeypatch.setattr(training_data, "fastest_step", counted)
    events: list[FinishedEpoch] = []

    train(tmp_path, settings(loss="wgan-gp", epochs=5), on_progress=events.append)

    (step,) = steps
    assert step.updates == "cccccg" * 3  # 5 epochs of 3 batches
    latents = torch.cat([draws.latents for draws in step.seen])
    assert len(latents.unique(dim=0)) == 15 * 4
    for epoch in range(5):
        order = torch.cat([draws.order for draws in step.seen[3 * epoch : 3 * epoch + 3]])
        assert len(order.unique()) == 12  # every critic step has patches of its own
    assert [event.generator_loss is None for event in events] == [True, False, True, False, False]


def test_a_wgan_gp_epoch_without_a_generators_step_has_an_empty_cell(tmp_path: Path) -> None:
    train(tmp_path, settings(loss="wgan-gp", epochs=2))

    first, second = (tmp_path / "losses.csv").read_text().splitlines()[1:]
    assert first.endswith(",")
    assert float(second.rpartition(",")[2]) != 0


def test_what_is_exported_is_the_moving_average(tmp_path: Path) -> None:
    changes = {"loss": "relativistic", "epochs": 2}
    averaged = train(tmp_path / "averaged", settings(average_half_life_images=10**6, **changes))
    plain = train(tmp_path / "plain", settings(average_half_life_images=None, **changes))

    content = torch.load(tmp_path / "averaged" / "checkpoint.pt", weights_only=True)["state"]

    weights, current = load_file(averaged), load_file(plain)
    for name, tensor in weights.items():
        assert torch.equal(tensor, content["average"]["network"][name])
    assert torch.equal(current["output.weight"], content["generator"]["output.weight"])
    assert not torch.equal(weights["output.weight"], current["output.weight"])


def test_samples_that_become_alike_are_warned_of_or_stop_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = iter([0.5, 0.02, 0.5, 0.02])
    monkeypatch.setattr(generator_loop, "diversity", lambda _samples, _real: next(found))
    events: list[FinishedEpoch] = []

    train(tmp_path / "warned", settings(), on_progress=events.append)

    assert [event.warning for event in events[:3]] == [None] * 3
    assert events[3].warning is not None
    reason = r"after epoch 4 .* 2\.0% .* under 10\.0%"
    assert re.fullmatch(f"the samples look alike: {reason}", events[3].warning)
    with pytest.raises(
        ModeCollapseError, match=rf"mode collapse: {reason}; the last good .* of epoch 2"
    ):
        train(tmp_path / "stopped", settings(on_collapse="stop"))


def test_a_generator_that_never_moves_is_found_to_have_collapsed(tmp_path: Path) -> None:
    events: list[FinishedEpoch] = []

    train(tmp_path, settings(learning_rate=1e-12, on_collapse="stop"), on_progress=events.append)

    assert [event.warning is not None for event in events] == [False, False, False, True]


def test_a_training_that_collapse_stopped_can_be_resumed_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(tmp_path / "whole", settings())
    with monkeypatch.context() as drawn:
        found = iter([0.5, 0.02])
        drawn.setattr(generator_loop, "diversity", lambda _samples, _real: next(found))
        with pytest.raises(ModeCollapseError):
            train(tmp_path / "stopped", settings(on_collapse="stop"))

    weights = train(tmp_path / "stopped", settings(on_collapse="warn"))

    assert weights.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    ("patches", "fault"),
    [
        (np.full((14, SIDE, SIDE), 90, dtype=np.uint8), "each of the 14 patches is of one grey"),
        (
            np.broadcast_to(np.arange(14, dtype=np.uint8)[:, None, None], (14, SIDE, SIDE)),
            "each of the 14 patches is of one grey value",
        ),
        (np.repeat(discs(1), 14, axis=0), "the 14 patches are one and the same"),
    ],
)
def test_patches_without_anything_to_learn_are_refused(
    tmp_path: Path, patches: NDArray[np.uint8], fault: str
) -> None:
    with pytest.raises(FlatPatchesError, match=fault):
        train(tmp_path / "flat", settings(), patches=patches)

    assert not (tmp_path / "flat").exists()


def test_what_a_training_computes_in_is_settled_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    chosen = train(tmp_path / "auto", settings(epochs=1, precision="auto"))
    asked = train(tmp_path / "float32", settings(epochs=1))

    assert chosen.read_bytes() == asked.read_bytes()
    assert '"precision": "float32"' in (tmp_path / "auto" / "training.json").read_text()


def test_bfloat16_trains_close_to_float32_and_keeps_float32_weights(tmp_path: Path) -> None:
    events: list[FinishedEpoch] = []
    for precision in ("float32", "bfloat16"):
        training = settings(epochs=1, precision=precision)
        weights = train(tmp_path / precision, training, on_progress=events.append)
        inspect_weights(weights, ARCHITECTURE.generator_tensors())

    float32, bfloat16 = (event.generator_loss for event in events)
    assert bfloat16 == pytest.approx(float32, rel=0.05)
    assert bfloat16 != float32


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "loss", "epochs", "rate"),
    [
        (DcganArchitecture(image_size=SIDE, latent_size=16, width=16), "dcgan", 40, 2e-4),
        (DcganArchitecture(image_size=SIDE, latent_size=16, width=8), "wgan-gp", 80, 1e-3),
        (
            ResidualArchitecture(image_size=SIDE, latent_size=16, width=8),
            "relativistic",
            20,
            1e-3,
        ),
    ],
)
def test_a_generator_learns_what_discs_look_like(
    tmp_path: Path, architecture: Architecture, loss: str, epochs: int, rate: float
) -> None:
    data = discs(128)

    weights = train_generator(
        data,
        architecture=architecture,
        training=settings(
            loss=loss,
            epochs=epochs,
            batch_size=16,
            learning_rate=rate,
            checkpoint_every_epochs=epochs,
        ),
        folder=tmp_path,
        device=CPU,
        on_epoch=lambda _event: None,
    )

    samples = sample_patches(weights, architecture, count=64, seed=0, device=CPU)
    (correlation,) = np.corrcoef(samples.mean(0).ravel(), data.mean(0).ravel())[0, 1:]
    assert correlation > 0.9
    assert samples.std(axis=0).mean() > 1  # not one patch again and again
