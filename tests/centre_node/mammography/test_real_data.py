"""The whole way on real mammograms; needs GENSHARE_REAL_DATA."""

import os
from pathlib import Path

import numpy as np
import pytest

from centre_node.mammography.cutting import MOSTLY_DARK
from centre_node.mammography.datasets import read_folder
from centre_node.mammography.extraction import extract_patches
from centre_node.mammography.patch_store import PatchStore, check_no_leak
from centre_node.mammography.shortcuts import shortcut_report
from centre_node.mammography.splits import split_patients
from node_api.patches import PatchConfiguration

ROOT = os.environ.get("GENSHARE_REAL_DATA")


def square_side(store: PatchStore, index: int) -> int:
    left, _, right, _ = store.records[index].square
    return right - left


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.skipif(ROOT is None, reason="GENSHARE_REAL_DATA is not set")
@pytest.mark.parametrize("name", ["cbis_ddsm", "cdd_cesm"])
def test_patches_of_a_real_data_set(tmp_path: Path, name: str) -> None:
    reading = read_folder(Path(str(ROOT)) / name, "auto", {})
    split = split_patients(reading.mammograms, shares=(0.7, 0.15, 0.15), seed=0)
    stores: list[PatchStore] = []
    for subset in (split.validation, split.test):
        mine = [image for image in reading.mammograms if image.patient_id in subset]
        lesions = sum(len(image.lesions) for image in mine)
        store = extract_patches(
            mine,
            folder=tmp_path / str(len(stores)),
            configuration=PatchConfiguration(
                margin_px=14,
                smallest_side_px=32,
                tissue="breast_mask",
                healthy_from="all_mammograms",
            ),
            lesion_kinds=("mass", "calcification", "other"),
            healthy=lesions,
            seed=0,
            on_progress=lambda _done, _total: None,
        )
        stores.append(store)
        sides = [
            np.median([square_side(store, index) for index in store.indices(label)])
            for label in (0, 1)
        ]
        assert reading.skipped == ()
        assert set(store.skipped) <= {MOSTLY_DARK}
        assert store.skipped.get(MOSTLY_DARK, 0) < lesions / 3
        assert len(store.indices(1)) == len(store.indices(0)) == lesions
        assert sides[0] == pytest.approx(sides[1], rel=0.2)
    check_no_leak(stores, ["one"] * len(stores), ["some", "others"])
    shortcut = shortcut_report(*stores, size=64)
    assert shortcut.size == pytest.approx(0.5, abs=0.12)
    assert shortcut.sharpness is not None
    assert shortcut.sharpness < 0.75
