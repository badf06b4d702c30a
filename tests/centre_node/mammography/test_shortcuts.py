"""A planted shortcut is found; where there is none the report says about 0.5."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from centre_node.mammography.boxes import Box
from centre_node.mammography.extraction import extract_patches
from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.shortcuts import shortcut_features, shortcut_report
from node_api.patches import PatchConfiguration

Pixels = NDArray[np.uint8]
Change = Callable[[Pixels], Pixels]

WHERE = Box(40, 40, 80, 80)


def store(folder: Path, change: Change, *, patients: range, healthy: int) -> PatchStore:
    """Return patches of noise; those of lesions are changed."""

    def image(patient: int) -> Mammogram:
        random = np.random.default_rng(patient)
        pixels = random.integers(80, 160, (160, 200), dtype=np.uint8)
        around = np.s_[0:130, 0:130]
        pixels[around] = change(pixels[around])
        return Mammogram(
            image_id=f"image-{patient}",
            patient_id=f"patient-{patient}",
            width=200,
            height=160,
            load=lambda: pixels,
            lesions=(Lesion(WHERE, "mass"),),
            excluded=(Box(0, 0, 130, 130),),
        )

    return extract_patches(
        [image(patient) for patient in patients],
        folder=folder,
        configuration=PatchConfiguration(
            margin_px=5, smallest_side_px=16, healthy_from="all_mammograms"
        ),
        lesion_kinds=("mass",),
        healthy=healthy,
        seed=0,
        on_progress=lambda _done, _total: None,
    )


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda pixels: pixels, None),
        (lambda pixels: cv2.GaussianBlur(pixels, (0, 0), 1.5), "sharpness"),
        (lambda pixels: pixels + np.uint8(40), "mean"),
    ],
)
def test_a_planted_shortcut_is_found_and_none_is_not(
    tmp_path: Path, change: Change, found: str | None
) -> None:
    train = store(tmp_path / "train", change, patients=range(40), healthy=40)
    test = store(tmp_path / "test", change, patients=range(100, 160), healthy=60)

    report = shortcut_report(train, test, size=32)

    for name in ("sharpness", "mean", "size"):
        expected = pytest.approx(1) if name == found else pytest.approx(0.5, abs=0.17)
        assert getattr(report, name) == expected
    assert report.auroc == (pytest.approx(0.5, abs=0.17) if found is None else pytest.approx(1))
    assert report.n_test == 120


def test_one_class_has_no_shortcut(tmp_path: Path) -> None:
    lesions = store(tmp_path / "lesions", lambda pixels: pixels, patients=range(4), healthy=0)

    report = shortcut_report(lesions, lesions, size=32)

    assert (report.auroc, report.size) == (None, None)
    assert report.in_words() == "shortcut AUROC: not defined, for there is one class only"


def test_the_features_of_a_flat_patch_are_known(tmp_path: Path) -> None:
    flat = store(
        tmp_path / "flat", lambda pixels: np.full_like(pixels, 90), patients=range(1), healthy=0
    )

    assert shortcut_features(flat, size=32)[0] == pytest.approx([np.log(1e-3), 90, 50])
