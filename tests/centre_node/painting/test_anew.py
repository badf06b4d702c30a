from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from centre_node.painting.anew import PaintedAnew
from centre_node.painting.own_lesions import OwnLesions, Painted
from node_api.patches import Jitter

LESIONS, HEALTHY = 10, 12


@dataclass
class Painter:
    """Notes which of the lesions are painted, and paints white."""

    painted_ones: list[int] = field(default_factory=list)

    def painted(
        self, _source: str, backgrounds: NDArray[np.int64], *, first: int, **_options: Any
    ) -> Painted:
        count = len(backgrounds)
        self.painted_ones += [(first + place) % LESIONS for place in range(count)]
        white = np.full((count, 4, 4), 255, dtype=np.uint8)
        return Painted(white, white - 1)


def test_over_the_epochs_every_lesion_is_painted_and_half_of_them_in_each() -> None:
    painter, random = Painter(), np.random.default_rng(0)
    labels = np.repeat([1, 0], [LESIONS, HEALTHY])
    anew = PaintedAnew(cast("OwnLesions", painter), np.arange(HEALTHY), Jitter())

    for _epoch in range(40):
        pixels = np.zeros((LESIONS + HEALTHY, 4, 4), dtype=np.uint8)
        anew.replace_some(pixels, labels, random)
        assert (pixels[labels == 1] == 255).all(axis=(1, 2)).sum() == LESIONS // 2
        assert (pixels[labels == 0] == 254).all(axis=(1, 2)).sum() == LESIONS // 2

    assert set(painter.painted_ones) == set(range(LESIONS))
