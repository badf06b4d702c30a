from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from centre_node.generators.construction import new_generator as new_residual_generator
from centre_node.generators.networks import DcganGenerator, build_network
from centre_node.generators.sampling import sample_patches
from centre_node.generators.weights import export_weights, load_generator
from shared.architectures import DcganArchitecture
from shared.errors import NonFiniteWeightsError, NotSafetensorsError, WrongTensorsError
from shared.weights import inspect_weights
from tests.centre_node.generators.tiny import ARCHITECTURE, CPU, RESIDUAL, SIDE


def new_generator(seed: int = 0) -> DcganGenerator:
    return build_network(DcganGenerator, ARCHITECTURE, torch.Generator().manual_seed(seed))


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    generator = new_generator()
    generator(torch.randn(8, ARCHITECTURE.latent_size))  # moves the running statistics
    path = tmp_path / "weights.safetensors"
    export_weights(generator, ARCHITECTURE, path)
    return path


def test_the_file_holds_exactly_the_architectures_tensors(weights: Path) -> None:
    inspect_weights(weights, ARCHITECTURE.generator_tensors())

    assert list(load_file(weights)) == sorted(ARCHITECTURE.generator_tensors())


def test_a_loaded_generator_makes_the_same_patches(tmp_path: Path) -> None:
    generator = new_generator()
    generator(torch.randn(8, ARCHITECTURE.latent_size))
    latents = torch.randn(3, ARCHITECTURE.latent_size)
    path = tmp_path / "weights.safetensors"

    export_weights(generator, ARCHITECTURE, path)

    loaded = load_generator(path, ARCHITECTURE, CPU)
    assert not loaded.training
    assert torch.equal(loaded(latents), generator.eval()(latents))


def test_a_residual_generator_leaves_and_comes_back_the_same(tmp_path: Path) -> None:
    generator = new_residual_generator(RESIDUAL, torch.Generator().manual_seed(0)).eval()
    path = tmp_path / "weights.safetensors"

    export_weights(generator, RESIDUAL, path)

    inspect_weights(path, RESIDUAL.generator_tensors())
    latents = torch.randn(3, RESIDUAL.latent_size)
    assert torch.equal(load_generator(path, RESIDUAL, CPU)(latents), generator(latents))
    assert sample_patches(path, RESIDUAL, count=5, seed=1, device=CPU).std(axis=0).mean() > 1
    with pytest.raises(WrongTensorsError):
        load_generator(path, ARCHITECTURE, CPU)


def test_weights_that_are_not_finite_are_never_written(tmp_path: Path) -> None:
    generator = new_generator()
    with torch.no_grad():
        generator.output.weight[0, 0, 0, 0] = torch.nan

    with pytest.raises(NonFiniteWeightsError, match=r"output\.weight"):
        export_weights(generator, ARCHITECTURE, tmp_path / "weights.safetensors")

    assert list(tmp_path.iterdir()) == []


def test_weights_of_another_architecture_are_refused(weights: Path) -> None:
    with pytest.raises(WrongTensorsError):
        load_generator(weights, DcganArchitecture(image_size=SIDE, latent_size=8, width=8), CPU)


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    torch.save(new_generator().state_dict(), path)

    with pytest.raises(NotSafetensorsError):
        load_generator(path, ARCHITECTURE, CPU)


def test_a_seed_gives_the_same_patches_each_time_and_other_seeds_others(weights: Path) -> None:
    first, again, other = (
        sample_patches(weights, ARCHITECTURE, count=5, seed=seed, device=CPU) for seed in (7, 7, 8)
    )

    assert first.shape == (5, SIDE, SIDE)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("count", [1, 64, 65, 130])
def test_fewer_patches_are_the_first_of_more(weights: Path, count: int) -> None:
    many = sample_patches(weights, ARCHITECTURE, count=200, seed=1, device=CPU)

    few = sample_patches(weights, ARCHITECTURE, count=count, seed=1, device=CPU)

    assert np.array_equal(few, many[:count])


def test_sampling_leaves_the_global_random_state_alone(weights: Path) -> None:
    before = torch.get_rng_state()

    sample_patches(weights, ARCHITECTURE, count=3, seed=1, device=CPU)

    assert torch.equal(torch.get_rng_state(), before)
