"""What an Inception network that was trained on photographs sees in patches."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torchvision.models import Inception3, inception_v3

from centre_node.fidelity.errors import FeatureWeightsError
from centre_node.fidelity.features import Features
from centre_node.generators.pixels import from_8_bit

SIDE = 299
BATCH = 32
TRAINING_ONLY = "AuxLogits."


def load_inception_features(weights: Path, device: torch.device) -> Features:
    """Return an extractor of the 2048 pooled features of torchvision's Inception v3.

    Nothing is downloaded: the user brings the weights. Patches are enlarged to 299 px with
    antialiased bilinear interpolation and their grey is copied to three channels; values in
    [-1, 1] are what these weights were trained on.

    Deviation: published Frechet distances use the weights of another port (pytorch-fid's), whose
    numbers these are not.

    Args:
        weights: A state dict of torchvision's Inception v3, as PyTorch or safetensors file.

    Raises:
        FeatureWeightsError: There is no such file, or it holds something else.

    Source: Szegedy et al. 2015 (arXiv 1512.00567).
    """
    network = _load_network(weights).eval().to(device)

    def extract(patches: NDArray[np.uint8]) -> NDArray[np.float64]:
        features = np.empty((len(patches), 2048))
        for start in range(0, len(patches), BATCH):
            part = torch.tensor(patches[start : start + BATCH], device=device)
            with torch.inference_mode():
                seen = network(_in_its_form(part))
            features[start : start + BATCH] = seen.double().cpu().numpy()
        return features

    return extract


def _load_network(weights: Path) -> Inception3:
    """Load Inception v3 up to its pooled features.

    Raises:
        FeatureWeightsError: There is no such file, or it holds something else.
    """
    network: Inception3 = inception_v3(weights=None, aux_logits=False, init_weights=False)
    tensors = {
        name: tensor
        for name, tensor in _tensors(weights).items()
        if not name.startswith(TRAINING_ONLY)
    }
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise FeatureWeightsError(
            f"{weights} holds {len(tensors)} tensors that are not those of torchvision's "
            "Inception v3"
        ) from error
    network.fc = nn.Identity()
    return network


def _in_its_form(patches: Tensor) -> Tensor:
    """Return 8-bit patches as the network expects them; shape (n, 3, 299, 299)."""
    enlarged = interpolate(
        from_8_bit(patches).unsqueeze(1), size=(SIDE, SIDE), mode="bilinear", antialias=True
    )
    return enlarged.expand(-1, 3, -1, -1)


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise FeatureWeightsError(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:  # zipfile and torch raise a dozen kinds for a broken file
        raise FeatureWeightsError(f"{path} is no weight file of PyTorch or safetensors") from error
    if not isinstance(loaded, dict) or not all(isinstance(x, Tensor) for x in loaded.values()):
        raise FeatureWeightsError(f"{path} holds no weights by name")
    return loaded
