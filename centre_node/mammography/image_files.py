"""Opens a mammogram's file of either kind: DICOM, or a raster such as TIFF, PGM, PNG and JPEG."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from centre_node.mammography.rasters import raster_size, read_raster

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray

    from centre_node.mammography.dicom import DicomHeader

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
    dicom: "DicomHeader | None"


def read_head(path: Path) -> ImageHead:
    """Read an image's header.

    Raises:
        BadImageError: The file is missing, of no kind that is known, or damaged, or it is a DICOM
            file of several frames.
    """
    if not is_dicom(path):
        return ImageHead(*raster_size(path), dicom=None)
    # Here, not above: pydicom loads an array library, which folders of rasters do without.
    from centre_node.mammography.dicom import read_header

    header = read_header(path)
    return ImageHead(header.width, header.height, header)


def pixel_loader(path: Path, width: int, height: int) -> "Callable[[], NDArray[uint8]]":
    """Return what reads an image's pixels, as `Mammogram.load` is to."""
    if not is_dicom(path):
        return partial(read_raster, path, width, height)
    from centre_node.mammography.dicom import read_pixels

    return partial(read_pixels, path, width, height)


def is_image(path: Path) -> bool:
    """Tell whether a file is an image by its ending, or is DICOM under any other."""
    return path.suffix.lower() in RASTER_ENDINGS or is_dicom(path)


def is_dicom(path: Path) -> bool:
    """Tell whether a file is DICOM by its ending, or by its bytes where that tells nothing."""
    ending = path.suffix.lower()
    if ending in (*DICOM_ENDINGS, *RASTER_ENDINGS):
        return ending in DICOM_ENDINGS
    try:
        with path.open("rb") as file:
            return file.read(_PREAMBLE_BYTES + len(_MAGIC))[_PREAMBLE_BYTES:] == _MAGIC
    except OSError:
        return False  # what cannot be opened is no image of use
