"""Contact sheets and PNG files."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.files import write_whole

GAP_PX = 2
TITLE_HEIGHT_PX = 22

Picture = NDArray[np.uint8]


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


def titled_sheet(rows: Sequence[tuple[str, Picture]], *, columns: int) -> Picture:
    """Return contact sheets below each other, BGR, each with its title above.

    Args:
        rows: Titles and patches, grey (n, height, width) or BGR (n, height, width, 3), n at least
            one.
    """
    sheets = [_titled(title, patches, columns) for title, patches in rows]
    width = max(sheet.shape[1] for sheet in sheets)
    return np.vstack(
        [
            np.pad(sheet, ((0, 6), (0, width - sheet.shape[1]), (0, 0)), constant_values=255)
            for sheet in sheets
        ]
    )


def _titled(title: str, patches: Picture, columns: int) -> Picture:
    coloured = patches if patches.ndim == 4 else np.repeat(patches[..., None], 3, axis=3)
    sheet = contact_sheet(coloured, columns=min(columns, len(patches)))
    band = np.full((TITLE_HEIGHT_PX, sheet.shape[1], 3), 255, dtype=np.uint8)
    cv2.putText(band, title, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([band, sheet])


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
