"""Patches kept on disk with what surrounds them, so that no mammogram is opened twice."""

import errno
import hashlib
import json
import os
import shutil
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from centre_node.errors import (
    BadImageError,
    BadMammogramsError,
    NotEnoughTissueError,
    OutOfSpaceError,
    PatchDoesNotFitError,
)
from centre_node.mammography.boxes import Box, jitter_reach, jittered, patch_box
from centre_node.mammography.configuration import Jitter, PatchConfiguration
from centre_node.mammography.crops import background_share, cropped, resized
from centre_node.mammography.healthy import HealthyRules, healthy_boxes
from centre_node.mammography.mammograms import Mammogram
from shared.models import StrictModel
from shared.names import LesionKind

FORMAT = 1
PIXELS, INDEX = "pixels.bin", "index.json"
REDRAWS = 8

BoxTuple = tuple[int, int, int, int]
OnProgress = Callable[[int, int], None]


class PatchRecord(StrictModel):
    """One patch. Boxes (left, top, right, bottom) are relative to the stored surroundings."""

    label: Literal[0, 1]
    kind: LesionKind | None
    patient_id: str
    image_id: str
    laterality: str | None
    view: str | None
    density: int | None
    offset: int
    width: int
    height: int
    square: BoxTuple
    lesion: BoxTuple | None


class _Index(StrictModel):
    digest: str
    configuration: PatchConfiguration
    skipped: dict[str, int]
    records: tuple[PatchRecord, ...]


@dataclass(frozen=True)
class PatchStore:
    """Patches of one set of mammograms; pixels are mapped from disk, not read."""

    folder: Path
    digest: str
    configuration: PatchConfiguration
    skipped: dict[str, int]
    records: tuple[PatchRecord, ...]

    @classmethod
    def open(cls, folder: Path) -> "PatchStore":
        """Open a store that `extract_patches` wrote."""
        index = _Index.model_validate_json((folder / INDEX).read_bytes())
        return cls(folder, index.digest, index.configuration, index.skipped, index.records)

    @cached_property
    def _pixels(self) -> NDArray[np.uint8]:
        return np.memmap(self.folder / PIXELS, dtype=np.uint8, mode="r")

    def indices(self, label: int) -> NDArray[np.int64]:
        """Return the records with a label: 1 lesion, 0 healthy."""
        return np.flatnonzero([record.label == label for record in self.records])

    def surroundings(self, index: int) -> NDArray[np.uint8]:
        """Return a patch's square and what any jitter may reach, at native resolution."""
        record = self.records[index]
        flat = self._pixels[record.offset : record.offset + record.width * record.height]
        return flat.reshape(record.height, record.width)

    def crops(
        self,
        indices: Iterable[int],
        *,
        size: int,
        jitter: Jitter | None = None,
        random: np.random.Generator | None = None,
    ) -> NDArray[np.uint8]:
        """Return patches, shape (n, size, size).

        Without `jitter` and `random` the squares themselves: the same patches every time.
        """
        patches = [resized(self._crop(int(index), jitter, random), size) for index in indices]
        return np.stack(patches) if patches else np.empty((0, size, size), dtype=np.uint8)

    def _crop(
        self, index: int, jitter: Jitter | None, random: np.random.Generator | None
    ) -> NDArray[np.uint8]:
        pixels, record = self.surroundings(index), self.records[index]
        square = Box(*record.square)
        if jitter is None or random is None:
            return cropped(pixels, square)
        lesion = None if record.lesion is None else Box(*record.lesion)
        for _ in range(REDRAWS):
            box = jittered(
                square,
                lesion,
                image_width=record.width,
                image_height=record.height,
                jitter=jitter,
                smallest_side=self.configuration.smallest_side_px,
                random=random,
            )
            crop = cropped(pixels, box)
            level = self.configuration.background_level
            limit = self.configuration.largest_background_share
            if record.label == 1 or background_share(crop, level=level) <= limit:
                return crop
        return cropped(pixels, square)


