from pathlib import Path

import pytest
import torch

from centre_node.generators.errors import CheckpointError
from centre_node.generators.starting import StartingNetworks, read_start
from centre_node.generators.state import new_state
from shared.architectures import DcganArchitecture
from tests.centre_node.generators.tiny import ARCHITECTURE, CPU, settings, train


@pytest.fixture
def start(tmp_path: Path) -> StartingNetworks:
    train(tmp_path, settings(seed=1))
    return read_start(tmp_path)


def test_a_state_gets_both_networks_of_the_other_training(start: StartingNetworks) -> None:
    state = new_state(ARCHITECTURE, settings(seed=2, average_half_life_images=50), CPU)

    start.put_into(state)

    networks = (
        (state.generator, start.generator),
        (state.discriminator, start.discriminator),
        (state.exported, start.generator),
    )
    for network, expected in networks:
        assert all(torch.equal(value, expected[key]) for key, value in network.state_dict().items())


@pytest.mark.parametrize(
    ("architecture", "loss"),
    [
        (DcganArchitecture(image_size=16, latent_size=8, width=8), "dcgan"),
        (ARCHITECTURE, "wgan-gp"),  # whose critic has no BatchNorm
    ],
)
def test_networks_that_do_not_fit_are_refused_in_a_sentence(
    start: StartingNetworks, architecture: DcganArchitecture, loss: str
) -> None:
    state = new_state(architecture, settings(loss=loss, seed=2), CPU)

    with pytest.raises(CheckpointError, match="are not those of this training"):
        start.put_into(state)


def test_a_folder_without_a_training_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_start(tmp_path)
