"""Fills a patch store: one pass over the mammograms, in parallel, that goes on after a kill."""

import hashlib
import json
import math
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from centre_node.mammography.boxes import Box
from centre_node.mammography.cutting import Wanted, cut_mammogram, lesion_squares
from centre_node.mammography.errors import (
    OTHER_KINDS,
    NotEnoughTissueError,
    NothingCutError,
    PatchStoreError,
)
from centre_node.mammography.extraction_parts import Part, assemble, read_part, write_part
from centre_node.mammography.fingerprints import digest_at_a_glance
from centre_node.mammography.healthy import Look, shared_out
from centre_node.mammography.lengths import check_room
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.patch_records import Index, Provenance, index_bytes
from centre_node.mammography.patch_store import INDEX, PIXELS, PROVENANCE, PatchStore
from node_api.patches import PatchConfiguration
from shared.counts import counted
from shared.files import empty_folder, full_disk_named, put_in_place, sync_folder, work_folder
from shared.names import LesionKind
from shared.progress import OnCount
from shared.version import genshare_version

FORMAT = 4
TOLERANCES = (4.0, 8.0, 16.0, math.inf)
"""Grey values by which healthy squares may differ from lesions', by round."""

BESIDE_ANNOTATIONS = (
    "With healthy_from (--healthy-from) all_mammograms they are cut beside the annotations."
)


def extract_patches(
    mammograms: Sequence[Mammogram],
    *,
    folder: Path,
    configuration: PatchConfiguration,
    lesion_kinds: Sequence[LesionKind],
    healthy: int,
    seed: int,
    on_progress: OnCount,
    healthy_at_least: int | None = None,
    workers: int | None = None,
) -> PatchStore:
    """Cut every lesion of the given kinds and `healthy` healthy patches.

    Each image is opened once, unless others have no room for their part of the healthy patches, or
    healthy patches must be as bright as lesions: then all lesions are looked at first. A
    store in `folder` that was cut from the same mammograms with the same options by the same
    version is reused without opening an image; what a killed extraction had cut is used too. An
    image that cannot be read and a lesion that does not fit its image cost that patch and are
    counted in `skipped` with the reason; so are images and healthy patches that are in doubt.

    Args:
        healthy_at_least: So many of the healthy patches must be there, and the others are cut
            where there is tissue; None: all must. Where they are to be as bright as lesions, the
            others are only cut where they are as near to that as these.
        workers: Images cut at once; the result does not depend on it. None is one a processor.

    Raises:
        BadMammogramsError: Not one patch could be cut.
        NothingCutError: Margin or smallest side are longer than every image with lesions.
        NotEnoughTissueError: Fewer healthy patches than must be there could be placed.
        PatchStoreError: `folder` holds something else.
        OutOfSpaceError: The disk is full; nothing is left behind.
    """
    kinds = tuple(sorted(lesion_kinds))
    provenance = _provenance(mammograms, configuration, kinds, healthy, healthy_at_least, seed)
    if (stored := _the_same(folder, provenance)) is not None:
        return stored
    partial = folder.with_name(f".{folder.name}.partial")
    full = f"no space is left for the patches in {folder.parent}"
    total = len(mammograms)
    try:
        with (
            full_disk_named(folder, sentence=full),
            work_folder(partial, on_wait=lambda: on_progress(0, total)),
        ):
            if (stored := _the_same(folder, provenance)) is not None:
                return stored  # another process cut them meanwhile
            check_room(mammograms, configuration, kinds, "mammograms")
            _claim(partial, provenance)
            extraction = _Extraction(partial, provenance, workers or len(os.sched_getaffinity(0)))
            index = extraction.run(mammograms, on_progress)
            _finish(partial, index, extraction.parts, folder)
    except Exception:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return PatchStore.open(folder)


