import numpy as np
import pytest
import torch
from scipy.ndimage import correlate1d
from torch import Tensor

from centre_node.fidelity.radiomics.filters import (
    COIFLET_HIGH,
    COIFLET_LOW,
    IMAGES,
    SIGMAS_PX,
    filtered,
)
from tests.centre_node.fidelity.radiomics.textures import clouds


def image(patch: Tensor, name: str) -> Tensor:
    return filtered(patch[None])[0, IMAGES.index(name)]


def test_the_original_comes_first_and_unchanged() -> None:
    patches = torch.tensor(clouds(2))

    assert torch.equal(filtered(patches)[:, 0], patches.float())


def test_a_flat_patch_leaves_nothing_but_itself_and_the_low_passed_band() -> None:
    patch = torch.full((16, 16), 200, dtype=torch.uint8)

    left = {name: image(patch, name).abs().max().item() for name in IMAGES}

    assert left.pop("original") == 200
    assert left.pop("wavelet-LL") == pytest.approx(400)  # the square root of 2, twice
    assert max(left.values()) < 1e-9


@pytest.mark.parametrize("value", [0, 1, 77, 255])
def test_beside_a_texture_an_even_part_answers_with_exactly_nothing(value: int) -> None:
    patch = torch.full((64, 64), value, dtype=torch.uint8)
    patch[:, :16] = torch.tensor(clouds(1, side=64)[0, :, :16])

    for name in ("log-sigma-2-px", "wavelet-LH", "wavelet-HL", "wavelet-HH"):
        response = image(patch, name)
        assert response[:, :16].abs().max() > 1
        assert (response[:, 30:60] == 0).all(), name


@pytest.mark.parametrize("sigma", SIGMAS_PX)
def test_the_laplacian_of_a_bowl_is_its_curvature_times_sigma_squared(sigma: int) -> None:
    side = 101
    offsets = torch.arange(side) - side // 2
    bowl = (offsets[:, None] ** 2 + offsets**2).double() / 20  # second derivatives 1 / 10
    patch = bowl.round().to(torch.uint8)

    centre = image(patch, f"log-sigma-{sigma}-px")[side // 2, side // 2].item()

    assert centre == pytest.approx(sigma**2 * 2 / 10, rel=0.1)  # rounding to 8 bit


def test_a_single_pixel_shows_the_laplacians_kernel() -> None:
    patch = torch.zeros(65, 65, dtype=torch.uint8)
    patch[32, 32] = 255

    response = image(patch, "log-sigma-3-px") / 255

    distance = torch.arange(-32, 33)[:, None] ** 2 + torch.arange(-32, 33) ** 2
    gaussian = torch.exp(-distance / 18) / (18 * torch.pi)
    expected = (distance / 9 - 2) * gaussian
    assert torch.allclose(response, expected.float(), atol=1e-5)


@pytest.mark.parametrize("side", [8, 9, 31, 32])
def test_the_laplacians_are_those_of_a_plain_correlation(side: int) -> None:
    patch = clouds(1, side=side)[0]
    offsets = np.arange(-18, 19)
    gaussian = np.exp(-(offsets**2) / 18)
    gaussian /= gaussian.sum()
    second = (offsets**2 / 9 - 1) * gaussian
    second -= second.sum() * gaussian

    expected = sum(
        correlate1d(
            correlate1d(patch.astype(float), down, axis=0, mode="nearest"),
            across,
            axis=1,
            mode="nearest",
        )
        for down, across in ((gaussian, second), (second, gaussian))
    )

    assert np.allclose(image(torch.tensor(patch), "log-sigma-3-px").numpy(), expected, atol=1e-5)


def test_the_wavelets_filters_are_orthonormal() -> None:
    low, high = np.array(COIFLET_LOW), np.array(COIFLET_HIGH)

    assert low.sum() == pytest.approx(np.sqrt(2))
    assert high.sum() == pytest.approx(0, abs=1e-15)
    assert low @ low == pytest.approx(1)
    assert low[2:] @ low[:-2] == pytest.approx(0, abs=1e-15)
    assert low @ high == pytest.approx(0, abs=1e-15)


def test_the_wavelet_bands_keep_the_energy() -> None:
    patch = torch.tensor(clouds(1)[0])

    bands = [
        image(patch, name).double().square().sum().item() for name in IMAGES if "wavelet" in name
    ]

    assert sum(bands) / 4 == pytest.approx(patch.double().square().sum().item(), rel=1e-6)


def test_stripes_upright_or_level_are_told_apart_by_the_bands() -> None:
    upright = torch.tensor([0, 200], dtype=torch.uint8).repeat(16, 8)

    assert image(upright, "wavelet-HL").abs().mean() > 50  # changes along x
    assert image(upright, "wavelet-LH").abs().max() < 1e-4
    assert torch.allclose(image(upright.T, "wavelet-LH"), image(upright, "wavelet-HL").T)


def test_the_bands_are_those_of_pywavelets() -> None:
    pywt = pytest.importorskip("pywt")
    patch = clouds(1)[0]

    theirs = pywt.swtn(patch.astype(float), "coif1", level=1, axes=(1, 0))[0]

    for name, band in theirs.items():
        ours = image(torch.tensor(patch), f"wavelet-{name.replace('a', 'L').replace('d', 'H')}")
        assert np.allclose(ours.numpy(), band, atol=1e-4)
