"""What a phantom's machine does to its pictures."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from centre_node.mammography.phantoms.blurring import blurred
from centre_node.mammography.phantoms.machines import Machine, draw_machine
from centre_node.mammography.phantoms.noise import Field
from centre_node.mammography.phantoms.plan import plan_images
from centre_node.mammography.phantoms.rendering import render
from centre_node.mammography.phantoms.styles import expose
from node_api.data_sources import AcquisitionStyle, PhantomSet

STYLES: tuple[AcquisitionStyle, ...] = ("digital", "film", "soft")


@pytest.mark.parametrize("style", STYLES)
def test_two_centres_of_one_style_have_different_machines(style: AcquisitionStyle) -> None:
    machines = [draw_machine(style, seed) for seed in range(20)]

    assert draw_machine(style, 3) == machines[3]
    assert len(set(machines)) == 20
    for machine in machines:
        assert machine.style == style
        assert 0.8 < machine.contrast < 1.25
        assert 0.8 < machine.noise < 1.25
        assert 0.8 < machine.blur < 1.25


def test_all_images_of_a_set_are_taken_with_one_machine() -> None:
    plans = plan_images(PhantomSet(style="film", patients=5, seed=8))

    assert {plan.machine for plan in plans} == {draw_machine("film", 8)}


@pytest.mark.parametrize("style", STYLES)
def test_another_machine_shows_the_same_breast_a_little_differently(
    style: AcquisitionStyle,
) -> None:
    plan = next(plan_images(PhantomSet(style=style, patients=1, seed=1, image_height_px=320)))
    other_style = STYLES[STYLES.index(style) - 1]
    own, other, foreign = (
        render(replace(plan, machine=machine)).astype(float)
        for machine in (plan.machine, draw_machine(style, 2), draw_machine(other_style, 1))
    )

    assert np.corrcoef(own.ravel(), other.ravel())[0, 1] > 0.98
    assert 0.5 < np.abs(own - other).mean() < np.abs(own - foreign).mean()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("trait", ["noise", "contrast"])
def test_what_is_drawn_of_a_machine_is_seen_in_its_pictures(
    style: AcquisitionStyle, trait: str
) -> None:
    spreads = [halves(taken(replace(IDEAL, style=style, **{trait: value}))) for value in (0.5, 2)]
    if trait == "noise":
        assert spreads[1][0].std() > 1.5 * spreads[0][0].std()
    else:
        steep, flat = (bright.mean() - dark.mean() for dark, bright in reversed(spreads))
        assert steep > flat


@pytest.mark.parametrize("style", ["film", "soft"])
def test_dense_tissue_is_noisier(style: AcquisitionStyle) -> None:
    dark, bright = halves(taken(replace(IDEAL, style=style)))

    assert bright.std() > 1.1 * dark.std()


def test_fewer_quanta_reach_a_digital_detector_through_dense_tissue() -> None:
    # Both halves lie on equally steep parts of the curve.
    dark, bright = halves(taken(IDEAL, rays=(0.3, 0.7)))

    assert bright.std() > 1.3 * dark.std()


@pytest.mark.parametrize("sigma_px", [0.1, 1.5, 8.0, 40.0])
def test_a_fast_blur_is_a_gaussian(sigma_px: float) -> None:
    impulse: Field = np.zeros((301, 221), dtype=np.float32)
    impulse[150, 110] = 1000
    y, x = np.arange(301)[:, None] - 150, np.arange(221)[None, :] - 110
    exact = np.exp(-(x**2 + y**2) / (2 * sigma_px**2)) * 1000 / (2 * np.pi * sigma_px**2)

    if sigma_px < 0.3:
        np.testing.assert_array_equal(blurred(impulse, sigma_px), impulse)
    else:
        assert np.abs(blurred(impulse, sigma_px) - exact).max() < 0.05 * exact.max()


IDEAL = Machine(style="digital", contrast=1, level=0, noise=1, blur=1)


def taken(machine: Machine, *, rays: tuple[float, float] = (0.35, 0.6)) -> NDArray[np.uint8]:
    """Return a picture of two flat halves, shape (300, 300), far from any skin."""
    tissue: Field = np.full((300, 300), rays[0], dtype=np.float32)
    tissue[:, 150:] = rays[1]
    tissue[:12] = 0.02  # so that the scaling of the whole image is alike in all pictures
    tissue[12:24] = 1.2
    deep = np.full((300, 300), 60, dtype=np.float32)
    random = np.random.default_rng(0)
    return expose(tissue, deep, machine=machine, marker="L CC", random=random)


def halves(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    return pixels[60:, 20:130], pixels[60:, 170:280]
