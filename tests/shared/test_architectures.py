import itertools
import math
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.architectures import (
    OPTIMAM_DCGAN,
    Architecture,
    DcganArchitecture,
    ResidualArchitecture,
)

ANY: TypeAdapter[DcganArchitecture | ResidualArchitecture] = TypeAdapter(Architecture)


def parameters(architecture: DcganArchitecture) -> int:
    return sum(
        math.prod(spec.shape)
        for name, spec in architecture.generator_tensors().items()
        if "running" not in name
    )


def test_the_papers_generator_has_12_784_512_parameters() -> None:
    assert parameters(DcganArchitecture()) == 12_784_512


def test_the_generator_trained_on_optimam_has_5_395_770_parameters() -> None:
    assert parameters(OPTIMAM_DCGAN) == 5_395_770
    assert OPTIMAM_DCGAN.hidden_channels == (450, 360, 180, 90, 45)


def test_multipliers_that_halve_are_the_default_channels() -> None:
    halving = DcganArchitecture(channel_multipliers=(16, 8, 4, 2, 1))

    assert halving.generator_tensors() == DcganArchitecture().generator_tensors()


@pytest.mark.parametrize("multipliers", [(), (1,), (8, 4, 2, 1), (32, 16, 8, 4, 2, 1)])
def test_a_number_of_multipliers_that_is_not_the_number_of_maps_is_refused(
    multipliers: tuple[int, ...],
) -> None:
    with pytest.raises(ValidationError, match=f"has {len(multipliers)} entries, .* 128 needs 5"):
        DcganArchitecture(channel_multipliers=multipliers)


@pytest.mark.parametrize("change", [{"channel_multipliers": [0] * 5}, {"activation": "gelu"}])
def test_channels_and_activations_that_no_generator_has_are_refused(
    change: dict[str, Any],
) -> None:
    with pytest.raises(ValidationError, match=next(iter(change))):
        DcganArchitecture.model_validate(change)


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


def test_the_residual_maps_have_512_to_32_channels() -> None:
    assert ResidualArchitecture().stage_channels == (512, 256, 128, 64, 32)
    assert ResidualArchitecture(image_size=16, width=16).stage_channels == (32, 16)
    assert ResidualArchitecture(largest_width=128).stage_channels == (128, 128, 128, 64, 32)


def test_the_smallest_residual_generator_has_these_tensors_and_no_others() -> None:
    architecture = ResidualArchitecture(image_size=16, latent_size=3, width=4, group_size=2)

    tensors = architecture.generator_tensors()

    assert {name: spec.shape for name, spec in tensors.items()} == {
        "basis": (8, 4, 4),
        "latent.weight": (8, 3),
        "stages.0.blocks.0.expand.weight": (16, 8, 1, 1),
        "stages.0.blocks.0.expand.bias": (16,),
        "stages.0.blocks.0.spread.weight": (16, 2, 3, 3),
        "stages.0.blocks.0.spread.bias": (16,),
        "stages.0.blocks.0.contract.weight": (8, 16, 1, 1),
        "stages.1.transition.weight": (4, 8, 1, 1),
        "stages.1.blocks.0.expand.weight": (8, 4, 1, 1),
        "stages.1.blocks.0.expand.bias": (8,),
        "stages.1.blocks.0.spread.weight": (8, 2, 3, 3),
        "stages.1.blocks.0.spread.bias": (8,),
        "stages.1.blocks.0.contract.weight": (4, 8, 1, 1),
        "output.weight": (4, 4, 3, 3),
        "output.bias": (4,),
    }


def test_stages_of_equal_width_need_no_transition() -> None:
    names = ResidualArchitecture(image_size=64, largest_width=64).generator_tensors()

    assert [name for name in names if "transition" in name] == ["stages.3.transition.weight"]


@pytest.mark.parametrize("changes", [{"width": 12}, {"largest_width": 500}])
def test_channels_that_no_group_divides_are_refused(changes: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match=f"{next(iter(changes))} .* no multiple of"):
        ResidualArchitecture.model_validate(changes)


@pytest.mark.parametrize(
    "architecture", [DcganArchitecture(width=8), OPTIMAM_DCGAN, ResidualArchitecture()]
)
def test_an_architecture_read_back_is_the_same(
    architecture: DcganArchitecture | ResidualArchitecture,
) -> None:
    assert ANY.validate_json(ANY.dump_json(architecture)) == architecture


def test_a_document_without_a_kind_is_a_dcgans() -> None:
    assert ANY.validate_python({"image_size": 64, "width": 16}) == DcganArchitecture(
        image_size=64, width=16
    )


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="the kind of an architecture is dcgan or residual"):
        ANY.validate_python({"kind": "python"})
