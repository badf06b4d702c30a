import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from centre_node.classifiers.errors import InitialWeightsError
from centre_node.classifiers.initial_weights import load_initial_weights
from centre_node.classifiers.networks import Cnn

HEAD = ("head.5.weight", "head.5.bias")


def tensors(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def load(network: nn.Module, content: dict[str, Tensor], folder: Path) -> None:
    path = folder / "start.safetensors"
    save_file(content, path)
    load_initial_weights(network, path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def test_every_tensor_is_taken_over(tmp_path: Path) -> None:
    network, source = Cnn(16), tensors(Cnn(16))

    load(network, source, tmp_path)

    assert all(torch.equal(network.state_dict()[name], source[name]) for name in source)


@pytest.mark.parametrize("classes", [1, 1000])
def test_a_head_of_another_number_of_classes_is_left_out(classes: int, tmp_path: Path) -> None:
    network, source = Cnn(16), tensors(Cnn(16))
    own = tensors(network)
    source[HEAD[0]], source[HEAD[1]] = torch.zeros(classes, 128), torch.zeros(classes)

    load(network, source, tmp_path)

    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, own[name] if name in HEAD else source[name])


@pytest.mark.parametrize(
    ("name", "replacement", "message"),
    [
        ("head.5.bias", torch.zeros(3), r"head\.5\.bias .* float32 \[3\], .* float32 \[2\]"),
        ("head.5.bias", None, r"lacks tensor head\.5\.bias$"),
        ("head.1.bias", torch.zeros(64), r"head\.1\.bias .* float32 \[64\], .* float32 \[128\]"),
        ("head.1.bias", torch.zeros(128).half(), r"head\.1\.bias .* float16 .* float32 \[128\]"),
        ("head.1.bias", torch.full((128,), torch.nan), r"head\.1\.bias .* NaN or infinity"),
        ("extra", torch.zeros(1), r"has the unknown tensor extra$"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_and_the_network_is_left_alone(
    name: str, replacement: Tensor | None, message: str, tmp_path: Path
) -> None:
    network, source = Cnn(16), tensors(Cnn(16))
    own = tensors(network)
    source[name] = torch.zeros(0) if replacement is None else replacement
    if replacement is None:
        del source[name]

    with pytest.raises(InitialWeightsError, match=message):
        load(network, source, tmp_path)

    assert all(torch.equal(tensor, own[key]) for key, tensor in network.state_dict().items())


def test_a_head_of_other_features_is_refused(tmp_path: Path) -> None:
    source = tensors(Cnn(16))
    source[HEAD[0]], source[HEAD[1]] = torch.zeros(5, 64), torch.zeros(5)

    with pytest.raises(InitialWeightsError, match=r"head\.5"):
        load(Cnn(16), source, tmp_path)


def test_a_file_with_another_digest_is_refused_and_both_are_named(tmp_path: Path) -> None:
    path = tmp_path / "start.safetensors"
    save_file(tensors(Cnn(16)), path)
    found, expected = hashlib.sha256(path.read_bytes()).hexdigest(), "0" * 64

    with pytest.raises(InitialWeightsError, match=rf"{found}, .* {expected}"):
        load_initial_weights(Cnn(16), path, sha256=expected)


def test_a_file_that_is_no_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "start.safetensors"
    path.write_bytes(b"no weights")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()

    with pytest.raises(InitialWeightsError, match="no safetensors file"):
        load_initial_weights(Cnn(16), path, sha256=digest)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InitialWeightsError, match=r"start\.safetensors cannot be read"):
        load_initial_weights(Cnn(16), tmp_path / "start.safetensors", sha256="0" * 64)