def extract_patches(
    mammograms: Sequence[Mammogram],
    *,
    folder: Path,
    configuration: PatchConfiguration,
    lesion_kinds: Sequence[LesionKind],
    healthy: int,
    seed: int,
    on_progress: OnProgress,
) -> PatchStore:
    """Cut every lesion of the given kinds and `healthy` healthy patches, each image opened once.

    A store in `folder` that was cut from the same mammograms with the same options is reused
    without opening an image. An image that cannot be read and a lesion that does not fit its
    image cost that patch and are counted in `skipped`.

    Raises:
        BadMammogramsError: Not one patch could be cut.
        NotEnoughTissueError: Fewer healthy patches than asked for could be placed.
        OutOfSpaceError: The disk is full; nothing is left behind.
    """
    kinds = tuple(sorted(lesion_kinds))
    digest = _digest(mammograms, configuration, kinds, healthy, seed)
    if (folder / INDEX).exists():
        store = PatchStore.open(folder)
        if store.digest == digest:
            return store
        shutil.rmtree(folder)
    temporary = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    try:
        temporary.mkdir(parents=True)
        with (temporary / PIXELS).open("wb") as file:
            cutter = _Cutter(file.write, configuration, kinds, np.random.default_rng(seed))
            cutter.cut(mammograms, healthy, on_progress)
            file.flush()
            os.fsync(file.fileno())
        index = _Index(
            digest=digest,
            configuration=configuration,
            skipped=dict(cutter.skipped),
            records=tuple(cutter.records),
        )
        (temporary / INDEX).write_text(index.model_dump_json())
        temporary.rename(folder)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise OutOfSpaceError(f"no space is left for the patches in {folder.parent}") from error
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return PatchStore.open(folder)


def check_no_leak(stores: Sequence[PatchStore]) -> None:
    """Check that no patient and no identical patch is in two stores.

    Raises:
        BadMammogramsError: One is.
    """
    patients: dict[str, int] = {}
    pixels: dict[bytes, int] = {}
    for number, store in enumerate(stores):
        for index, record in enumerate(store.records):
            if patients.setdefault(record.patient_id, number) != number:
                raise BadMammogramsError("a patient is in two subsets")
            square = cropped(store.surroundings(index), Box(*record.square))
            key = hashlib.sha256(square.tobytes()).digest()
            if pixels.setdefault(key, number) != number:
                raise BadMammogramsError(
                    "two subsets hold an identical patch, though under different patients; "
                    "look for duplicated images"
                )


