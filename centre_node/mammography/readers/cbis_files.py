"""The folders of CBIS-DDSM: in which file an image or a mask is."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from centre_node.mammography.dicom import read_header
from centre_node.mammography.errors import BadImageError
from centre_node.mammography.readers.cbis_tables import (
    CROP_PATH,
    IMAGE_PATH,
    MASK_PATH,
    Abnormality,
    first_folder,
)
from centre_node.mammography.readers.data_folder import MISSING, OUTSIDE, DataFolder
from centre_node.mammography.readers.outlines import is_alike

_FILE_OUTSIDE = OUTSIDE.removeprefix("its ")


class ImageFiles:
    """Finds DICOM files: where a path says, or wherever they lie in the folder that it begins with.

    The archive's downloader names files anew, so that only a path's first folder can be trusted,
    and puts all folders below another, `CBIS-DDSM`.
    """

    def __init__(self, files: DataFolder) -> None:
        folder = files.path
        self._files = files
        self._roots = [
            root
            for root in (folder, folder / "CBIS-DDSM", *sorted(folder.glob("manifest-*/CBIS-DDSM")))
            if root.is_dir()
        ]

    def image(self, row: Abnormality) -> Path | str:
        """Return the mammogram's file, or as text the reason why there is none."""
        path = row.cells[IMAGE_PATH]
        for root in self._roots:
            found = self._files.find(root / path)
            if found != MISSING:
                return f"its image's {_FILE_OUTSIDE}" if isinstance(found, str) else found
        there = self._below(path)
        if not there:
            return "its image's file is missing"
        if len(there) > 1:
            return "its image's folder has several files"
        inside = self._inside(there)
        return inside[0] if inside else f"its image's {_FILE_OUTSIDE}"

    def masks(self, row: Abnormality, width: int, height: int) -> tuple[list[Path], str]:
        """Return what may be the mask, the likeliest first, and the reason where none is.

        Of the files of an abnormality it is the one with the image's size. The others are crops;
        which is which is told by no name. Without such a file it may be one of the image's
        proportions: some masks are of a film that was digitised at another resolution.
        """
        path = row.cells[MASK_PATH]
        there = [*self._below(path), *self._below(row.cells[CROP_PATH])]
        sizes = {file: _size(file) for file in self._inside(there)}
        ordered = sorted(sizes, key=lambda file: file.name != PurePosixPath(path).name)
        whole = [file for file in ordered if sizes[file] == (width, height)]
        if whole:
            return whole[:1], "its mask is empty or cannot be decoded"
        if not there:
            return [], "its mask's file is missing"
        if not sizes:
            return [], f"its mask's {_FILE_OUTSIDE}"
        if not any(sizes.values()):
            return [], "its mask is no DICOM file that can be read"
        alike = [file for file in ordered if is_alike(sizes[file] or (0, 0), (width, height))]
        return alike, "its mask is not of its image's size"

    def _below(self, path: str) -> list[Path]:
        name = first_folder(path)
        if name is None:
            return []
        folders = [root / name for root in self._roots if (root / name).is_dir()]
        return [file for folder in folders for file in self._files.below(folder, "**/*", ".dcm")]

    def _inside(self, there: Sequence[Path]) -> list[Path]:
        found = (self._files.find(file) for file in there)
        return [file for file in found if isinstance(file, Path)]


def _size(path: Path) -> tuple[int, int] | None:
    try:
        header = read_header(path)
    except BadImageError:
        return None
    return header.width, header.height
