"""Patches kept on disk with what surrounds them, so that no mammogram is opened twice."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.boxes import Box, jittered, patch_box
from centre_node.mammography.crops import cropped, resized
from centre_node.mammography.errors import APART, BadMammogramsError, PatchStoreError
from centre_node.mammography.patch_records import PatchRecord, Provenance, read_index
from node_api.patches import LEAST_SIDE_PX, Jitter, PatchConfiguration

PIXELS, INDEX, PROVENANCE = "pixels.bin", "index.parquet", "provenance.json"
REDRAWS = 8


@dataclass(frozen=True)
class PatchStore:
    """Patches of one set of mammograms; pixels are mapped from disk, not read."""

    folder: Path
    provenance: Provenance
    skipped: dict[str, int]
    records: tuple[PatchRecord, ...]

    @classmethod
    def open(cls, folder: Path) -> "PatchStore":
        """Open a store that `extract_patches` wrote.

        Raises:
            PatchStoreError: There is none, or it is damaged.
        """
        index = read_index(folder / INDEX)
        expected_bytes = index.records[-1].end if index.records else 0
        try:
            size_bytes = (folder / PIXELS).stat().st_size
        except OSError as error:
            raise PatchStoreError(f"{folder} holds no readable patches") from error
        if size_bytes != expected_bytes:
            raise PatchStoreError(
                f"{folder / PIXELS} has {size_bytes} bytes, but its index says {expected_bytes}"
            )
        return cls(folder, index.provenance, index.skipped, index.records)

    @property
    def digest(self) -> str:
        """SHA-256 of what the patches were cut from and how."""
        return self.provenance.digest

    @property
    def configuration(self) -> PatchConfiguration:
        """How the boxes became patches."""
        return self.provenance.configuration

    @cached_property
    def _bytes(self) -> NDArray[np.uint8]:
        return np.memmap(self.folder / PIXELS, dtype=np.uint8, mode="r")

    @property
    def labels(self) -> NDArray[np.int64]:
        """1 for lesion, 0 for healthy, shape (n,)."""
        return np.array([record.label for record in self.records], dtype=np.int64)

    def indices(self, label: int) -> NDArray[np.int64]:
        """Return the records with a label: 1 lesion, 0 healthy."""
        return np.flatnonzero(self.labels == label)

    def surroundings(self, index: int) -> NDArray[np.uint8]:
        """Return a patch's square and what any jitter may reach, at native resolution."""
        record = self.records[index]
        return self._bytes[record.offset : record.pixels_end].reshape(record.height, record.width)

    def square(self, index: int) -> NDArray[np.uint8]:
        """Return a patch's square without jitter, at native resolution."""
        return cropped(self.surroundings(index), Box(*self.records[index].square))

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
        return self._resized(
            ((index, self._box(index, jitter, random)) for index in map(int, indices)), size
        )

    def healthy_crops(
        self,
        indices: Iterable[int],
        *,
        size: int,
        jitter: Jitter | None = None,
        random: np.random.Generator | None = None,
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return healthy patches as `crops` does, and how much of each pixel is tissue.

        Returns:
            Patches and shares of tissue, 0 to 1, both of shape (n, size, size).
        """
        chosen = [int(index) for index in indices]
        pixels = np.empty((len(chosen), size, size), dtype=np.uint8)
        tissue = np.empty((len(chosen), size, size), dtype=np.float32)
        for place, index in enumerate(chosen):
            box = self._box(index, jitter, random)
            pixels[place] = resized(cropped(self.surroundings(index), box), size)
            shown = np.where(self._background(index, box), np.uint8(0), np.uint8(255))
            tissue[place] = resized(shown, size) / np.float32(255)
        return pixels, tissue

    def centred_square(self, index: int) -> Box:
        """Return the square around a lesion, in its surroundings, that has it in the middle.

        That is its patch's own but where lesions lie anywhere in theirs. At the image's border the
        lesion is as near to the middle as it can be.
        """
        record = self.records[index]
        square = Box(*record.square)
        if record.lesion is None or not self._is_anywhere:
            return square
        return patch_box(
            Box(*record.lesion),
            image_width=record.width,
            image_height=record.height,
            margin=0,
            smallest_side=square.width,
        )

    def centred_crops(self, indices: Iterable[int], *, size: int) -> NDArray[np.uint8]:
        """Return patches that have their lesions in the middle, shape (n, size, size)."""
        return self._resized(
            ((index, self.centred_square(index)) for index in map(int, indices)), size
        )

    def _resized(self, boxes: Iterable[tuple[int, Box]], size: int) -> NDArray[np.uint8]:
        patches = [resized(cropped(self.surroundings(index), box), size) for index, box in boxes]
        return np.stack(patches) if patches else np.empty((0, size, size), dtype=np.uint8)

    @property
    def _is_anywhere(self) -> bool:
        return self.configuration.lesion_position == "anywhere"

    def _box(self, index: int, jitter: Jitter | None, random: np.random.Generator | None) -> Box:
        record = self.records[index]
        if jitter is None or random is None:
            return Box(*record.square)
        smallest_side = record.smallest_side or self.configuration.smallest_side_px
        for _ in range(REDRAWS):
            box = jittered(
                Box(*record.square),
                self._kept_inside(record),
                image_width=record.width,
                image_height=record.height,
                jitter=jitter,
                smallest_side=smallest_side,
                random=random,
            )
            if record.label == 1 or self._is_healthy(index, box):
                return box
        return Box(*record.square)

    def _kept_inside(self, record: PatchRecord) -> Box | None:
        """Return what no jitter moves out of a patch: its lesion, or what of it must be there."""
        if record.lesion is None:
            return None
        lesion = Box(*record.lesion)
        return lesion.middle if self._is_anywhere else lesion

    def _is_healthy(self, index: int, box: Box) -> bool:
        forbidden = self.records[index].forbidden
        if any(box.overlaps(Box(*annotation)) for annotation in forbidden):
            return False
        share = float(self._background(index, box).mean())
        return share <= self.configuration.largest_background_share

    def _background(self, index: int, box: Box) -> NDArray[np.bool_]:
        """Return where a crop of a healthy patch is no tissue, shape (box.height, box.width)."""
        record = self.records[index]
        if not record.has_background:
            crop = cropped(self.surroundings(index), box)
            return np.asarray(crop <= self.configuration.background_level)
        bits = np.unpackbits(
            self._bytes[record.pixels_end : record.end], count=record.width * record.height
        )
        return cropped(bits.reshape(record.height, record.width), box).view(np.bool_)


def check_no_leak(
    stores: Sequence[PatchStore], collections: Sequence[str], names: Sequence[str]
) -> None:
    """Check that no patient and no identical patch is in two stores.

    Stores that were cut otherwise than the first have other squares of the same lesion, so lesions'
    boxes are compared there too, but for those that are small or of one grey.

    Args:
        collections: The data set that each store was cut from: patients of two data sets may have
            the same id.
        names: What each store is called, such as "own test patients".

    Raises:
        BadMammogramsError: One is.
    """
    patients: dict[tuple[str, str], int] = {}
    pixels: dict[bytes, int] = {}
    cut_alike = all(store.configuration == stores[0].configuration for store in stores)
    for number, (store, collection) in enumerate(zip(stores, collections, strict=True)):
        for index, record in enumerate(store.records):
            first = patients.setdefault((collection, record.patient_id), number)
            if first != number:
                raise BadMammogramsError(
                    f"the {names[first]} and the {names[number]} share a patient", hint=APART
                )
            for key in _shown(store, index, with_lesion=not cut_alike):
                first = pixels.setdefault(key, number)
                if first != number:
                    raise BadMammogramsError(
                        f"the {names[first]} and the {names[number]} hold an identical patch, "
                        "though under different patients",
                        hint="Look for duplicated images, and take one of each pair out.",
                    )


def _shown(store: PatchStore, index: int, *, with_lesion: bool) -> Iterator[bytes]:
    """Yield SHA-256 of a patch's square, and of its lesion's box where that shows something."""
    yield hashlib.sha256(store.square(index).tobytes()).digest()
    lesion = store.records[index].lesion
    if with_lesion and lesion is not None:
        box = cropped(store.surroundings(index), Box(*lesion))
        if min(box.shape) >= LEAST_SIDE_PX and box.min() < box.max():
            yield hashlib.sha256(box.tobytes() + repr(box.shape).encode()).digest()
