"""What could not be read or cut."""

from collections import Counter

from centre_node.mammography.mammograms import Reading
from centre_node.mammography.patch_store import PatchStore


def skipped_in(reading: Reading, *stores: PatchStore) -> dict[str, int]:
    """Count what was skipped while reading and cutting, by reason."""
    skipped = Counter(record.reason for record in reading.skipped)
    for store in stores:
        skipped.update(store.skipped)
    return dict(skipped)
