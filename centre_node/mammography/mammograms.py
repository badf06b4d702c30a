"""A mammogram and what is annotated on it, however it was stored.

An annotation whose place is not known excludes its whole image, so that no healthy patch comes from
tissue that may be ill. Readers cannot forget it: `Mammogram` and `Reading` see to it themselves.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from centre_node.mammography.boxes import Box
from centre_node.mammography.found_files import FoundFile
from shared.names import LesionKind

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray

Contour = tuple[tuple[float, float], ...]
"""Corners (x, y) of a polygon in pixels, origin top left."""

SPLIT_LABELS = frozenset({"split", "official_split"})
"""Labels that tell which part of a data set its publishers meant for training or test."""

NO_PLACE = "it has no box or outline inside the image"
"""Why most annotations are unplaced."""


@dataclass(frozen=True, slots=True)
class Lesion:
    """An annotated finding. `box` encloses `contours`; box-only data sets have no contours."""

    box: Box
    kind: LesionKind
    contours: tuple[Contour, ...] = ()
    pathology: str | None = None
    birads: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that a reader left out or changed, and why; reasons are counted, so they are few.

    Attributes:
        record: Names it without naming a patient.
    """

    record: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unplaced(Skipped):
    """Something annotated at a place that is not known, or that may be there without a mark."""


Finding = Lesion | Box | Unplaced
"""What an annotation is: a lesion, tissue that neither class may touch, or of unknown place."""


@dataclass(frozen=True, slots=True)
class Mammogram:
    """One image of one breast, read lazily.

    Attributes:
        file: That it is read from; None where the image id says it all.
        excluded: Annotated tissue that is no usable lesion: no lesion patch is cut for it and no
            healthy patch may touch it. It is the whole image where something is unplaced.
        unplaced: Annotations of the image whose place is not known.
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
    file: FoundFile | None = field(default=None, compare=False, repr=False)
    laterality: Literal["L", "R"] | None = None
    view: str | None = None
    density: int | None = None
    pixel_spacing_mm: float | None = None
    lesions: tuple[Lesion, ...] = ()
    excluded: tuple[Box, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        """Exclude the whole image where something is unplaced."""
        whole = Box(0, 0, self.width, self.height)
        if self.unplaced and whole not in self.excluded:
            object.__setattr__(self, "excluded", (*self.excluded, whole))

    @property
    def fingerprint(self) -> str:
        """Changes when the pixels may have changed, known without opening the image."""
        return "" if self.file is None else self.file.fingerprint

    @property
    def is_free(self) -> bool:
        """Whether nothing is annotated on it, of any kind: where whole healthy images are sought.

        One that has lost its lesions of other kinds (`with_kinds`) no longer tells.
        """
        return not self.lesions and not self.excluded

    def annotated(self, findings: Iterable[Finding]) -> "Mammogram":
        """Return it with these findings beside its own: one for every annotation of the image."""
        found = tuple(findings)
        return replace(
            self,
            lesions=(*self.lesions, *(part for part in found if isinstance(part, Lesion))),
            excluded=(*self.excluded, *(part for part in found if isinstance(part, Box))),
            unplaced=(*self.unplaced, *(part for part in found if isinstance(part, Unplaced))),
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader made of a folder, or what phantoms were drawn.

    Attributes:
        skipped: What was left out or changed, with all that is unplaced in the mammograms: what a
            reader does not tell of it is added.
        notes: What a reader that had to guess took the folder for, in words.
    """

    name: str
    mammograms: tuple[Mammogram, ...]
    skipped: tuple[Skipped, ...] = ()
    folder: Path | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Count what is unplaced."""
        object.__setattr__(self, "skipped", with_unplaced(self.skipped, self.mammograms))

    @property
    def place(self) -> str:
        """What tells it from other data sets of this machine; it never leaves."""
        return self.name if self.folder is None else str(self.folder)

    @property
    def pixel_spacing_mm(self) -> float | None:
        """What all mammograms have in common; None where they differ, or one is not known."""
        spacings = {mammogram.pixel_spacing_mm for mammogram in self.mammograms}
        return spacings.pop() if len(spacings) == 1 else None


def with_unplaced(
    skipped: Sequence[Skipped], mammograms: Iterable[Mammogram]
) -> tuple[Skipped, ...]:
    """Return the records with those that are unplaced in the mammograms and not yet among them.

    One that several mammograms share, as they may all show what it lost, is one record.
    """
    unplaced: Counter[Skipped] = Counter()
    for mammogram in mammograms:
        unplaced |= Counter(mammogram.unplaced)
    return (*skipped, *(unplaced - Counter(skipped)).elements())


def lesion_at(
    box: Box | None,
    image: Mammogram,
    record: str,
    kind: LesionKind,
    *,
    contours: tuple[Contour, ...] = (),
    pathology: str | None = None,
    birads: str | None = None,
) -> Lesion | Unplaced:
    """Return the lesion in a box, clipped to its image; unplaced where nothing is left of it.

    Args:
        box: As the data set tells it; None where it tells none that can be read.
        record: Names the annotation without naming a patient.
    """
    inside = None if box is None else box.clipped(image.width, image.height)
    if inside is None:
        return Unplaced(record, NO_PLACE)
    return Lesion(inside, kind, contours, pathology, birads)
