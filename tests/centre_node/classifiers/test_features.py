import numpy as np
import pytest
import torch
from torch import nn

from centre_node.classifiers import features as module
from centre_node.classifiers.features import classifier_features
from centre_node.classifiers.networks import Cnn
from tests.centre_node.fidelity.radiomics.textures import clouds


def cnn() -> Cnn:
    torch.manual_seed(0)
    return Cnn(32)


def test_features_are_what_the_last_layer_decides_on() -> None:
    network, patches = cnn().eval(), clouds(5)

    features = classifier_features(network)(patches)

    last = network.head[-1]
    assert isinstance(last, nn.Linear)
    with torch.inference_mode():
        logits = network(torch.tensor(patches)[:, None].float() / 127.5 - 1)
        decided = last(torch.tensor(features).float())
    assert features.shape == (5, 128)
    assert features.dtype == np.float64
    assert torch.allclose(decided, logits, atol=1e-6)


def test_the_network_is_given_back_as_it_was() -> None:
    network = cnn().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}

    features = classifier_features(network)(clouds(3))

    assert network.training
    assert np.array_equal(features, classifier_features(network)(clouds(3)))  # no dropout
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not any(layer._forward_pre_hooks for layer in network.modules())


def test_many_patches_are_taken_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    extract, patches = classifier_features(cnn()), clouds(5)
    together = extract(patches)

    monkeypatch.setattr(module, "BATCH", 2)

    assert extract(patches) == pytest.approx(together, abs=1e-5)
    assert extract(patches[:0]).shape == (0, 128)


def test_a_network_without_a_linear_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="no linear layer"):
        classifier_features(nn.Conv2d(1, 1, 3))
