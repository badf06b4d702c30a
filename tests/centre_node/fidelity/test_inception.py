"""Features of an Inception network, from a file of random weights in torchvision's layout."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from centre_node.fidelity.errors import FeatureWeightsError
from centre_node.fidelity.features import Features
from tests.centre_node.fidelity.radiomics.textures import clouds


def features_by(weights: Path) -> Features:
    # torchvision takes seconds, of every process that collects tests
    from centre_node.fidelity.inception import load_inception_features

    return load_inception_features(weights, torch.device("cpu"))


@pytest.fixture(scope="module")
def network() -> nn.Module:
    from torchvision.models import inception_v3

    torch.manual_seed(0)
    made: nn.Module = inception_v3(weights=None, init_weights=False, transform_input=True)
    return made.eval()


@pytest.fixture(scope="module")
def weights(network: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("inception") / "inception_v3_google.pth"
    torch.save(network.state_dict(), path)
    return path


@pytest.mark.slow
def test_features_are_what_torchvisions_own_network_decides_on(
    network: nn.Module, weights: Path
) -> None:
    patches = clouds(3)
    means, deviations = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    enlarged = torch.nn.functional.interpolate(
        torch.tensor(patches)[:, None] / 255, size=(299, 299), mode="bilinear", antialias=True
    )
    normalised = torch.cat(
        [(enlarged - mean) / deviation for mean, deviation in zip(means, deviations, strict=True)],
        dim=1,
    )

    features = features_by(weights)(patches)

    assert features.shape == (3, 2048)
    with torch.inference_mode():
        decided = network.get_submodule("fc")(torch.tensor(features).float())
        expected = network(normalised)
    assert torch.allclose(decided, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_safetensors_give_the_same(network: nn.Module, weights: Path, tmp_path: Path) -> None:
    save_file(network.state_dict(), tmp_path / "inception.safetensors")

    features = features_by(tmp_path / "inception.safetensors")(clouds(2))

    np.testing.assert_array_equal(features, features_by(weights)(clouds(2)))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("none.pth", None, "cannot be read: No such file"),
        ("text.pth", b"weights", "is no weight file of PyTorch or safetensors"),
        ("text.safetensors", b"weights", "is no weight file of PyTorch or safetensors"),
    ],
)
def test_what_is_no_weight_file_is_one_sentence(
    tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(FeatureWeightsError, match=sentence):
        features_by(tmp_path / name)


@pytest.mark.parametrize(
    ("saved", "sentence"),
    [
        ({"conv.weight": torch.zeros(3)}, "1 tensors that are not those of torchvision"),
        ([torch.zeros(3)], "holds no weights by name"),
    ],
)
def test_other_weights_are_refused(tmp_path: Path, saved: object, sentence: str) -> None:
    torch.save(saved, tmp_path / "other.pth")

    with pytest.raises(FeatureWeightsError, match=sentence):
        features_by(tmp_path / "other.pth")
