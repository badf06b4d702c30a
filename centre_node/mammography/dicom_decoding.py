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
from centre_node.mammography.image_faults import refused

if TYPE_CHECKING:
    import gdcm
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


_EXTENDED_BITS = 12
_EXTENDED_HEADS = (_EXTENDED_BITS, 16)
"""What a head calls 12 bit; GDCM writes 16."""


def decoded(dataset: Dataset, name: str) -> "NDArray[np.integer]":
    """Return the values as stored, shape (height, width), in 8 or 16 bit, signed or not.

    Args:
        dataset: Of one grey image in 8 or 16 bit.
        name: What a message calls it.

    Raises:
        BadImageError: They cannot be decoded, or are too few.
    """
    try:
        syntax = dataset.file_meta.TransferSyntaxUID
        if not syntax.is_encapsulated:
            return _array(dataset)
        if syntax not in _DECODERS:
            raise refused(name, "is compressed in a way that cannot be read")
        if _DECODERS[syntax] != "gdcm":
            return _array(dataset, _DECODERS[syntax])
        codestream = next(generate_frames(dataset.PixelData, number_of_frames=1))
        bits = check_codestream(
            codestream,
            width=dataset.Columns,
            height=dataset.Rows,
            largest_bits=dataset.BitsAllocated,
        )
        if syntax == JPEGExtended12Bit and bits in _EXTENDED_HEADS:
            return _extended(codestream, bits, dataset)
        return _array(dataset, _DECODERS[syntax])
    except FAULTS:
        # As in dicom.py: the fault may quote a header.
        raise refused(name, "has pixels that cannot be decoded, or is cut short") from None


def _array(dataset: Dataset, plugin: str = "") -> "NDArray[np.integer]":
    from pydicom.pixels.utils import pixel_array

    return pixel_array(dataset, decoding_plugin=plugin)


def _extended(codestream: bytes, bits: int, dataset: Dataset) -> "NDArray[np.integer]":
    """Decode a JPEG of 12 bit, which GDCM can and pydicom's plug-in for GDCM refuses to.

    Args:
        bits: What the codestream's head says.
    """
    import gdcm
    import numpy as np

    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((dataset.Columns, dataset.Rows, 1))
    image.SetDataElement(_pixel_data(codestream))
    grey = gdcm.PhotometricInterpretation.MONOCHROME2  # an inversion comes later
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(grey))
    syntax = gdcm.TransferSyntax.JPEGExtendedProcess2_4
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    image.SetPixelFormat(gdcm.PixelFormat(1, bits, _EXTENDED_BITS, _EXTENDED_BITS - 1, 0))
    # GDCM returns char* as str.
    content = image.GetBuffer().encode("utf-8", "surrogateescape")
    values = np.frombuffer(content, dtype="<u2").reshape(dataset.Rows, dataset.Columns)
    if not dataset.PixelRepresentation:
        return values
    unused = 16 - dataset.BitsStored
    return np.asarray(values.view("<i2") << unused >> unused)


def _pixel_data(codestream: bytes) -> "gdcm.DataElement":
    import gdcm

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(codestream)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    pixels = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    pixels.SetValue(fragments.__ref__())
    return pixels
