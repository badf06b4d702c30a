"""Our features beside those of pyradiomics, on the same filtered images."""

import logging

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from centre_node.fidelity.radiomics.extraction import FEATURE_NAMES, radiomic_features
from centre_node.fidelity.radiomics.filters import IMAGES, filtered
from tests.centre_node.fidelity.radiomics.textures import CPU, clouds

radiomics = pytest.importorskip("radiomics")
sitk = pytest.importorskip("SimpleITK")
CLASSES = {
    "firstorder": ("firstorder", "RadiomicsFirstOrder"),
    "glcm": ("glcm", "RadiomicsGLCM"),
    "glrlm": ("glrlm", "RadiomicsGLRLM"),
    "ngtdm": ("ngtdm", "RadiomicsNGTDM"),
}


def theirs(image: NDArray[np.generic], kind: str) -> dict[str, float]:
    module, name = CLASSES[kind]
    radiomics.logger.setLevel(logging.ERROR)
    calculator = getattr(getattr(radiomics, module), name)(
        sitk.GetImageFromArray(image[None]),
        sitk.GetImageFromArray(np.ones((1, *image.shape), dtype=np.uint8)),
        binCount=32,
        force2D=True,
    )
    calculator.enableAllFeatures()
    found = {name: float(np.real(value)) for name, value in calculator.execute().items()}
    found.pop("TotalEnergy", None)
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("name", IMAGES)
def test_every_feature_is_theirs(kind: str, name: str) -> None:
    patches = clouds(2, side=64)
    ours = radiomic_features(patches, CPU)
    images = filtered(torch.tensor(patches))[:, IMAGES.index(name)].double().numpy()

    for row, image in zip(ours, images, strict=True):
        for feature, value in theirs(image, kind).items():
            found = row[FEATURE_NAMES.index(f"{name}_{kind}_{feature}")]
            assert found == pytest.approx(value, rel=1e-6, abs=1e-9), feature


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", CLASSES)
def test_a_flat_patch_has_their_features(kind: str) -> None:
    patch = np.full((16, 16), 77, dtype=np.uint8)
    ours = radiomic_features(patch[None], CPU)[0]

    for feature, value in theirs(patch, kind).items():
        found = ours[FEATURE_NAMES.index(f"original_{kind}_{feature}")]
        assert found == pytest.approx(value, rel=1e-6, abs=1e-9), feature


@pytest.mark.filterwarnings("ignore")
def test_the_laplacians_come_near_their_recursive_ones() -> None:
    patch = clouds(1, side=64)[0]
    image = sitk.GetImageFromArray(patch)

    ours = filtered(torch.tensor(patch[None]))[0]

    for found, _, settings in radiomics.imageoperations.getLoGImage(image, image, sigma=[2.0, 5.0]):
        assert settings["sigma"]
        expected = sitk.GetArrayFromImage(found)
        nearest = min(np.abs(expected - candidate.numpy()).max() for candidate in ours[1:5])
        assert nearest < 0.03 * np.abs(expected).max()
