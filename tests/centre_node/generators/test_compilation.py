"""A compiled step beside the eager one."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch

from centre_node.generators import compilation
from centre_node.generators.draws import draw_epoch
from centre_node.generators.errors import CompilationError
from centre_node.generators.graphs import fastest_step
from centre_node.generators.schedules import follow_schedules
from centre_node.generators.state import new_state
from centre_node.generators.steps import TrainingStep, training_step
from tests.centre_node.generators.tiny import ARCHITECTURE, CPU, LOSSES, discs, settings, train

STEPS = 6


def new_step(loss: str) -> TrainingStep:
    training = settings(loss=loss)
    state = new_state(ARCHITECTURE, training, CPU)
    follow_schedules(state, training)
    return training_step(state, training, torch.tensor(discs(4 * STEPS)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "backend"),
    [
        *((loss, "aot_eager") for loss in LOSSES),
        *(pytest.param(loss, "inductor", marks=pytest.mark.nightly) for loss in LOSSES),
    ],
)
def test_a_compiled_step_gives_the_losses_of_the_eager_one_within_a_rounding(
    loss: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step starts from the weights that the steps before have left.

    With "aot_eager" networks and losses become the same graphs, derivatives in them, and PyTorch
    runs these; it takes a minute to write programs from them and to have those compiled.
    """
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=backend))
    eager, other = new_step(loss), new_step(loss)
    compiled = fastest_step(other, graphs=False, compiles=True)
    random = torch.Generator().manual_seed(0)
    draws = draw_epoch(4 * STEPS, settings(loss=loss), latent_size=8, random=random)

    for index in range(STEPS):
        due = loss != "wgan-gp" or index % 2 == 1
        expected = eager(draws[index], with_generator=due)
        assert torch.allclose(
            compiled(draws[index], with_generator=due), expected, rtol=1e-4, atol=1e-5
        )

    first = next(other.state.generator.parameters())
    assert not torch.equal(first, next(new_step(loss).state.generator.parameters()))


@pytest.mark.slow
def test_what_cannot_be_compiled_is_said_before_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_numbers: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no working C++ compiler\nand a long explanation")

    monkeypatch.setattr(compilation, "_smallest", fails)

    with pytest.raises(CompilationError, match=r"device cpu: no working C\+\+ compiler$"):
        train(tmp_path, settings(compile=True))

    assert not (tmp_path / "checkpoint.pt").exists()


@pytest.mark.slow
def test_a_machine_without_a_compiler_is_told_so(tmp_path: Path) -> None:
    code = (
        "from centre_node.generators.errors import CompilationError\n"
        "from tests.centre_node.generators.test_compilation import new_step\n"
        "from centre_node.generators.compilation import compile_step\n"
        "try:\n    compile_step(new_step('dcgan'))\n"
        "except CompilationError as error:\n    print(error)\n"
    )
    environment = {
        **os.environ,
        "CXX": str(tmp_path / "no-compiler"),
        "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache"),
        "CUDA_VISIBLE_DEVICES": "",
    }

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        cwd=Path(__file__).parents[3],
        check=True,
    )

    assert done.stdout.startswith("nothing can be compiled for the device cpu: ")
    assert len(done.stdout.splitlines()) == 1
    assert "compiler" in done.stdout
