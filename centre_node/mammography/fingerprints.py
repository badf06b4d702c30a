"""Digests of lists of mammograms: one keeps a cache fresh, others are the same for copies."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.patch_store import PatchStore


def digest_at_a_glance(mammograms: Sequence[Mammogram]) -> str:
    """Return a SHA-256 that changes when any image's bytes may have; no file is opened.

    It is of every image's id, patient and annotations, and of its file's name, size and time.
    """
    return _digest(mammograms, lambda m: m.fingerprint)


def digest_of_names(mammograms: Sequence[Mammogram]) -> str:
    """Return a SHA-256 that copies share wherever they lie, and others hardly; no file is opened.

    It is of every image's id, patient and annotations, and of its file's name and size.
    """
    return _digest(mammograms, lambda m: f"{m.file.name} {m.file.size_bytes}" if m.file else "")


def digest_of_contents(mammograms: Sequence[Mammogram], store: PatchStore) -> str:
    """Return a SHA-256 that the mammograms of a store share with every copy of them.

    It is of every image's id, patient and annotations, and of the bytes of the files that the
    store's patches were cut from: only these are read.

    Args:
        store: Cut from these mammograms.

    Raises:
        BadImageError: A file cannot be read.
    """
    cut = {record.image_id for record in store.records}
    files = {m.image_id: m.file for m in mammograms if m.file and m.image_id in cut}
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        contents = dict(zip(files, threads.map(lambda f: f.sha256(), files.values()), strict=True))
    return _digest(mammograms, lambda m: contents.get(m.image_id, ""))


def _digest(mammograms: Sequence[Mammogram], told: Callable[[Mammogram], str]) -> str:
    described = [
        [
            *(m.image_id, m.patient_id, told(m), m.width, m.height, m.pixel_spacing_mm),
            *(repr(m.lesions), repr(m.excluded)),
        ]
        for m in mammograms
    ]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()
