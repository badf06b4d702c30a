"""What was cut from one mammogram, on disk until the whole store is written."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from centre_node.mammography.boxes import Box
from centre_node.mammography.cutting import Cut
from centre_node.mammography.healthy import Look
from centre_node.mammography.patch_records import PatchRecord
from shared.files import write_whole
from shared.models import StrictModel


class _Head(StrictModel):
    """The first line of a part's file; the bytes of its patches follow."""

    records: tuple[PatchRecord, ...]
    skipped: dict[str, int]
    doubts: tuple[str, ...] = ()
    is_readable: bool = True
    looks: tuple[Look, ...]
    unmet: tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part's file and what its first line says."""

    file: Path
    records: tuple[PatchRecord, ...]
    skipped: dict[str, int]
    doubts: tuple[str, ...]
    is_readable: bool
    looks: tuple[Look, ...]
    unmet: tuple[Look, ...]

    @property
    def healthy_squares(self) -> tuple[Box, ...]:
        """Where in the mammogram healthy patches were cut."""
        return tuple(record.square_in_image for record in self.records if record.label == 0)


def write_part(file: Path, cut: Cut) -> None:
    """Write a part; the file appears complete or not at all."""
    head = _Head(
        records=tuple(cut.records),
        skipped=dict(cut.skipped),
        doubts=tuple(cut.doubts),
        is_readable=cut.is_readable,
        looks=tuple(cut.looks),
        unmet=tuple(cut.unmet),
    )

    def write(out: IO[bytes]) -> None:
        out.write(head.model_dump_json().encode() + b"\n")
        out.writelines(cut.pieces)

    write_whole(file, write)


def read_part(file: Path) -> Part:
    """Read a part's first line."""
    with file.open("rb") as lines:
        head = _Head.model_validate_json(lines.readline())
    return Part(
        file=file,
        records=head.records,
        skipped=head.skipped,
        doubts=head.doubts,
        is_readable=head.is_readable,
        looks=head.looks,
        unmet=head.unmet,
    )


def assemble(parts: Sequence[Part], out: BinaryIO) -> tuple[PatchRecord, ...]:
    """Write the bytes of all parts one behind the other; return the records with their places."""
    records: list[PatchRecord] = []
    for part in parts:
        start = out.tell()
        with part.file.open("rb") as file:
            file.readline()
            shutil.copyfileobj(file, out, 1 << 20)
        records += [
            record.model_copy(update={"offset": record.offset + start}) for record in part.records
        ]
    return tuple(records)
