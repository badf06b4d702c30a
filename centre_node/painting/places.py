"""Where on which healthy patch each lesion is painted."""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Places = NDArray[np.float64]
"""A place in each of n patches, x and y in pixels, origin top left, shape (n, 2)."""


def in_the_middle(count: int, size: int) -> Places:
    """Return the middle of each patch of `size` px."""
    return np.full((count, 2), size / 2)


def anywhere(count: int, size: int, random: np.random.Generator) -> Places:
    """Return a place in each patch of `size` px, every one as likely."""
    return random.uniform(0, size, (count, 2))


def rooms(tissue: NDArray[np.float32], places: Places) -> NDArray[np.float64]:
    """Return how far the nearest pixel beside the tissue is from a place in each patch, in pixels.

    Args:
        tissue: How much of each pixel is tissue, 0 to 1, shape (n, size, size).
        places: One in each patch.

    Returns:
        Shape (n,); infinite where all is tissue.
    """
    pixels = np.arange(tissue.shape[1]) + 0.5
    across, down = (pixels - places[:, axis, None] for axis in (0, 1))
    distances = np.hypot(across[:, None, :], down[:, :, None])
    room: NDArray[np.float64] = np.where(tissue < 0.5, distances, np.inf).min(axis=(1, 2))
    return room


def matched_places(
    reaches: NDArray[np.float64], room: NDArray[np.float64], *, random: np.random.Generator
) -> Indices:
    """Give each lesion a patch in whose tissue it lies whole, each patch to one lesion.

    Where no patch that is left has so much room, the lesion gets the roomiest one.

    Args:
        reaches: The lesions' longer half-axes in pixels, shape (n,).
        room: Of the patches, at least n of them, in pixels.

    Returns:
        The patch of each lesion, shape (n,).
    """
    order = random.permutation(len(room))
    roomiest = order[np.argsort(-room[order], kind="stable")]
    places = np.empty(len(reaches), dtype=np.int64)
    fitting: list[int] = []
    taken = 0
    for lesion in np.argsort(-reaches, kind="stable"):
        while taken < len(room) and (room[roomiest[taken]] >= reaches[lesion] or not fitting):
            fitting.append(int(roomiest[taken]))
            taken += 1
        chosen = int(random.integers(len(fitting)))
        fitting[chosen], fitting[-1] = fitting[-1], fitting[chosen]
        places[lesion] = fitting.pop()
    return places
