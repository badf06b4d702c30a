from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from centre_node.medigan.checkpoints import Checkpoint
from centre_node.medigan.errors import UnknownMediganModelError
from centre_node.medigan.known_models import KNOWN_MODELS
from centre_node.medigan.recognition import recognise
from tests.centre_node.medigan.layouts import (
    BcdrGenerator,
    OptimamGenerator,
    discriminator_state,
    zero_state,
)

State = dict[str, Tensor]


@pytest.fixture(scope="module")
def bcdr_state() -> State:
    return zero_state(BcdrGenerator())


@pytest.fixture(scope="module")
def optimam_state() -> State:
    return zero_state(OptimamGenerator())


def alone(state: State) -> Checkpoint:
    return Checkpoint(state, None, ())


def test_the_three_models_are_told_apart(bcdr_state: State, optimam_state: State) -> None:
    normalised, critic = (discriminator_state(normalised=norm) for norm in (True, False))

    told = [
        recognise(alone(optimam_state), "malign_mass_gen", None),
        recognise(Checkpoint(bcdr_state, normalised, ()), "500.pt", None),
        recognise(Checkpoint(bcdr_state, critic, ()), "10000.pt", None),
    ]

    assert [found.model for found in told] == list(KNOWN_MODELS)


def test_tensors_get_exactly_the_architectures_names_and_shapes(optimam_state: State) -> None:
    found = recognise(alone(optimam_state), "malign_mass_gen", None)

    expected = found.model.architecture.generator_tensors()
    shapes = {name: tuple(tensor.shape) for name, tensor in found.tensors.items()}
    assert shapes == {name: spec.shape for name, spec in expected.items()}
    assert all(tensor.is_contiguous() for tensor in found.tensors.values())


def test_each_tensor_keeps_its_own_values(optimam_state: State) -> None:
    state = optimam_state | {
        "model.3.weight": torch.full((450, 360, 4, 4), 3.0),
        "model.4.running_var": torch.full((360,), 4.0),
        "model.15.weight": torch.full((45, 1, 4, 4), 15.0),
    }

    tensors = recognise(alone(state), "malign_mass_gen", None).tensors

    found = {float(tensor.mean()): name for name, tensor in tensors.items() if tensor.any()}
    assert found == {
        3.0: "blocks.1.convolution.weight",
        4.0: "blocks.1.norm.running_var",
        15.0: "output.weight",
    }


def test_a_files_name_alone_tells_nothing(bcdr_state: State) -> None:
    with pytest.raises(UnknownMediganModelError, match="has the tensors of 00005 or 00006, but"):
        recognise(alone(bcdr_state), "malign_mass_gen", None)


def test_a_critic_beside_the_generator_outweighs_the_files_name(bcdr_state: State) -> None:
    checkpoint = Checkpoint(bcdr_state, discriminator_state(normalised=False), ())

    with pytest.raises(UnknownMediganModelError, match=r"of 00006, but .* 10000\.pt"):
        recognise(checkpoint, "500.pt", None)


def test_a_renamed_file_is_taken_as_what_the_caller_says_if_its_tensors_agree(
    bcdr_state: State,
) -> None:
    found = recognise(alone(bcdr_state), "bcdr.pt", "00006")

    assert found.model.number == "00006"
    with pytest.raises(UnknownMediganModelError, match="of 00005 or 00006, not of '00002'"):
        recognise(alone(bcdr_state), "bcdr.pt", "00002")


def test_early_layers_that_differ_from_their_copy_are_refused(bcdr_state: State) -> None:
    state = bcdr_state | {"first_layers.3.weight": torch.ones(1024, 512, 4, 4)}

    with pytest.raises(UnknownMediganModelError, match=r"'first_layers\.3\.weight' twice"):
        recognise(alone(state), "500.pt", None)


def test_a_copy_of_a_layer_that_is_not_there_is_refused(bcdr_state: State) -> None:
    state = bcdr_state | {"first_layers.99.weight": torch.ones(2)}

    with pytest.raises(UnknownMediganModelError, match=r"first_layers\.99\.weight"):
        recognise(alone(state), "500.pt", None)


def without(name: str) -> Callable[[State], State]:
    return lambda state: {key: tensor for key, tensor in state.items() if key != name}


def with_tensor(name: str, tensor: Tensor) -> Callable[[State], State]:
    return lambda state: state | {name: tensor}


@pytest.mark.parametrize(
    "change",
    [
        without("model.0.weight"),
        without("model.4.bias"),
        with_tensor("model.0.bias", torch.zeros(450)),
        with_tensor("model.16.weight", torch.zeros(2)),
        with_tensor("model.extra", torch.zeros(2)),
        with_tensor("model", torch.zeros(2)),
        with_tensor("encoder.0.weight", torch.zeros(2)),
        with_tensor("model.0.weight", torch.zeros(1).expand(200, 450, 5, 5)),
        with_tensor("model.15.weight", torch.zeros(45, 1, 4, 4, dtype=torch.float16)),
        with_tensor("model.1.running_mean", torch.zeros(1).expand(10**9)),
    ],
)
def test_one_tensor_more_less_or_other_makes_it_unknown(
    change: Callable[[State], State], optimam_state: State
) -> None:
    with pytest.raises(UnknownMediganModelError, match=r"known are 00002 .*, 00005 .*, 00006"):
        recognise(alone(change(optimam_state)), "malign_mass_gen", None)


def test_a_discriminator_alone_is_described_by_its_convolutions() -> None:
    state = discriminator_state(normalised=True)

    with pytest.raises(UnknownMediganModelError) as raised:
        recognise(alone(state), "500.pt", None)

    assert str(raised.value).startswith(
        "500.pt holds 11 tensors under 'embed_nn', 'main' with the convolutions 64x1x6x6, "
        "128x64x6x6, 256x128x6x6, 512x256x6x6, 1024x512x6x6, 1x1024x6x6; known are 00002 "
        "(channels 450-360-180-90-45, latents of 200, under 'model'), 00005"
    )


def test_a_critic_beside_optimams_generator_is_refused(optimam_state: State) -> None:
    checkpoint = Checkpoint(optimam_state, discriminator_state(normalised=False), ())

    with pytest.raises(UnknownMediganModelError, match="generator of 00002 beside a wgan-gp"):
        recognise(checkpoint, "malign_mass_gen", None)
