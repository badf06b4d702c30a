"""Whose patches a training was trained on; these names stay at the centre."""

from pathlib import Path

from centre_node.mammography.errors import PatchStoreError
from centre_node.mammography.patch_store import PatchStore
from centre_node.training.held_out import member_names


def trained_patients(data_set: str, folder: Path, store_folder: Path) -> frozenset[str] | None:
    """Return the patients that a training is trained on, named with their data set.

    Args:
        data_set: What the training calls it: patients of two may have the same names.
        folder: The training's own.
        store_folder: Where its patches lie; all of them were trained on by earlier versions.

    Returns:
        None where an earlier version trained and the patches are gone, so that nobody knows.

    Raises:
        TrainingFolderError: What the training keeps of its patients is damaged.
    """
    names = member_names(folder)
    if names is None:
        try:
            names = tuple(record.patient_id for record in PatchStore.open(store_folder).records)
        except PatchStoreError:
            return None
    return frozenset(f"{data_set}/{name}" for name in names)
