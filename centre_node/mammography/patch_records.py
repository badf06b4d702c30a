"""What is kept of each patch, and how the index of a store is written."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field, ValidationError

from centre_node.mammography.boxes import Box
from centre_node.mammography.errors import PatchStoreError
from node_api.patches import PatchConfiguration
from shared.models import StrictModel
from shared.names import LesionKind, Pathology

BoxTuple = tuple[int, int, int, int]
_PROVENANCE = b"genshare"


class PatchRecord(StrictModel):
    """One patch. Boxes (left, top, right, bottom) and contours are relative to what is stored.

    Attributes:
        left, top: Where in the mammogram the stored surroundings begin.
        offset: Of its first byte in the file of pixels, row by row.
        has_background: Whether a bit for each pixel follows: 1 where there is no tissue.
        pathology: The lesion's, where it is known; stores of earlier versions do not tell it.
        contours: The lesion's, each as x, y, x, y ...
        forbidden: Annotations that no crop of a healthy patch may touch.
        smallest_side: That no jitter makes smaller, in pixels, where it is given in mm; None where
            the store's configuration says it in pixels for every image.
    """

    label: Literal[0, 1]
    kind: LesionKind | None
    pathology: Pathology | None = None
    patient_id: str
    image_id: str
    laterality: str | None
    view: str | None
    density: int | None
    left: int
    top: int
    width: int
    height: int
    offset: int
    has_background: bool
    square: BoxTuple
    lesion: BoxTuple | None
    contours: tuple[tuple[float, ...], ...]
    forbidden: tuple[BoxTuple, ...]
    smallest_side: int | None = None

    @property
    def pixels_end(self) -> int:
        """Offset behind its last pixel."""
        return self.offset + self.width * self.height

    @property
    def end(self) -> int:
        """Offset behind its last byte."""
        return self.pixels_end + (-(-self.width * self.height // 8) if self.has_background else 0)

    @property
    def square_in_image(self) -> Box:
        """The square in the mammogram's own pixels."""
        return Box(*self.square).moved(self.left, self.top)


class Provenance(StrictModel):
    """What a store was cut from and how; its digest tells whether it must be cut again.

    Attributes:
        mammograms: See `digest_at_a_glance`.
        healthy_at_least: Of `healthy`, so many had to be there; None: all of them.
    """

    format: int
    genshare_version: str
    configuration: PatchConfiguration
    lesion_kinds: tuple[LesionKind, ...]
    healthy: int
    healthy_at_least: int | None = Field(None, exclude_if=lambda least: least is None)
    seed: int
    images: int
    mammograms: str
    digest: str


class Index(StrictModel):
    """The index of a store."""

    provenance: Provenance
    skipped: dict[str, int]
    records: tuple[PatchRecord, ...]


class _Facts(StrictModel):
    provenance: Provenance
    skipped: dict[str, int]


def index_bytes(index: Index) -> bytes:
    """Return an index as Parquet: a row a patch, the provenance in the file's metadata."""
    facts = _Facts(provenance=index.provenance, skipped=index.skipped).model_dump_json()
    table = pa.Table.from_pylist([record.model_dump() for record in index.records], schema=_SCHEMA)
    file = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({_PROVENANCE: facts.encode()}), file)
    return file.getvalue()


def read_index(path: Path) -> Index:
    """Read an index.

    Raises:
        PatchStoreError: There is none, or it is damaged.
    """
    try:
        table = pq.read_table(path)
        facts = _Facts.model_validate_json((table.schema.metadata or {})[_PROVENANCE])
        records = _records(table.to_pylist())
    except (OSError, KeyError, pa.ArrowException, ValidationError) as error:
        raise PatchStoreError(f"{path.parent} holds no readable patches") from error
    return Index(provenance=facts.provenance, skipped=facts.skipped, records=records)


def _records(rows: Sequence[dict[str, object]]) -> tuple[PatchRecord, ...]:
    return tuple(PatchRecord.model_validate(row) for row in rows)


_BOX = pa.list_(pa.int32(), 4)
_SCHEMA = pa.schema(
    [
        pa.field("label", pa.int8(), nullable=False),
        ("kind", pa.string()),
        ("pathology", pa.string()),
        pa.field("patient_id", pa.string(), nullable=False),
        pa.field("image_id", pa.string(), nullable=False),
        ("laterality", pa.string()),
        ("view", pa.string()),
        ("density", pa.int8()),
        *(
            pa.field(name, pa.int64(), nullable=False)
            for name in ("left", "top", "width", "height", "offset")
        ),
        pa.field("has_background", pa.bool_(), nullable=False),
        ("square", _BOX),
        ("lesion", _BOX),
        ("contours", pa.list_(pa.list_(pa.float64()))),
        ("forbidden", pa.list_(_BOX)),
        ("smallest_side", pa.int32()),
    ]
)
