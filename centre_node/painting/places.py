"""Which healthy patch each lesion is painted on."""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def rooms(tissue: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how far the nearest pixel beside the tissue is from each patch's middle, in pixels.

    Args:
        tissue: How much of each pixel is tissue, 0 to 1, shape (n, size, size).

    Returns:
        Shape (n,); infinite where all is tissue.
    """
    size = tissue.shape[1]
    pixels = np.arange(size) + 0.5 - size / 2
    distances = np.hypot(pixels[:, None], pixels[None, :])
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
