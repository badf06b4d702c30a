"""Contact sheets and PNG files."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.files import write_whole

GAP_PX = 2


def contact_sheet(patches: NDArray[np.uint8], *, columns: int) -> NDArray[np.uint8]:
    """Return patches, shape (n, height, width) or (n, height, width, 3), as one picture."""
    count, height, width = patches.shape[:3]
    rows = -(-count // columns)
    shape = (rows * (height + GAP_PX), columns * (width + GAP_PX), *patches.shape[3:])
    sheet = np.full(shape, 255, dtype=np.uint8)
    for index, patch in enumerate(patches):
        top, left = index // columns * (height + GAP_PX), index % columns * (width + GAP_PX)
        sheet[top : top + height, left : left + width] = patch
    return sheet[:-GAP_PX, :-GAP_PX]


def write_png(path: Path, image: NDArray[np.uint8]) -> None:
    """Write a grey or BGR picture; the file appears complete or not at all."""
    write_encoded_png(path, encoded_png(image))


def write_encoded_png(path: Path, content: bytes) -> None:
    """Write a picture that is encoded already; the file appears complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write(content))


def encoded_png(image: NDArray[np.uint8]) -> bytes:
    """Return a grey or BGR picture as the content of a PNG file."""
    encoded, data = cv2.imencode(".png", image)
    assert encoded, "8-bit pictures can always be encoded as PNG"
    return data.tobytes()
