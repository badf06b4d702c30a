"""Writes small DICOM files for tests, right or wrong in one thing."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.filewriter import correct_ambiguous_vr_element

from centre_node.mammography.phantoms.writers.dicom_file import DicomFacts, uid, write_dicom

WIDTH, HEIGHT = 60, 80


def smooth(bits: int = 14) -> NDArray[np.uint16]:
    """Smooth noise over all values of so many bits."""
    noise = np.random.default_rng(0).normal(size=(HEIGHT, WIDTH)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 3)
    scaled = cv2.normalize(soft, np.empty_like(soft), 0, 2**bits - 1, cv2.NORM_MINMAX)
    return np.asarray(scaled.round(), dtype=np.uint16)


def facts(**changes: Any) -> DicomFacts:
    return DicomFacts(
        **{
            "patient_id": "Jane Doe",
            "study_uid": uid("study"),
            "series_uid": uid("series"),
            "sop_uid": uid("image"),
            "laterality": "L",
            "view": "MLO",
            "spacing_mm": 0.07,
            **changes,
        }
    )


def dicom(path: Path, pixels: NDArray[Any] | None = None, **elements: Any) -> Path:
    """Write a file; elements replace those that a valid file has, None removes."""
    values = smooth() if pixels is None else pixels
    write_dicom(path, np.zeros(values.shape, f"u{values.itemsize}"), facts())
    dataset = dcmread(path)
    dataset.PixelRepresentation = int(np.issubdtype(values.dtype, np.signedinteger))
    dataset.PixelData = values.tobytes() + bytes(values.nbytes % 2)
    change(dataset, **elements)
    dataset.save_as(path)
    return path


def change(dataset: Dataset, **elements: Any) -> None:
    """Replace elements, None removes."""
    for keyword, value in elements.items():
        if value is not None:
            setattr(dataset, keyword, value)
            correct_ambiguous_vr_element(dataset[keyword], dataset, is_little_endian=True)
        elif keyword in dataset:
            delattr(dataset, keyword)


def table(first: int, entries: list[int], bits: int = 16) -> Dataset:
    """A look-up table from a first value on, as an item of a sequence."""
    packed = np.array(entries, dtype="<u1" if bits == 8 else "<u2").tobytes()
    return item(LUTDescriptor=[len(entries), first, bits], LUTData=packed)


def item(**elements: Any) -> Dataset:
    """An item of a sequence."""
    dataset = Dataset()
    change(dataset, **elements)
    return dataset
