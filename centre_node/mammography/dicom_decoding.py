"""Decodes the pixels of a DICOM file, compressed or not, each way with one decoder."""

import struct
import zlib
from typing import TYPE_CHECKING

from pydicom import Dataset
from pydicom.encaps import generate_frames
from pydicom.errors import BytesLengthException
from pydicom.uid import (
    JPEG2000,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from centre_node.mammography.codestreams import check_codestream
from centre_node.mammography.errors import BadImageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FAULTS = (
    ArithmeticError,
    AttributeError,
    BytesLengthException,
    EOFError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What pydicom and the decoders raise for damaged files."""

_DECODERS = {
    JPEGBaseline8Bit: "gdcm",
    JPEGExtended12Bit: "gdcm",
    JPEGLossless: "gdcm",
    JPEGLosslessSV1: "gdcm",
    JPEGLSLossless: "gdcm",
    JPEGLSNearLossless: "gdcm",
    JPEG2000: "gdcm",
    JPEG2000Lossless: "gdcm",
    RLELossless: "pydicom",
}
"""Which of pydicom's plug-ins decodes what, whatever else is installed."""


def decoded(dataset: Dataset, name: str) -> "NDArray[np.integer]":
    """Return the values as stored, shape (height, width), in 8 or 16 bit, signed or not.

    Args:
        dataset: Of one grey image in 8 or 16 bit.
        name: What a message calls it.

    Raises:
        BadImageError: They cannot be decoded, or are too few.
    """
    from pydicom.pixels.utils import pixel_array

    try:
        syntax = dataset.file_meta.TransferSyntaxUID
        if not syntax.is_encapsulated:
            return pixel_array(dataset)
        if syntax not in _DECODERS:
            raise BadImageError(f"{name} is compressed in a way that cannot be read")
        if _DECODERS[syntax] == "gdcm":
            _check_codestream(dataset)
        return pixel_array(dataset, decoding_plugin=_DECODERS[syntax])
    except FAULTS:
        reason = "has pixels that cannot be decoded, or is cut short"
        raise BadImageError(f"{name} {reason}") from None  # as in dicom.py: it may quote a header


def _check_codestream(dataset: Dataset) -> None:
    codestream = next(generate_frames(dataset.PixelData, number_of_frames=1))
    check_codestream(
        codestream,
        width=dataset.Columns,
        height=dataset.Rows,
        largest_bits=dataset.BitsAllocated,
    )