class _Extraction:
    """Shares the healthy patches out over the mammograms, and cuts each into a part of its own."""

    def __init__(self, folder: Path, provenance: Provenance, workers: int) -> None:
        self._folder = folder
        self._provenance = provenance
        self._workers = workers
        self._random = np.random.default_rng(provenance.seed)
        self._skipped: Counter[str] = Counter()
        self._healthy: dict[str, list[Box]] = defaultdict(list)
        self._full: set[str] = set()
        self._told: set[tuple[str, str]] = set()
        self.parts: list[Part] = []

    def run(self, mammograms: Sequence[Mammogram], on_progress: OnCount) -> Index:
        """Cut everything; the records' places are those in their parts."""
        squares = {m.image_id: self._lesion_sides(m) for m in mammograms}
        sides = tuple(sorted(side for found in squares.values() for side in found))
        sources = self._healthy_sources(mammograms)
        wanted = Wanted(self._provenance.lesion_kinds, 0, sides)
        if self._provenance.configuration.healthy_brightness == "as_lesions":
            self._cut([m for m in mammograms if squares[m.image_id]], wanted, {}, on_progress)
            self._place_alike(sources, sides)
            if self._has_enough:
                return self._checked(len(mammograms), len(sources))
        else:
            quotas = self._quotas(sources)
            chosen = [m for m in mammograms if squares[m.image_id] or quotas.get(m.image_id)]
            self._cut(chosen, wanted, quotas, on_progress)
        # What some images had no room for is shared out anew, until all are full.
        while self._missing and (free := [m for m in sources if m.image_id not in self._full]):
            quotas = self._quotas(free)
            chosen = [m for m in free if quotas[m.image_id]]
            self._cut(chosen, replace(wanted, lesions=()), quotas, lambda _done, _total: None)
        return self._checked(len(mammograms), len(sources))

    def _place_alike(self, sources: Sequence[Mammogram], sides: tuple[int, ...]) -> None:
        """Place healthy squares that look like lesions' squares.

        A look that has no place in its image is tried in another; at last it gets the nearest.
        """
        looks = self._wanted_looks()
        for tolerance in TOLERANCES:
            open_ones = [m for m in sources if m.image_id not in self._full]
            if not looks or not open_ones or self._has_enough:
                return
            patients = {m.image_id: m.patient_id for m in open_ones}
            quotas = shared_out(len(looks), patients, random=self._random)
            begun = len(self.parts)
            self._cut(
                [m for m in open_ones if quotas[m.image_id]],
                Wanted((), 0, sides, looks=tuple(looks), tolerance=tolerance),
                quotas,
                lambda _done, _total: None,
            )
            looks = [look for part in self.parts[begun:] for look in part.unmet]

    def _wanted_looks(self) -> list[Look]:
        """Return a look for each healthy patch, each lesion's as often, in random order."""
        looks = [look for part in self.parts for look in part.looks]
        if not looks or not self._missing:
            return []
        order = np.concatenate(
            [self._random.permutation(len(looks)) for _ in range(-(-self._missing // len(looks)))]
        )
        return [looks[index] for index in order[: self._missing]]

    @property
    def _placed(self) -> int:
        return sum(map(len, self._healthy.values()))

    @property
    def _missing(self) -> int:
        return self._provenance.healthy - self._placed

    @property
    def _has_enough(self) -> bool:
        least = self._provenance.healthy_at_least
        return self._placed >= (self._provenance.healthy if least is None else least)

    def _lesion_sides(self, mammogram: Mammogram) -> list[int]:
        found = lesion_squares(
            mammogram,
            self._provenance.configuration,
            self._provenance.lesion_kinds,
            self._skipped,
        )
        return [square.width for square, _ in found]

    @property
    def _is_everywhere(self) -> bool:
        return self._provenance.configuration.healthy_from == "all_mammograms"

    def _healthy_sources(self, mammograms: Sequence[Mammogram]) -> list[Mammogram]:
        if not self._provenance.healthy:
            return []
        sources = [m for m in mammograms if self._is_everywhere or m.is_free]
        if not sources:
            raise NotEnoughTissueError(
                f"{_healthy_were(self._provenance.healthy)} asked for, but none of "
                f"{counted(len(mammograms), 'mammogram')} is free of annotations of any kind",
                hint=BESIDE_ANNOTATIONS,
            )
        return sources

    def _quotas(self, sources: Sequence[Mammogram]) -> dict[str, int]:
        if not self._missing:
            return {}
        patients = {m.image_id: m.patient_id for m in sources}
        return shared_out(self._missing, patients, random=self._random)

    def _cut(
        self,
        mammograms: Sequence[Mammogram],
        wanted: Wanted,
        quotas: Mapping[str, int],
        on_progress: OnCount,
    ) -> None:
        """Cut mammograms side by side. What they gave counts in their order, not as it came."""
        begun = len(self.parts)
        looks = iter(wanted.looks)
        with ThreadPoolExecutor(self._workers) as threads:
            parts = [
                threads.submit(
                    self._part, m, self._with_quota(wanted, m, quotas, looks), begun + number
                )
                for number, m in enumerate(mammograms)
            ]
            try:
                on_progress(0, len(parts))
                for done, part in enumerate(as_completed(parts), start=1):
                    part.result()
                    on_progress(done, len(parts))
            except BaseException:
                threads.shutdown(wait=True, cancel_futures=True)
                raise
        for mammogram, future in zip(mammograms, parts, strict=True):
            self._count(mammogram, future.result(), quotas.get(mammogram.image_id, 0))

    def _with_quota(
        self,
        wanted: Wanted,
        mammogram: Mammogram,
        quotas: Mapping[str, int],
        looks: Iterator[Look],
    ) -> Wanted:
        """Return a mammogram's part of what is wanted; it takes its looks from those left."""
        quota = quotas.get(mammogram.image_id, 0)
        return replace(
            wanted,
            healthy=quota,
            taken=tuple(self._healthy[mammogram.image_id]),
            looks=tuple(islice(looks, quota)),
        )

    def _part(self, mammogram: Mammogram, wanted: Wanted, number: int) -> Part:
        """Cut a mammogram, unless an extraction that was killed had done so."""
        file = self._folder / f"{number:06d}.part"
        if not file.exists():
            random = np.random.default_rng((self._provenance.seed, number))
            write_part(
                file, cut_mammogram(mammogram, wanted, self._provenance.configuration, random)
            )
        return read_part(file)

    def _count(self, mammogram: Mammogram, part: Part, quota: int) -> None:
        self.parts.append(part)
        self._skipped.update(part.skipped)
        self._tell(mammogram.image_id, part.doubts)
        self._healthy[mammogram.image_id] += part.healthy_squares
        if len(part.healthy_squares) + len(part.unmet) < quota or not part.is_readable:
            self._full.add(mammogram.image_id)

    def _tell(self, image_id: str, doubts: Sequence[str]) -> None:
        """Count what is to be said of an image, once however often it was opened."""
        for doubt in doubts:
            if (image_id, doubt) not in self._told:
                self._told.add((image_id, doubt))
                self._skipped[doubt] += 1

    def _checked(self, n_images: int, n_sources: int) -> Index:
        records = tuple(record for part in self.parts for record in part.records)
        if not records:
            reasons = ", ".join(f"{times} x {reason}" for reason, times in self._skipped.items())
            none = f"no lesion of the kinds {', '.join(self._provenance.lesion_kinds)}"
            raise NothingCutError(
                f"not one patch could be cut from {counted(n_images, 'mammogram')}: "
                f"{reasons or none}",
                hint=None if reasons else OTHER_KINDS,
            )
        if not self._has_enough:
            least = self._provenance.healthy_at_least
            wanted = self._provenance.healthy if least is None else least
            raise NotEnoughTissueError(
                f"{_healthy_were(wanted)} asked for, but only {self._placed} could be placed in "
                f"{counted(n_sources, 'mammogram')}",
                hint="Ask for fewer healthy patches." if self._is_everywhere else None,
            )
        return Index(provenance=self._provenance, skipped=dict(self._skipped), records=records)


def _healthy_were(count: int) -> str:
    return counted(count, "healthy patch was", "healthy patches were")


def _provenance(
    mammograms: Sequence[Mammogram],
    configuration: PatchConfiguration,
    kinds: tuple[LesionKind, ...],
    healthy: int,
    healthy_at_least: int | None,
    seed: int,
) -> Provenance:
    facts: dict[str, Any] = {
        "format": FORMAT,
        "genshare_version": genshare_version(),
        "configuration": configuration.model_dump(mode="json"),
        "lesion_kinds": kinds,
        "healthy": healthy,
        **({} if healthy_at_least is None else {"healthy_at_least": healthy_at_least}),
        "seed": seed,
        "images": len(mammograms),
        "mammograms": digest_at_a_glance(mammograms),
    }
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
    return Provenance.model_validate({**facts, "digest": digest})


def _the_same(folder: Path, provenance: Provenance) -> PatchStore | None:
    """Return the store in `folder` if it holds what would be cut."""
    stored = _stored(folder)
    return stored if stored is not None and stored.digest == provenance.digest else None


def _stored(folder: Path) -> PatchStore | None:
    """Return the store in `folder`; None where there is none or it is damaged.

    Raises:
        PatchStoreError: The folder holds other files, which must not be replaced.
    """
    if not folder.exists():
        return None
    ours = {PIXELS, INDEX, PROVENANCE}
    if not folder.is_dir() or {path.name for path in folder.iterdir()} - ours:
        raise PatchStoreError(f"{folder} holds something other than patches; it is left alone")
    try:
        return PatchStore.open(folder)
    except PatchStoreError:
        return None


def _claim(partial: Path, provenance: Provenance) -> None:
    """Make the folder of parts; those of another extraction are removed first."""
    note = partial / PROVENANCE
    content = provenance.model_dump_json(indent=2)
    if not (note.is_file() and note.read_text() == content):
        empty_folder(partial)
        note.write_text(content)


def _finish(partial: Path, index: Index, parts: Sequence[Part], folder: Path) -> None:
    """Join the parts into a store beside them, and put it in the place of `folder`."""
    with (partial / PIXELS).open("wb") as file:
        records = assemble(parts, file)
    (partial / INDEX).write_bytes(index_bytes(index.model_copy(update={"records": records})))
    for part in parts:
        part.file.unlink()
    sync_folder(partial)
    if folder.exists():
        shutil.rmtree(folder)
    put_in_place(partial, folder)
