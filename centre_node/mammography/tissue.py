"""Which pixels of a mammogram are no tissue."""

import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.breast_mask import found_breast
from node_api.patches import PatchConfiguration

NO_BREAST = "no breast was found in the image, so no healthy patch is cut from it"
NO_BACKGROUND = (
    "the breast mask is nearly the whole film, for no background was found; "
    "background_level tells what is tissue instead"
)


def background(
    pixels: NDArray[np.uint8], configuration: PatchConfiguration
) -> tuple[NDArray[np.bool_], str | None]:
    """Return where there is background, shape (height, width), and why that may be wrong.

    By the paper's rule that is every pixel up to a level; by the breast mask all that lies outside
    the breast, view labels and film edges too. A mask of nearly the whole film is none, so the
    paper's rule holds.

    Source: the level is that of the paper's published code, after min-max scaling of the image.
    """
    doubt = None
    if configuration.tissue == "breast_mask":
        breast = found_breast(pixels)
        if breast.doubt != "whole film":
            return ~breast.mask, NO_BREAST if breast.doubt == "nothing" else None
        doubt = NO_BACKGROUND
    return np.asarray(pixels <= configuration.background_level), doubt
