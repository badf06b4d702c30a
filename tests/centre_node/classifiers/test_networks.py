import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn

from centre_node.classifiers.networks import Cnn, swin


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


@pytest.fixture(scope="module")
def swin_t() -> nn.Module:
    return swin().eval()


@pytest.mark.slow
def test_the_papers_swin_has_its_number_of_parameters(swin_t: nn.Module) -> None:
    assert sum(parameter.numel() for parameter in swin_t.parameters()) == 27_520_892


def test_the_swins_paths_drop_up_to_a_tenth(swin_t: nn.Module) -> None:
    from timm.layers.drop import DropPath  # seconds, of every process that collects tests

    shares = [module.drop_prob for module in swin_t.modules() if isinstance(module, DropPath)]

    assert max(share or 0.0 for share in shares) == pytest.approx(0.1)


@pytest.mark.parametrize("image_size", [64, 224, 256])
def test_a_swin_takes_patches_of_any_size(image_size: int, swin_t: nn.Module) -> None:
    with torch.inference_mode():
        logits = swin_t(torch.zeros(2, 1, image_size, image_size))

    assert logits.shape == (2, 2)


def test_a_swin_sees_the_area_mean_in_three_equal_channels(swin_t: nn.Module) -> None:
    patches = torch.rand(1, 1, 448, 448, generator=torch.Generator().manual_seed(0))
    seen: list[Tensor] = []
    layer = swin_t.get_submodule("patch_embed")
    handle = layer.register_forward_pre_hook(lambda _layer, inputs: seen.append(inputs[0]))

    with torch.inference_mode():
        swin_t(patches)
    handle.remove()

    means = patches.reshape(1, 1, 224, 2, 224, 2).mean(dim=(3, 5))
    assert torch.allclose(seen[0], means.expand(1, 3, 224, 224), atol=1e-6)


@pytest.mark.parametrize("side_px", [32, 64, pytest.param(160, marks=pytest.mark.slow)])
def test_a_swin_can_work_at_a_smaller_side(side_px: int) -> None:
    network = swin(side_px).eval()
    seen: list[Tensor] = []
    network.get_submodule("patch_embed").register_forward_pre_hook(
        lambda _layer, inputs: seen.append(inputs[0])
    )

    with torch.inference_mode():
        logits = network(torch.zeros(2, 1, 48, 48))

    assert logits.shape == (2, 2)
    assert seen[0].shape == (2, 3, side_px, side_px)


def test_a_swins_tensors_have_timms_names(swin_t: nn.Module) -> None:
    import timm  # seconds, of every process that collects tests

    timms = timm.create_model("swin_tiny_patch4_window7_224", pretrained=False, num_classes=2)

    assert swin_t.state_dict().keys() == timms.state_dict().keys()


@pytest.mark.slow
def test_timm_is_loaded_for_a_swin_only() -> None:
    code = (
        "import sys; from centre_node.classifiers.networks import Cnn; Cnn(16); "
        "sys.exit('timm' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
