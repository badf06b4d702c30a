"""The colours of the arms' families keep apart, on paper and on a screen, for every reader."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import study_report

STYLE = Path(study_report.__file__).parent / "templates" / "report.css"
LEAST_APART = 12.0
"""In CIELAB; about 2.3 can just be told apart side by side."""

SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
"""On linear RGB. Source: Machado et al. 2009, severity 1."""

TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ.sum(axis=1)


def palettes() -> list[dict[str, str]]:
    """Return the colours of each `:root` rule of the style: light, dark, print."""
    found = []
    for rule in re.findall(r":root \{([^}]*)\}", STYLE.read_text()):
        colours = dict(re.findall(r"--(own|synthetic|alone|real): (#[0-9a-f]{6})", rule))
        found.append(colours)
    return found


def seen(colour: str, sight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a colour in CIELAB, shape (3,), as somebody sees it."""
    rgb = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(sight @ linear, 0, 1) / WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHT)
def test_no_two_families_look_alike(sight: str) -> None:
    assert len(palettes()) == 3
    for colours in palettes():
        assert len(colours) == 4
        for first, second in combinations(colours.values(), 2):
            apart = np.linalg.norm(seen(first, SIGHT[sight]) - seen(second, SIGHT[sight]))
            assert apart > LEAST_APART, (first, second, apart)
