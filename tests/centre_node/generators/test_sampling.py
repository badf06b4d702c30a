"""Patches of an ensemble; those of one file are in test_weights_and_sampling."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from centre_node.generators import sampling
from centre_node.generators.file_draws import file_batches
from centre_node.generators.networks import DcganGenerator, build_network
from centre_node.generators.sampling import generate, sample_ensemble, sample_patches
from centre_node.generators.weights import export_weights, load_generator
from shared.errors import NotSafetensorsError
from tests.centre_node.generators.tiny import ARCHITECTURE, CPU, SIDE

FILES = 3


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("weights")
    paths = [folder / f"{number}.safetensors" for number in range(FILES)]
    for number, path in enumerate(paths):
        random = torch.Generator().manual_seed(number)
        generator = build_network(DcganGenerator, ARCHITECTURE, random)
        generator(torch.randn(8, ARCHITECTURE.latent_size, generator=random))
        export_weights(generator, ARCHITECTURE, path)
    return paths


def sampled(
    files: list[Path], count: int, *, seed: int = 1, shares: tuple[float, ...] | None = None
) -> NDArray[np.uint8]:
    patches = np.zeros((count, SIDE, SIDE), dtype=np.uint8)
    left = set(range(count))

    def keep(places: NDArray[np.int64], made: NDArray[np.uint8]) -> None:
        left.difference_update(places.tolist())
        patches[places] = made

    sample_ensemble(
        files, ARCHITECTURE, count=count, seed=seed, device=CPU, shares=shares, keep=keep
    )
    assert not left
    return patches


def plain_loop(path: Path, count: int, *, seed: int) -> NDArray[np.uint8]:
    """One file's patches, written down without regard to memory."""
    generator = load_generator(path, ARCHITECTURE, CPU)
    random = torch.Generator().manual_seed(seed)
    batches = [
        generate(generator, torch.randn(64, ARCHITECTURE.latent_size, generator=random))
        for _ in range(0, count, 64)
    ]
    return np.concatenate(batches)[:count]


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
def test_an_ensemble_of_one_is_the_single_file(files: list[Path], count: int) -> None:
    expected = plain_loop(files[0], count, seed=1)

    assert np.array_equal(sampled(files[:1], count), expected)
    assert np.array_equal(sampled(files[:1], count, shares=(1.0,)), expected)
    assert np.array_equal(
        sample_patches(files[0], ARCHITECTURE, count=count, seed=1, device=CPU), expected
    )


@pytest.mark.parametrize("shares", [None, (0.6, 0.3, 0.1)])
def test_each_patch_is_what_its_file_makes_of_its_latent(
    files: list[Path], shares: tuple[float, ...] | None
) -> None:
    of_each = np.stack([plain_loop(path, 200, seed=1) for path in files])
    drawn = file_batches(FILES, shares, seed=1, batch=200)

    expected = of_each[next(drawn), np.arange(200)]

    made = sampled(files, 200, shares=shares).astype(int)
    assert np.abs(made - expected).max() <= 1  # another row of a batch may round otherwise
    assert (made != expected).mean() < 0.001


@pytest.mark.parametrize("shares", [None, (0.6, 0.3, 0.1)])
@pytest.mark.parametrize("count", [1, 2, 64, 65, 191, 192, 193])
def test_fewer_patches_are_the_first_of_more(
    files: list[Path], count: int, shares: tuple[float, ...] | None
) -> None:
    many = sampled(files, 400, shares=shares)

    assert np.array_equal(sampled(files, count, shares=shares), many[:count])


def test_a_seed_gives_the_same_patches_each_time_and_other_seeds_others(files: list[Path]) -> None:
    first, again, other = (sampled(files, 30, seed=seed) for seed in (5, 5, 6))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_one_generator_is_loaded_at_a_time_and_each_once(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    alive: list[int] = []

    class Counted(torch.nn.Module):
        def __init__(self, inner: torch.nn.Module) -> None:
            super().__init__()
            self.inner = inner
            alive.append(1)

        def __del__(self) -> None:
            alive.pop()

        def forward(self, latents: torch.Tensor) -> torch.Tensor:
            assert len(alive) == 1
            made: torch.Tensor = self.inner(latents)
            return made

    def load(path: Path, *rest: object) -> Counted:
        loaded.append(path.name)
        return Counted(load_generator(path, *rest))  # type: ignore[arg-type]

    monkeypatch.setattr(sampling, "load_generator", load)
    sampled(files, 300)

    assert loaded == [path.name for path in files]
    assert alive == []


def test_no_more_than_a_batch_is_handed_over_at_once_and_each_place_once(
    files: list[Path],
) -> None:
    places: list[NDArray[np.int64]] = []

    sample_ensemble(
        files,
        ARCHITECTURE,
        count=500,
        seed=1,
        device=CPU,
        keep=lambda where, _made: places.append(where),
    )

    assert max(map(len, places)) <= sampling.BATCH
    assert sorted(np.concatenate(places).tolist()) == list(range(500))


def test_a_file_that_makes_no_patch_is_not_opened(files: list[Path], tmp_path: Path) -> None:
    makes_the_first = int(next(file_batches(2, None, seed=1, batch=64))[0])
    pair = [tmp_path / "none.safetensors", tmp_path / "none.safetensors"]
    pair[makes_the_first] = files[0]

    assert sampled(pair, 1).shape == (1, SIDE, SIDE)


def test_a_file_that_is_not_of_the_architecture_is_refused(
    files: list[Path], tmp_path: Path
) -> None:
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"no weights")

    with pytest.raises(NotSafetensorsError):
        sampled([*files, other], 64)
