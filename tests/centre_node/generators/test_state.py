"""Random streams of a training: torch's own for short seeds, all of a long one's bits otherwise."""

from typing import Any

import numpy as np
import pytest
import torch

from centre_node.generators.state import INITIAL_WEIGHTS, TRAINING_DRAWS, random_stream


def drawn(seed: int, stream: int = TRAINING_DRAWS) -> list[int]:
    return torch.randint(0, 2**31, (700,), generator=random_stream(seed, stream)).tolist()


def test_a_short_seed_gives_the_stream_that_it_always_gave() -> None:
    (word,) = np.random.SeedSequence((7, TRAINING_DRAWS)).generate_state(1, np.uint32)

    of_torch = torch.Generator().manual_seed(int(word))

    assert drawn(7) == torch.randint(0, 2**31, (700,), generator=of_torch).tolist()


@pytest.mark.parametrize("seed", [2**32, 2**64 - 1])
def test_a_long_seed_fills_the_twister_as_numpy_would(seed: int) -> None:
    twister = np.random.MT19937()
    state: Any = twister.state
    key = np.random.SeedSequence((seed, TRAINING_DRAWS)).generate_state(624, np.uint32)
    twister.state = state | {"state": {"key": key, "pos": 624}}

    # A whole number of torch takes two words, of which the second is the lower half.
    assert drawn(seed) == (twister.random_raw(1400)[1::2] % 2**31).tolist()


def test_streams_and_neighbouring_seeds_have_nothing_in_common() -> None:
    seeds = [2**32 - 1, 2**32, 2**32 + 1, 2**63, 2**64 - 1]
    every = [drawn(seed, stream) for seed in seeds for stream in (INITIAL_WEIGHTS, TRAINING_DRAWS)]

    assert len({number for numbers in every for number in numbers}) > 0.999 * 700 * len(every)


def test_a_long_seeds_stream_is_kept_and_gone_on_with() -> None:
    random = random_stream(2**60, TRAINING_DRAWS)
    torch.randn(33, generator=random)
    other = torch.Generator()
    other.set_state(random.get_state())

    assert torch.equal(torch.randn(50, generator=other), torch.randn(50, generator=random))
