import pytest
import torch
from torch import nn

from centre_node.classifiers.networks import Cnn


def test_the_papers_network_has_its_number_of_parameters() -> None:
    network = Cnn(128)

    assert sum(parameter.numel() for parameter in network.parameters()) == 1_146_850


def test_the_papers_network_has_its_layers_in_order() -> None:
    names = [type(module).__name__ for module in Cnn(128).modules() if not list(module.children())]

    assert names == [
        *["Conv2d", "BatchNorm2d", "MaxPool2d", "ReLU"] * 4,
        *["Flatten", "Linear", "BatchNorm1d", "ReLU", "Dropout", "Linear"],
    ]
    dropout = next(module for module in Cnn(128).modules() if isinstance(module, nn.Dropout))
    assert dropout.p == 0.2


@pytest.mark.parametrize("image_size", [16, 48, 64, 128])
def test_every_patch_gets_two_logits(image_size: int) -> None:
    logits = Cnn(image_size)(torch.zeros(3, 1, image_size, image_size))

    assert logits.shape == (3, 2)


@pytest.mark.parametrize("image_size", [0, 8, 100])
def test_a_size_that_four_poolings_do_not_divide_is_refused(image_size: int) -> None:
    with pytest.raises(ValueError, match="multiple of 16"):
        Cnn(image_size)
