"""Patches kept on disk with what surrounds them, so that no mammogram is opened twice."""

import errno
import hashlib
import json
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from centre_node.errors import (
    BadImageError,
    BadMammogramsError,
    NotEnoughTissueError,
    OutOfSpaceError,
    PatchDoesNotFitError,
    PatchStoreError,
)
from centre_node.mammography.boxes import Box, jitter_reach, jittered, patch_box
from centre_node.mammography.configuration import Jitter, PatchConfiguration
from centre_node.mammography.crops import background_share, cropped, resized
from centre_node.mammography.healthy import HealthyRules, healthy_boxes, shared_out
from centre_node.mammography.mammograms import Mammogram
from shared.models import StrictModel
from shared.names import LesionKind

FORMAT = 2
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
    forbidden: tuple[BoxTuple, ...] = ()  # annotations that no crop of a healthy patch may touch


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
        """Open a store that `extract_patches` wrote.

        Raises:
            PatchStoreError: There is none, or it is damaged.
        """
        try:
            index = _Index.model_validate_json((folder / INDEX).read_bytes())
            size_bytes = (folder / PIXELS).stat().st_size
        except (OSError, ValidationError) as error:
            raise PatchStoreError(f"{folder} holds no readable patches") from error
        expected_bytes = sum(record.width * record.height for record in index.records)
        if size_bytes != expected_bytes:
            raise PatchStoreError(
                f"{folder / PIXELS} has {size_bytes} bytes, but its index says {expected_bytes}"
            )
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

        Without `jitter` and `random` the squares themselves: the same patches every time. A
        jittered healthy patch obeys the rules that its place was chosen by (background,
        annotations): it is drawn anew up to 8 times, then taken without jitter.

        Deviation: the published code checked the background before the jitter only.
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
            if record.label == 1 or self._is_healthy(record, box, crop):
                return crop
        return cropped(pixels, square)

    def _is_healthy(self, record: PatchRecord, box: Box, crop: NDArray[np.uint8]) -> bool:
        if any(box.overlaps(Box(*annotation)) for annotation in record.forbidden):
            return False
        share = background_share(crop, level=self.configuration.background_level)
        return share <= self.configuration.largest_background_share


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
        PatchStoreError: `folder` holds something else.
        OutOfSpaceError: The disk is full; nothing is left behind.
    """
    kinds = tuple(sorted(lesion_kinds))
    digest = _digest(mammograms, configuration, kinds, healthy, seed)
    stored = _stored(folder)
    if stored is not None and stored.digest == digest:
        return stored
    temporary = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(temporary, ignore_errors=True)  # of an extraction that was killed
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
        with (temporary / INDEX).open("wb") as file:
            file.write(index.model_dump_json().encode())
            file.flush()
            os.fsync(file.fileno())
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
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


def _stored(folder: Path) -> PatchStore | None:
    """Return the store in `folder`; None where there is none or it is damaged.

    Raises:
        PatchStoreError: The folder holds other files, which must not be replaced.
    """
    if not folder.exists():
        return None
    if not folder.is_dir() or {path.name for path in folder.iterdir()} - {PIXELS, INDEX}:
        raise PatchStoreError(f"{folder} holds something other than patches; it is left alone")
    try:
        return PatchStore.open(folder)
    except PatchStoreError:
        return None


class _Cutter:
    """Goes through the mammograms and writes patches as it meets them.

    Each image is opened once, unless another cannot hold its part of the healthy patches.
    """

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
        self._healthy_of: dict[str, list[Box]] = defaultdict(list)
        self._used_up: set[str] = set()
        self._rules = HealthyRules(
            configuration.background_level, configuration.largest_background_share
        )

    def cut(self, mammograms: Sequence[Mammogram], healthy: int, on_progress: OnProgress) -> None:
        squares = self._lesion_squares(mammograms)
        sides = [square.width for found in squares.values() for square, _ in found]
        sources = self._healthy_sources(mammograms, healthy)
        quotas = self._quotas(healthy, sources, mammograms)
        order = [m for m in mammograms if squares[m.image_id] or quotas.get(m.image_id)]
        missing = healthy
        for done, mammogram in enumerate(order):
            on_progress(done, len(order))
            pixels = self._loaded(mammogram)
            if pixels is None:
                continue
            for square, lesion_index in squares[mammogram.image_id]:
                self._add(mammogram, pixels, square, lesion_index)
            wanted = quotas.get(mammogram.image_id, 0)
            missing -= self._add_healthy(mammogram, pixels, sides, wanted)
        on_progress(len(order), len(order))
        missing = self._add_missing(mammograms, sides, sources, missing)
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

    def _add_missing(
        self, mammograms: Sequence[Mammogram], sides: list[int], sources: set[str], missing: int
    ) -> int:
        """Share out anew, until all are full, what some images had no room for.

        Returns:
            How many patches are missing still.
        """
        while missing and (sources := sources - self._used_up):
            quotas = self._quotas(missing, sources, mammograms)
            for mammogram in mammograms:
                wanted = quotas.get(mammogram.image_id, 0)
                pixels = self._loaded(mammogram) if wanted else None
                if pixels is not None:
                    missing -= self._add_healthy(mammogram, pixels, sides, wanted)
        return missing

    def _loaded(self, mammogram: Mammogram) -> NDArray[np.uint8] | None:
        try:
            return mammogram.load()
        except BadImageError:
            self.skipped["image cannot be read"] += 1
            self._used_up.add(mammogram.image_id)
            return None

    def _quotas(
        self, count: int, sources: set[str], mammograms: Sequence[Mammogram]
    ) -> dict[str, int]:
        if not count:
            return {}
        patients = {m.image_id: m.patient_id for m in mammograms if m.image_id in sources}
        return shared_out(count, patients, random=self._random)

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
        fitting = sorted(side for side in sides if side <= limit)
        taken = self._healthy_of[mammogram.image_id]
        full = len(taken) + wanted
        while fitting and len(taken) < full:
            boxes = healthy_boxes(
                pixels,
                forbidden=_annotations(mammogram),
                taken=taken,
                sides=[int(side) for side in self._random.choice(fitting, full - len(taken))],
                rules=self._rules,
                random=self._random,
            )
            for box in boxes:
                self._add(mammogram, pixels, box, None)
            taken += boxes
            fitting = fitting[: len(fitting) // 2]  # what had no place is tried smaller
        if len(taken) < full:
            self._used_up.add(mammogram.image_id)
        return wanted - (full - len(taken))

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
        annotated = _annotations(mammogram) if lesion is None else []
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
                forbidden=tuple(
                    _relative(box, around) for box in annotated if box.overlaps(around)
                ),
            )
        )
        self._offset += stored.size


def _annotations(mammogram: Mammogram) -> list[Box]:
    return [*(lesion.box for lesion in mammogram.lesions), *mammogram.excluded]


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
        [
            *(m.image_id, m.patient_id, m.fingerprint, m.width, m.height),
            *(repr(m.lesions), repr(m.excluded)),
        ]
        for m in mammograms
    ]
    return hashlib.sha256(json.dumps([identity, described]).encode()).hexdigest()
