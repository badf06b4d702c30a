from typing import Any

import cv2
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from centre_node.mammography.boxes import Box
from centre_node.mammography.configuration import PatchConfiguration, PhantomSet
from centre_node.mammography.crops import cropped
from centre_node.mammography.patch_store import extract_patches
from centre_node.mammography.phantoms import read_phantoms

STYLES = ("digital", "film", "soft")


def _phantoms(style: Any = "digital", **changes: Any) -> Any:
    options = {"patients": 12, "seed": 4, "image_height_px": 320, **changes}
    return read_phantoms(PhantomSet(style=style, **options)).mammograms


def test_the_share_of_healthy_patients_is_exact() -> None:
    mammograms = _phantoms(patients=20, healthy_share=0.4)

    healthy = {m.patient_id for m in mammograms} - {m.patient_id for m in mammograms if m.lesions}
    assert len(healthy) == 8


def test_the_same_seed_gives_the_same_pixels_and_another_seed_others() -> None:
    first = _phantoms()[0].load()

    assert np.array_equal(first, _phantoms()[0].load())
    assert not np.array_equal(first, _phantoms(seed=5)[0].load())


@pytest.mark.parametrize("style", STYLES)
def test_lesions_lie_in_the_breast_and_the_background_is_dark(style: str) -> None:
    for mammogram in _phantoms(style):
        pixels = mammogram.load()
        assert pixels.shape == (mammogram.height, mammogram.width)
        assert (pixels <= 12).mean() > 0.15
        for lesion in mammogram.lesions:
            assert Box(0, 0, mammogram.width, mammogram.height).contains(lesion.box)
            assert (cropped(pixels, lesion.box) > 10).mean() > 0.9


def test_a_mass_is_brighter_than_what_surrounds_it_on_average() -> None:
    differences = []
    for mammogram in _phantoms(patients=30):
        pixels = mammogram.load().astype(float)
        for lesion in mammogram.lesions:
            inside = np.zeros(pixels.shape, dtype=np.uint8)
            contour = np.round(lesion.contours[0]).astype(np.int32)
            cv2.fillPoly(inside, [contour], 1)
            ring = cv2.dilate(inside, np.ones((25, 25), np.uint8)) - inside
            differences.append(pixels[inside > 0].mean() - pixels[ring > 0].mean())

    assert np.mean(differences) > 10


def test_styles_differ_in_sharpness_and_noise() -> None:
    sharpness = {
        style: np.mean([cv2.Laplacian(m.load(), cv2.CV_64F).std() for m in _phantoms(style)[:6]])
        for style in STYLES
    }

    assert sharpness["soft"] < 0.8 * sharpness["digital"]
    assert len({round(value, 1) for value in sharpness.values()}) == 3


def test_the_texture_has_the_power_law_of_breast_tissue() -> None:
    slopes = []
    for mammogram in _phantoms(patients=6, image_height_px=640):
        pixels = mammogram.load().astype(float)
        if mammogram.laterality == "R":
            pixels = pixels[:, ::-1]
        patch = pixels[256:384, 60:188]
        window = np.hanning(128)[:, None] * np.hanning(128)[None, :]
        power = np.abs(np.fft.fft2((patch - patch.mean()) * window)) ** 2
        frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(128), np.fft.fftfreq(128)))
        band = (frequency > 0.03) & (frequency < 0.25)
        slopes.append(np.polyfit(np.log(frequency[band]), np.log(power[band]), 1)[0])

    assert -4.2 < np.mean(slopes) < -2.2


def test_simple_statistics_do_not_tell_lesions_from_healthy_patches(tmp_path: Any) -> None:
    store = extract_patches(
        _phantoms(patients=60),
        folder=tmp_path / "store",
        configuration=PatchConfiguration(margin_px=6, smallest_side_px=16),
        lesion_kinds=("mass", "calcification"),
        healthy=60,
        seed=0,
        on_progress=lambda _done, _total: None,
    )
    labels = [record.label for record in store.records]
    patches = store.crops(range(len(labels)), size=32).astype(float)

    assert roc_auc_score(labels, patches.mean(axis=(1, 2))) < 0.85
    assert roc_auc_score(labels, patches.std(axis=(1, 2))) < 0.85
