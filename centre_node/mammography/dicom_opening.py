"""Opens DICOM files, those without a preamble too.

Errors name the file and never what its header says, so they are raised `from None`: the texts of
the underlying errors can quote a header.
"""

from collections.abc import Sequence
from pathlib import Path

from pydicom import Dataset, FileDataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from centre_node.mammography.dicom_decoding import FAULTS
from centre_node.mammography.image_faults import refused

_DAMAGED = "is damaged or cut short"
_NO_DICOM = "is no DICOM file"


def opened(path: Path, *, tags: Sequence[str] | None) -> Dataset:
    """Return a file's elements; those of the given keywords only, or all with pixels for None.

    Old archives write files without the preamble and the head that names the transfer syntax
    (PS3.10, 7.1). They are read by the form of their elements.

    Raises:
        BadImageError: The file is missing, no DICOM file, or damaged.
    """
    try:
        return _with_syntax(_read(path, tags, force=False))
    except InvalidDicomError:
        return _without_preamble(path, tags)
    except OSError as error:
        # pydicom's own have no reason of the system's.
        reason = f"cannot be read: {error.strerror}" if error.strerror else _DAMAGED
        raise refused(path.name, reason) from None
    except FAULTS:
        raise refused(path.name, _DAMAGED) from None


def _without_preamble(path: Path, tags: Sequence[str] | None) -> Dataset:
    try:
        dataset = _read(path, tags, force=True)
        is_image = bool(dataset.get("Rows") and dataset.get("Columns"))
    except (OSError, *FAULTS):
        raise refused(path.name, _NO_DICOM) from None
    if not is_image:  # anything at all can be taken for elements
        raise refused(path.name, _NO_DICOM) from None
    return _with_syntax(dataset)


def _read(path: Path, tags: Sequence[str] | None, *, force: bool) -> FileDataset:
    return dcmread(
        path,
        stop_before_pixels=tags is not None,
        specific_tags=None if tags is None else list(tags),
        force=force,
    )


def _with_syntax(dataset: FileDataset) -> FileDataset:
    """Name the transfer syntax where the file does not: the one that its elements have."""
    if getattr(dataset, "file_meta", None) is None:
        dataset.file_meta = FileMetaDataset()
    if not dataset.file_meta.get("TransferSyntaxUID"):
        dataset.file_meta.TransferSyntaxUID = _syntax(*dataset.original_encoding)
    return dataset


def _syntax(is_implicit: bool | None, is_little_endian: bool | None) -> UID:
    if is_implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if is_little_endian else ExplicitVRBigEndian
