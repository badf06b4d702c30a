from collections.abc import Sequence
from itertools import chain, islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centre_node.generators.file_draws import file_batches


def drawn(
    count: int, files: int, shares: Sequence[float] | None = None, *, seed: int = 0, batch: int = 64
) -> list[int]:
    batches = file_batches(files, shares, seed=seed, batch=batch)
    return [int(number) for number in islice(chain.from_iterable(batches), count)]


def test_a_seed_draws_the_same_files_in_every_version() -> None:
    assert drawn(12, 4, seed=7) == [1, 3, 2, 0, 3, 0, 1, 2, 3, 2, 0, 1]
    assert drawn(12, 3, (0.5, 0.25, 0.25), seed=7) == [2, 0, 0, 0, 0, 1, 2, 0, 0, 1, 0, 0]


def test_one_file_makes_everything() -> None:
    assert set(drawn(200, 1)) == {0}
    assert set(drawn(200, 1, (1.0,))) == {0}


def test_each_of_51_files_makes_one_of_every_51_patches() -> None:
    numbers = np.array(drawn(51 * 20, 51)).reshape(20, 51)

    assert (np.sort(numbers, axis=1) == np.arange(51)).all()
    assert len({tuple(order) for order in numbers}) == 20


@given(files=st.integers(1, 60), count=st.integers(0, 500), seed=st.integers(0, 2**64 - 1))
def test_counts_of_an_even_draw_never_differ_by_more_than_one(
    files: int, count: int, seed: int
) -> None:
    counts = np.bincount(drawn(count, files, seed=seed), minlength=files)

    assert counts.max() - counts.min() <= 1


@given(
    shares=st.one_of(st.none(), st.just((0.1, 0.2, 0.7))),
    batch=st.integers(1, 200),
    fewer=st.integers(0, 400),
    seed=st.integers(0, 2**64 - 1),
)
def test_neither_batch_nor_count_changes_a_draw(
    shares: tuple[float, ...] | None, batch: int, fewer: int, seed: int
) -> None:
    more = drawn(400, 3, shares, seed=seed)

    assert drawn(fewer, 3, shares, seed=seed, batch=batch) == more[:fewer]


def test_counts_of_a_draw_by_shares_are_within_five_binomial_deviations() -> None:
    shares, count = np.array([0.05, 0.15, 0.3, 0.5]), 20_000

    counts = np.bincount(drawn(count, 4, shares.tolist(), seed=3), minlength=4)

    deviations = np.sqrt(count * shares * (1 - shares))
    assert (np.abs(counts - count * shares) < 5 * deviations).all()


def test_shares_count_in_proportion() -> None:
    assert drawn(300, 2, (0.1, 0.3)) == drawn(300, 2, (0.25, 0.75))


@pytest.mark.parametrize("shares", [None, (0.5, 0.5)])
def test_other_seeds_draw_otherwise(shares: tuple[float, ...] | None) -> None:
    assert drawn(64, 2, shares, seed=0) != drawn(64, 2, shares, seed=1)
