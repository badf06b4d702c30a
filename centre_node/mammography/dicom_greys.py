"""From the values that a DICOM file stores to the greys that a viewer shows."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom import DataElement, Dataset
from pydicom.pixels.processing import apply_windowing
from pydicom.valuerep import VR

from centre_node.mammography.dicom_values import first
from centre_node.mammography.image_faults import refused
from centre_node.mammography.scaling import min_max_scaled

_SCALE = (
    "PhotometricInterpretation",
    "BitsStored",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "ModalityLUTSequence",
    "RescaleSlope",
    "RescaleIntercept",
    "VOILUTSequence",
    "VOILUTFunction",
    "WindowCenter",
    "WindowWidth",
    "PresentationLUTShape",
)
_SMALLEST_WIDTH = {"LINEAR": 1.0, "LINEAR_EXACT": 0.0, "SIGMOID": 0.0}


def shown(pixels: NDArray[np.integer], dataset: Dataset, name: str) -> NDArray[np.uint8]:
    """Return the greys, shape (height, width), 8 bit, tissue bright, min-max scaled.

    Each value that occurs is mapped once, and the pixels are looked up in that table. Attributes
    that are empty count as absent.

    Args:
        pixels: As stored, shape (height, width), 8 or 16 bit, signed or not.
        name: What a message calls the image.

    Raises:
        BadImageError: Nothing but padding, or one value in every pixel.
        ValueError: The header's rescaling, table or window makes no finite greys.
    """
    dataset = _scale(dataset)
    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    patterns = pixels.view(f"uint{8 * pixels.itemsize}")
    size: int = 2 ** (8 * pixels.itemsize)
    values = np.arange(size).astype(pixels.dtype).astype(np.int64)  # of each pattern of bits
    counts = cv2.calcHist([patterns], [0], None, [size], [0, size]).ravel()
    seen = (counts > 0) & ~_is_padding(values, pixels.dtype, dataset)
    if not seen.any():
        raise refused(name, "has padding in every pixel")
    table = np.zeros(size, dtype=np.uint8)
    table[seen] = min_max_scaled(_greys(values[seen], dataset), name)
    return np.asarray(table[patterns])


def _scale(dataset: Dataset) -> Dataset:
    """Return the attributes that make greys, without those that are empty."""
    scale = Dataset()
    for keyword in _SCALE:
        if keyword in dataset and not _is_empty(dataset[keyword]):
            scale.add(dataset[keyword])
    scale.file_meta = dataset.file_meta
    if "VOILUTFunction" in scale:
        scale.VOILUTFunction = str(first(scale.VOILUTFunction)).upper()
    return scale


def _is_empty(element: DataElement) -> bool:
    """Tell whether an element says nothing; a table that lacks a part says something wrong."""
    if element.VR == VR.SQ:
        return not element.value or all(part.is_empty for part in element.value[0])
    return element.is_empty or first(element.value) is None


def _is_padding(
    values: NDArray[np.int64], stored: np.dtype[np.integer], dataset: Dataset
) -> NDArray[np.bool_]:
    """Return which values fill what the detector did not see (PS3.3, C.7.5.1.1.2)."""
    padding = dataset.get("PixelPaddingValue")
    if padding is None:
        return np.zeros(values.shape, dtype=np.bool_)
    limit = dataset.get("PixelPaddingRangeLimit")
    ends = np.array([padding, padding if limit is None else limit], dtype=np.int64)
    ends = ends.astype(stored)  # some files write a negative value as if it had no sign
    return np.asarray((values >= ends.min()) & (values <= ends.max()))


def _greys(values: NDArray[np.int64], dataset: Dataset) -> NDArray[np.float64]:
    """Return what a viewer shows of each stored value, brighter where larger."""
    measured = _measured(values, dataset)
    greys = _viewed(measured, dataset)
    if greys.min() == greys.max():
        greys = measured  # a window beside the data shows nothing
    if not np.isfinite(greys).all():
        raise ValueError("greys are not finite")
    return -greys if _is_inverse(dataset) else greys


def _measured(values: NDArray[np.int64], dataset: Dataset) -> NDArray[np.float64]:
    """Apply the modality table or rescaling (PS3.3, C.11.1)."""
    if "ModalityLUTSequence" in dataset:
        return _tabulated(values, dataset.ModalityLUTSequence[0], _byte_order(dataset))
    slope, intercept = dataset.get("RescaleSlope", 1), dataset.get("RescaleIntercept", 0)
    return values.astype(np.float64) * float(slope) + float(intercept)


def _viewed(measured: NDArray[np.float64], dataset: Dataset) -> NDArray[np.float64]:
    """Apply the first VOI table, else the first window if it is one (PS3.3, C.11.2)."""
    if "VOILUTSequence" in dataset:
        return _tabulated(measured, dataset.VOILUTSequence[0], _byte_order(dataset))
    if _has_window(dataset):
        with np.errstate(over="ignore"):  # far from a sigmoid's centre, where it is 0
            return np.asarray(apply_windowing(measured, dataset), dtype=np.float64)
    return measured


def _tabulated(
    values: NDArray[np.int64] | NDArray[np.float64], item: Dataset, byte_order: str
) -> NDArray[np.float64]:
    """Look values up; those beyond the table's ends get its ends."""
    _, start, _ = item.LUTDescriptor
    entries = _entries(item, byte_order)
    places = np.clip(np.rint(values) - start, 0, len(entries) - 1)
    return np.asarray(entries[places.astype(np.int64)])


def _entries(item: Dataset, byte_order: str) -> NDArray[np.float64]:
    """Return the entries of a table, which lie in bytes or in words.

    Some files hold entries of 8 bit in words of 16, others pack two of them in a word. The length
    tells it (PS3.3, C.11.2.1.1).

    Raises:
        ValueError: Entries of more than 8 bit lie in bytes.
    """
    count, _, bits = item.LUTDescriptor
    count = count or 2**16
    data = item.LUTData
    if not isinstance(data, bytes):
        words = np.atleast_1d(np.asarray(data))
        if bits > 8 or len(words) >= count:
            return words.astype(np.float64)
        data = words.astype("<u2").tobytes()
    if bits > 8 and len(data) <= count + count % 2:
        raise ValueError("a table holds half of its entries")
    are_words = bits > 8 or len(data) >= 2 * count
    return np.frombuffer(data, dtype=f"{byte_order}u2" if are_words else "u1").astype(np.float64)


def _byte_order(dataset: Dataset) -> str:
    return "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"


def _has_window(dataset: Dataset) -> bool:
    """Tell whether the first window can be applied; many files carry an empty or wrong one."""
    centre, width = (_number(dataset, key) for key in ("WindowCenter", "WindowWidth"))
    smallest = _SMALLEST_WIDTH.get(dataset.get("VOILUTFunction", "LINEAR"), math.inf)
    return math.isfinite(centre) and width >= smallest and 0 < width < math.inf


def _number(dataset: Dataset, keyword: str) -> float:
    """Return the first of several numbers, or the only one; NaN where there is none."""
    number = first(dataset.get(keyword))
    return math.nan if number is None else float(number)


def _is_inverse(dataset: Dataset) -> bool:
    """Tell whether low values are bright.

    In an image the shape INVERSE goes with MONOCHROME1 and means the same inversion
    (PS3.3, C.8.11.3.1.2), so it is done once.
    """
    return bool(
        dataset.PhotometricInterpretation == "MONOCHROME1"
        or dataset.get("PresentationLUTShape") == "INVERSE"
    )
