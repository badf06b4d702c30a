import itertools
import math

import pytest
from pydantic import ValidationError

from shared.architectures import DcganArchitecture


def test_the_papers_generator_has_12_784_512_parameters() -> None:
    parameters = sum(
        math.prod(spec.shape)
        for name, spec in DcganArchitecture().generator_tensors().items()
        if "running" not in name
    )

    assert parameters == 12_784_512


def test_the_papers_maps_have_1024_to_64_channels() -> None:
    assert DcganArchitecture().hidden_channels == (1024, 512, 256, 128, 64)


def test_the_smallest_generator_is_two_blocks_and_an_output() -> None:
    tensors = DcganArchitecture(image_size=16, latent_size=4, width=4).generator_tensors()

    assert [spec.shape for name, spec in tensors.items() if name.endswith("n.weight")] == [
        (4, 8, 4, 4),
        (8, 4, 4, 4),
    ]
    assert tensors["output.weight"].shape == (4, 1, 4, 4)


@pytest.mark.parametrize("size", [16, 32, 64, 128, 256])
def test_each_block_takes_what_the_one_before_gives(size: int) -> None:
    architecture = DcganArchitecture(image_size=size, latent_size=7, width=8)
    tensors = architecture.generator_tensors()
    sides = (7, *architecture.hidden_channels, 1)

    convolutions = [spec.shape for spec in tensors.values() if len(spec.shape) == 4]

    assert [shape[:2] for shape in convolutions] == list(itertools.pairwise(sides))
    assert 4 * 2 ** (len(convolutions) - 1) == size


@pytest.mark.parametrize("size", [0, 8, 48, 100, 512])
def test_a_size_that_no_block_makes_is_refused(size: int) -> None:
    with pytest.raises(ValidationError, match="image_size"):
        DcganArchitecture(image_size=size)
