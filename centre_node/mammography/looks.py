"""What makes patches of one archive look like those of another: greys, and bands of frequencies."""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.frequency_bands import BandGains, fitted_gains
from centre_node.mammography.grey_curves import GreyCurve, fitted_curve
from node_api.looks import HarmonisedBy

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Look:
    """What is done to patches, one step after the other; without a step they stay as they are."""

    steps: tuple[GreyCurve | BandGains, ...] = ()

    def applied(self, patches: Pixels) -> Pixels:
        """Return patches, shape (n, size, size), in this look."""
        return reduce(lambda changed, step: step.applied(changed), self.steps, patches)


AS_IT_IS = Look()
"""Of patches that keep what they have."""


def fitted_look(patches: Pixels, towards: Pixels, by: HarmonisedBy) -> Look:
    """Fit the look that patches get from others; where there are none, it has no step.

    With bands, greys come first, for a flat archive is weak in every band and a curve mends that;
    then the bands that the curve leaves too weak or too strong; and greys once more, which the
    bands have spread or drawn together.

    Args:
        patches: Whose look is to change, shape (n, size, size).
        towards: Whose they get, shape (m, size, size).
    """
    if not len(patches) or not len(towards):
        return AS_IT_IS
    greys = fitted_curve(patches, towards)
    if by == "greys":
        return Look((greys,))
    levelled = greys.applied(patches)
    gains = fitted_gains(levelled, towards)
    return Look((greys, gains, fitted_curve(gains.applied(levelled), towards)))
