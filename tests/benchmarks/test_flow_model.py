import numpy as np
import pytest
import torch
from flow_model import Flow, PatchSpectrum, Solver, VelocityNetwork
from torch import Tensor, nn

from centre_node.generators.pixels import from_8_bit, to_8_bit

SIDE = 16


class NothingMore(nn.Module):
    """What a network knows that has learned nothing."""

    def forward(self, points: Tensor, _times: Tensor, _classes: Tensor | None) -> Tensor:
        return torch.zeros_like(points)


def smooth_patches(count: int) -> Tensor:
    """Blurred noise with a bright middle, uint8, shape (count, SIDE, SIDE)."""
    white = torch.randn(count, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    blurred = nn.functional.avg_pool2d(white, 5, stride=1, padding=2)
    bright = torch.hann_window(SIDE, periodic=False)
    return to_8_bit(blurred * 0.5 + 0.6 * torch.outer(bright, bright)).squeeze(1)


def gaussian_flow() -> Flow:
    return Flow(PatchSpectrum.of(smooth_patches(400)), NothingMore(), half_precision=False)


def test_noise_has_the_mean_and_the_variances_of_the_patches() -> None:
    patches = smooth_patches(400)
    spectrum = PatchSpectrum.of(patches)
    drawn = spectrum.patches(spectrum.noise(4000, torch.Generator().manual_seed(1))).squeeze(1)
    values = from_8_bit(patches)

    assert torch.allclose(drawn.mean(0), values.mean(0), atol=0.05)
    for frequency in (1, 3, 6):  # left to right, all rows alike
        wave = torch.cos(torch.pi * (torch.arange(SIDE) + 0.5) * frequency / SIDE)
        of_noise, of_patches = ((maps.mean(1) @ wave).var().item() for maps in (drawn, values))
        assert of_noise == pytest.approx(of_patches, rel=0.15)


def test_coordinates_lead_back_to_the_patch() -> None:
    patches = from_8_bit(smooth_patches(5)).unsqueeze(1)
    spectrum = PatchSpectrum.of(smooth_patches(400))
    coordinates = spectrum.coordinates(patches)

    assert torch.allclose(spectrum.patches(coordinates), patches, atol=1e-4)
    assert coordinates.square().mean().item() == pytest.approx(1, rel=0.3)


@pytest.mark.parametrize("time", [0.1, 0.5, 0.9])
def test_a_network_that_has_learned_nothing_scores_1_on_gaussian_patches(time: float) -> None:
    flow, random = gaussian_flow(), torch.Generator().manual_seed(2)
    patches = flow.spectrum.patches(flow.spectrum.noise(4000, random))
    noise = flow.spectrum.noise(4000, random)

    loss = flow.loss(patches, noise, torch.full((4000,), time), None)

    assert loss.item() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(("solver", "steps"), [("euler", 400), ("heun", 40)])
def test_without_a_network_the_flow_ends_where_it_began(solver: Solver, steps: int) -> None:
    """Of a Gaussian the velocity is known, and turns each point back to where it was."""
    flow = gaussian_flow()
    noise = flow.spectrum.noise(8, torch.Generator().manual_seed(3))
    random = torch.Generator().manual_seed(3)

    sampled = flow.sample(8, steps=steps, solver=solver, random=random, classes=None)

    expected = to_8_bit(flow.spectrum.patches(noise)).squeeze(1)
    assert (sampled.int() - expected.int()).abs().max() <= 2


@pytest.mark.slow
def test_a_flow_of_two_classes_learns_to_draw_each() -> None:
    """Discs that are bright in one class and dark in the other, over a little grain."""
    places = torch.arange(SIDE) - (SIDE - 1) / 2
    disc = ((places[:, None] ** 2 + places[None] ** 2) < 25).float() * 60
    classes = torch.arange(64) % 2
    random = torch.Generator().manual_seed(4)
    grain = 6 * torch.randn(64, SIDE, SIDE, generator=random)
    patches = (128 + (2 * classes[:, None, None] - 1) * disc + grain).to(torch.uint8)
    torch.manual_seed(5)
    network = VelocityNetwork(width=16, classes=2)
    flow = Flow(PatchSpectrum.of(patches), network, half_precision=False)
    optimiser = torch.optim.AdamW(network.parameters(), 2e-3)
    for _ in range(150):
        chosen = torch.randint(64, (32,), generator=random)
        ends = from_8_bit(patches[chosen]).unsqueeze(1)
        noise, times = flow.spectrum.noise(32, random), torch.rand(32, generator=random)
        optimiser.zero_grad()
        flow.loss(ends, noise, times, classes[chosen]).backward()
        optimiser.step()

    drawn = flow.sample(32, steps=20, solver="euler", random=random, classes=classes[:32])

    inside = drawn.float()[:, disc > 0].mean(1).numpy()
    of_dark, of_bright = inside[0::2], inside[1::2]
    assert np.abs(of_dark - 68).mean() < 15
    assert np.abs(of_bright - 188).mean() < 15
