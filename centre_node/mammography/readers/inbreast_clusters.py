"""Joins calcifications of INbreast that were marked point by point to clusters."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import Contour
from shared.names import LesionKind


@dataclass(frozen=True, slots=True)
class Outlined:
    """A region with a place in the image."""

    kind: LesionKind
    is_spiculated: bool
    contour: Contour
    box: Box

    @property
    def is_point(self) -> bool:
        """Whether it was marked with one click."""
        return len(self.contour) == 1


def clustered(lesions: Sequence[Sequence[Outlined]], distance_px: float) -> list[list[Outlined]]:
    """Join lesions that are points to the calcifications within a distance, and so on from there.

    Whatever is left apart is farther away than that from every point. A distance of 0 joins none.

    Args:
        lesions: The regions of each; a calcification has one.
    """
    waiting = [list(lesion) for lesion in lesions]
    clusters = []
    while waiting:
        cluster = waiting.pop(0)
        for member in cluster:  # which grows on the way
            near = [lesion for lesion in waiting if _is_near(member, lesion[0], distance_px)]
            waiting = [lesion for lesion in waiting if lesion not in near]
            cluster += [region for lesion in near for region in lesion]
        clusters.append(cluster)
    return clusters


def _is_near(one: Outlined, other: Outlined, distance_px: float) -> bool:
    """Tell whether these are calcifications, one of them a point, within a distance above 0."""
    if not one.kind == other.kind == "calcification" or not (one.is_point or other.is_point):
        return False
    # From pixel to pixel: neighbours are 1 px apart.
    across = max(one.box.left - other.box.right, other.box.left - one.box.right, -1) + 1
    down = max(one.box.top - other.box.bottom, other.box.top - one.box.bottom, -1) + 1
    return distance_px > 0 and math.hypot(across, down) <= distance_px
