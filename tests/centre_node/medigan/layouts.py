"""medigan's checkpoints with random weights, in the sizes and under the names of the real ones."""

import zipfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

OPTIMAM_CHANNELS = (200, 450, 360, 180, 90, 45)
BCDR_CHANNELS = (100, 1024, 512, 256, 128, 64)
BLOCKS_IN_FIRST_LAYERS = 2


def _layers(channels: Sequence[int], activation: nn.Module) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for index, (before, after) in enumerate(pairwise(channels)):
        stride, padding = (1, 0) if index == 0 else (2, 1)
        convolution = nn.ConvTranspose2d(before, after, 4, stride, padding, bias=False)
        layers += [convolution, nn.BatchNorm2d(after), activation]
    return [*layers, nn.ConvTranspose2d(channels[-1], 1, 4, 2, 1, bias=False), nn.Tanh()]


class OptimamGenerator(nn.Module):
    """Tensors under `model`."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Sequential(*_layers(OPTIMAM_CHANNELS, nn.LeakyReLU(0.2)))

    def forward(self, latents: Tensor) -> Tensor:
        patches: Tensor = self.model(latents[:, :, None, None])
        return patches


class BcdrGenerator(nn.Module):
    """Tensors under `main`, of which the first also under `first_layers`, and `embed_nn`."""

    def __init__(self) -> None:
        super().__init__()
        layers = _layers(BCDR_CHANNELS, nn.ReLU())
        self.first_layers = nn.Sequential(*layers[: 3 * BLOCKS_IN_FIRST_LAYERS])
        self.main = nn.Sequential(*layers)
        self.embed_nn = nn.Sequential(nn.Linear(1, 100), nn.BatchNorm1d(100), nn.ReLU())

    def forward(self, latents: Tensor) -> Tensor:
        patches: Tensor = self.main(latents[:, :, None, None])
        return patches


def with_random_weights(generator: nn.Module, seed: int) -> nn.Module:
    """Draw every weight and running statistic, so that each of them changes the patches."""
    random = torch.Generator().manual_seed(seed)
    for module in generator.modules():
        if isinstance(module, nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.03, generator=random)
        elif isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            for tensor in (module.weight, module.running_var):
                nn.init.uniform_(tensor, 0.5, 1.5, generator=random)
            for tensor in (module.bias, module.running_mean):
                nn.init.normal_(tensor, 0.0, 0.2, generator=random)
    return generator.eval()


def discriminator_state(*, normalised: bool) -> dict[str, Tensor]:
    """Return the paper's discriminator, or its critic: a file of it takes next to no room."""
    channels = (1, 64, 128, 256, 512, 1024)
    state = {"embed_nn.1.running_mean": _room_for(16384)}
    for index, (before, after) in enumerate(pairwise(channels)):
        state[f"main.{3 * index}.weight"] = _room_for(after, before, 6, 6)
        if normalised and index > 0:
            state[f"main.{3 * index + 1}.running_mean"] = _room_for(after)
    return {**state, "main.15.weight": _room_for(1, 1024, 6, 6)}


def zero_state(generator: nn.Module) -> dict[str, Tensor]:
    """Return a state with a generator's names and shapes and every value zero."""
    return {
        name: _room_for(*tensor.shape) if tensor.is_floating_point() else tensor
        for name, tensor in generator.state_dict().items()
    }


def _room_for(*shape: int) -> Tensor:
    return torch.zeros(1).expand(shape)


def whole_checkpoint(generator: dict[str, Any], *, normalised: bool) -> dict[str, Any]:
    """Return a training's checkpoint, as medigan ships 00005 and 00006."""
    optimiser = {"state": {0: {"step": 7, "exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 1}]}
    return {
        "generator": generator,
        "discriminator": discriminator_state(normalised=normalised),
        "optim_generator": optimiser,
        "optim_discriminator": optimiser,
    }


def zipped(zip_path: Path, files: dict[str, Path | bytes]) -> Path:
    """Write a zip with these files, beside the code that medigan's packages hold."""
    with zipfile.ZipFile(zip_path, "w") as archive:
        archive.writestr("PACKAGE/__init__.py", "raise SystemExit('this code was run')\n")
        for name, content in files.items():
            if isinstance(content, bytes):
                archive.writestr(name, content)
            else:
                archive.write(content, name)
    return zip_path


def metadata(model_id: str, model_name: str, extension: str, **description: Any) -> dict[str, Any]:
    """Return one model's metadata with the fields that matter, as medigan writes them."""
    return {
        model_id: {
            "execution": {
                "package_name": "PACKAGE",
                "model_name": model_name,
                "extension": extension,
                "image_size": [128, 128],
                "generate_method": {"name": "generate", "args": {"base": [], "custom": {}}},
            },
            "selection": {
                "performance": {"turing_test": {"AUC": [0.56, 0.45]}},
                "dataset": ["Optimam"],
                "license": "MIT",
                "privacy_preservation": None,
            },
            "description": {
                "title": "DCGAN Model for Mammogram Mass Region of Interest Generation",
                "version": None,
                "publication": None,
                "doi": ["10.5281/zenodo.5188557", "10.1117/12.2543506"],
                "provided_after_epoch": None,
                **description,
            },
        }
    }
