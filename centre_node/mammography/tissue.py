"""Which pixels of a mammogram are no tissue."""

import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.breast_mask import breast_mask
from node_api.patches import PatchConfiguration


def background(pixels: NDArray[np.uint8], configuration: PatchConfiguration) -> NDArray[np.bool_]:
    """Return where there is background, shape (height, width).

    By the paper's rule that is every pixel up to a level; by the breast mask all that lies outside
    the breast, view labels and film edges too.

    Source: the level is that of the paper's published code, after min-max scaling of the image.
    """
    if configuration.tissue == "breast_mask":
        return ~breast_mask(pixels)
    return np.asarray(pixels <= configuration.background_level)
