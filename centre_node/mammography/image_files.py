"""Opens a mammogram's file of either kind: DICOM, or TIFF, PGM, PNG and JPEG by their endings."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from centre_node.errors import BadImageError
from centre_node.mammography.dicom import DicomHeader, read_header, read_pixels
from centre_node.mammography.rasters import raster_size, read_raster

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray

RASTER_ENDINGS = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".pgm")
DICOM_ENDINGS = (".dcm", ".dicom")

_PREAMBLE_BYTES = 128
_MAGIC = b"DICM"


@dataclass(frozen=True, slots=True)
class ImageHead:
    """What is known of an image before its pixels.

    Attributes:
        dicom: What a DICOM file's header says; None for any other file.
    """

    width: int
    height: int
    dicom: DicomHeader | None


def read_head(path: Path) -> ImageHead:
    """Read an image's header.

    Raises:
        BadImageError: The file is missing, of no kind that is known, or damaged, or it is a DICOM
            file of several frames.
    """
    if is_raster(path):
        return ImageHead(*raster_size(path), dicom=None)
    header = read_header(path)
    if header.frames > 1:
        raise BadImageError(f"{path.name} has several frames; a mammogram has one")
    return ImageHead(header.width, header.height, header)


def pixel_loader(path: Path, width: int, height: int) -> "Callable[[], NDArray[uint8]]":
    """Return what reads an image's pixels, as `Mammogram.load` is to."""
    return partial(read_raster if is_raster(path) else read_pixels, path, width, height)


def is_raster(path: Path) -> bool:
    """Tell by its ending whether a file is an image that is no DICOM file."""
    return path.suffix.lower() in RASTER_ENDINGS


def is_image(path: Path) -> bool:
    """Tell whether a file is an image by its ending, or is DICOM under any other."""
    if path.suffix.lower() in (*RASTER_ENDINGS, *DICOM_ENDINGS):
        return True
    try:
        with path.open("rb") as file:
            return file.read(_PREAMBLE_BYTES + len(_MAGIC))[_PREAMBLE_BYTES:] == _MAGIC
    except OSError:
        return False  # what cannot be opened is no image of use