class _Cutter:
    """Goes through the mammograms once and writes patches as it meets them."""

    def __init__(
        self,
        write: Callable[[bytes], int],
        configuration: PatchConfiguration,
        kinds: tuple[LesionKind, ...],
        random: np.random.Generator,
    ) -> None:
        self._write = write
        self._configuration = configuration
        self._kinds = kinds
        self._random = random
        self._offset = 0
        self.records: list[PatchRecord] = []
        self.skipped: dict[str, int] = defaultdict(int)

    def cut(self, mammograms: Sequence[Mammogram], healthy: int, on_progress: OnProgress) -> None:
        squares = self._lesion_squares(mammograms)
        sides = [square.width for found in squares.values() for square, _ in found]
        sources = self._healthy_sources(mammograms, healthy)
        order = [m for m in mammograms if squares[m.image_id] or m.image_id in sources]
        # Each image in turn must bring its part of the healthy patches that are still missing.
        to_come, missing = len(sources), healthy
        for done, mammogram in enumerate(order):
            on_progress(done, len(order))
            try:
                pixels = mammogram.load()
            except BadImageError:
                self.skipped["image cannot be read"] += 1
                to_come -= mammogram.image_id in sources
                continue
            for square, lesion_index in squares[mammogram.image_id]:
                self._add(mammogram, pixels, square, lesion_index)
            if mammogram.image_id in sources:
                wanted = -(-missing // to_come)
                missing -= self._add_healthy(mammogram, pixels, sides, wanted)
                to_come -= 1
        on_progress(len(order), len(order))
        if not self.records:
            raise BadMammogramsError(
                f"not one patch could be cut from {len(mammograms)} mammograms: "
                + (
                    ", ".join(f"{n} x {reason}" for reason, n in self.skipped.items())
                    or "no lesion"
                )
            )
        if missing > 0:
            raise NotEnoughTissueError(
                f"{healthy} healthy patches were asked for, but only {healthy - missing} could be "
                f"placed in {len(sources)} mammograms"
            )

    def _lesion_squares(self, mammograms: Sequence[Mammogram]) -> dict[str, list[tuple[Box, int]]]:
        squares: dict[str, list[tuple[Box, int]]] = {m.image_id: [] for m in mammograms}
        for mammogram in mammograms:
            for index, lesion in enumerate(mammogram.lesions):
                if lesion.kind not in self._kinds:
                    continue
                try:
                    square = patch_box(
                        lesion.box,
                        image_width=mammogram.width,
                        image_height=mammogram.height,
                        margin=self._configuration.margin_px,
                        smallest_side=self._configuration.smallest_side_px,
                    )
                except PatchDoesNotFitError:
                    self.skipped["lesion does not fit a square in its image"] += 1
                else:
                    squares[mammogram.image_id].append((square, index))
        return squares

    def _healthy_sources(self, mammograms: Sequence[Mammogram], healthy: int) -> set[str]:
        if not healthy:
            return set()
        everywhere = self._configuration.healthy_from == "all_mammograms"
        sources = {m.image_id for m in mammograms if everywhere or not (m.lesions or m.excluded)}
        if not sources:
            raise NotEnoughTissueError(
                f"{healthy} healthy patches were asked for, but none of {len(mammograms)} "
                "mammograms is free of annotations"
            )
        return sources

    def _add_healthy(
        self, mammogram: Mammogram, pixels: NDArray[np.uint8], sides: list[int], wanted: int
    ) -> int:
        limit = min(mammogram.width, mammogram.height)
        fitting = [side for side in sides if side <= limit]
        if not fitting or wanted <= 0:
            return 0
        boxes = healthy_boxes(
            pixels,
            forbidden=[*(lesion.box for lesion in mammogram.lesions), *mammogram.excluded],
            sides=[int(side) for side in self._random.choice(fitting, wanted)],
            rules=HealthyRules(
                self._configuration.background_level, self._configuration.largest_background_share
            ),
            random=self._random,
        )
        for box in boxes:
            self._add(mammogram, pixels, box, None)
        return len(boxes)

    def _add(
        self, mammogram: Mammogram, pixels: NDArray[np.uint8], square: Box, lesion_index: int | None
    ) -> None:
        around = jitter_reach(
            square,
            image_width=mammogram.width,
            image_height=mammogram.height,
            jitter=self._configuration.jitter,
        )
        lesion = None if lesion_index is None else mammogram.lesions[lesion_index]
        stored = np.ascontiguousarray(cropped(pixels, around))
        self._write(stored.tobytes())
        self.records.append(
            PatchRecord(
                label=0 if lesion is None else 1,
                kind=None if lesion is None else lesion.kind,
                patient_id=mammogram.patient_id,
                image_id=mammogram.image_id,
                laterality=mammogram.laterality,
                view=mammogram.view,
                density=mammogram.density,
                offset=self._offset,
                width=around.width,
                height=around.height,
                square=_relative(square, around),
                lesion=None if lesion is None else _relative(lesion.box, around),
            )
        )
        self._offset += stored.size


def _relative(box: Box, origin: Box) -> BoxTuple:
    moved = box.moved(-origin.left, -origin.top)
    return (moved.left, moved.top, moved.right, moved.bottom)


def _digest(
    mammograms: Sequence[Mammogram],
    configuration: PatchConfiguration,
    kinds: tuple[LesionKind, ...],
    healthy: int,
    seed: int,
) -> str:
    identity = [FORMAT, configuration.model_dump(mode="json"), kinds, healthy, seed]
    described = [
        [m.image_id, m.patient_id, m.width, m.height, repr(m.lesions), repr(m.excluded)]
        for m in mammograms
    ]
    return hashlib.sha256(json.dumps([identity, described]).encode()).hexdigest()
