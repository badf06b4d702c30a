"""What a test of a layout needs to compare mammograms with what was written of them."""

from collections.abc import Sequence
from pathlib import Path

from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import Mammogram


def unseen(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


def grouping(mammograms: Sequence[Mammogram]) -> list[int]:
    """Number the patients in order, whatever they are called."""
    patients = [mammogram.patient_id for mammogram in mammograms]
    return [patients.index(patient) for patient in patients]


def distance_px(box: Box, other: Box) -> int:
    """Return how far the farthest edge is from where it is in the other box."""
    return max(
        abs(box.left - other.left),
        abs(box.top - other.top),
        abs(box.right - other.right),
        abs(box.bottom - other.bottom),
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file's bytes by its place in the folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
