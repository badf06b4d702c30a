"""Whose patches a training was trained on; these names stay at the centre."""

from pathlib import Path

from centre_node.mammography.errors import PatchStoreError
from centre_node.mammography.patch_store import PatchStore


def trained_patients(data_set: str, store_folder: Path) -> frozenset[str] | None:
    """Return the patients of a training, named with their data set.

    Args:
        data_set: What the training calls it: patients of two may have the same names.
        store_folder: Where the training's patches lie.

    Returns:
        None where the patches are not there any more, so that nobody knows.
    """
    try:
        records = PatchStore.open(store_folder).records
    except PatchStoreError:
        return None
    return frozenset(f"{data_set}/{record.patient_id}" for record in records)
