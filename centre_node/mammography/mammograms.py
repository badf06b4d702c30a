"""A mammogram and what is annotated on it, however it was stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from centre_node.mammography.boxes import Box
from shared.names import LesionKind

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray

Contour = tuple[tuple[float, float], ...]
"""Corners (x, y) of a polygon in pixels, origin top left."""


@dataclass(frozen=True, slots=True)
class Lesion:
    """An annotated finding. `box` encloses `contours`; box-only data sets have no contours."""

    box: Box
    kind: LesionKind
    contours: tuple[Contour, ...] = ()
    pathology: str | None = None
    birads: str | None = None


@dataclass(frozen=True, slots=True)
class Mammogram:
    """One image of one breast, read lazily.

    Attributes:
        fingerprint: Changes when the pixels may have changed, known without opening the image;
            empty where the image id says it all.
        excluded: Annotated tissue that is no usable lesion: no lesion patch is cut for it and no
            healthy patch may touch it.
        density: ACR breast density, 1 to 4.
        labels: What else the data set says of the image, for filters such as `split=test`.
        load: Returns the pixels, shape (height, width), 8 bit, the whole image min-max scaled,
            tissue brighter than background. Raises `BadImageError`.
    """

    image_id: str
    patient_id: str
    width: int
    height: int
    load: "Callable[[], NDArray[uint8]]" = field(compare=False, repr=False)
    fingerprint: str = ""
    laterality: Literal["L", "R"] | None = None
    view: str | None = None
    density: int | None = None
    pixel_spacing_mm: float | None = None
    lesions: tuple[Lesion, ...] = ()
    excluded: tuple[Box, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that a reader left out or changed, and why; reasons are counted, so they are few."""

    record: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader made of a folder, or what phantoms were drawn."""

    name: str
    mammograms: tuple[Mammogram, ...]
    skipped: tuple[Skipped, ...] = ()
    folder: Path | None = None

    @property
    def place(self) -> str:
        """What tells it from other data sets of this machine; it never leaves."""
        return self.name if self.folder is None else str(self.folder)
