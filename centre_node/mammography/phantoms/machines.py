"""What a centre takes its pictures with: a style, and how this one differs from others of it."""

from dataclasses import dataclass

import numpy as np

from node_api.data_sources import AcquisitionStyle

_NO_PATIENT = 2**31  # beside the seeds of patients, which are far fewer


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine; all images of a set of phantoms are taken with it.

    Attributes:
        contrast: Slope of its grey curve, 1 for the style's.
        level: Attenuation by which the middle of the curve is moved, about 0.
        noise: Deviation of its noise, 1 for the style's.
        blur: Width of its blur, 1 for the style's.
    """

    style: AcquisitionStyle
    contrast: float
    level: float
    noise: float
    blur: float


def draw_machine(style: AcquisitionStyle, seed: int) -> Machine:
    """Draw the machine of a set. Styles differ more than machines of one style do."""
    random = np.random.default_rng((seed, _NO_PATIENT))
    return Machine(
        style=style,
        contrast=float(random.uniform(0.88, 1.12)),
        level=float(random.uniform(-0.03, 0.03)),
        noise=float(random.uniform(0.85, 1.18)),
        blur=float(random.uniform(0.88, 1.14)),
    )
