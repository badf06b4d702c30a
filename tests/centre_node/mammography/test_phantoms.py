import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from typing import Literal

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from centre_node.mammography.boxes import patch_box
from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.phantoms import read_phantoms, rendering
from centre_node.mammography.phantoms.plan import plan_images
from node_api.data_sources import EVERY_FORM, AcquisitionStyle, LesionForm, PhantomSet
from tests.drawings import draw_anew

STYLES: tuple[AcquisitionStyle, ...] = ("digital", "film", "soft")


@pytest.fixture
def drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was drawn before would hide that it comes out otherwise."""
    monkeypatch.setattr(rendering, "render", draw_anew)


def phantoms(
    patients: int,
    *,
    style: AcquisitionStyle = "digital",
    seed: int = 1,
    height: int = 512,
    healthy_share: float = 0.5,
    calcifications: Literal["clusters", "each"] = "clusters",
) -> tuple[Mammogram, ...]:
    configuration = PhantomSet(
        style=style,
        patients=patients,
        seed=seed,
        image_height_px=height,
        healthy_share=healthy_share,
        calcifications=calcifications,
    )
    return read_phantoms(configuration).mammograms


def healthy_patients(mammograms: tuple[Mammogram, ...]) -> set[str]:
    with_lesions = {m.patient_id for m in mammograms if m.lesions}
    return {m.patient_id for m in mammograms} - with_lesions


@pytest.mark.parametrize(
    ("patients", "share", "expected"), [(60, 0.5, 30), (10, 0.3, 3), (7, 0, 0), (40, 0.9, 36)]
)
def test_the_share_of_healthy_patients_is_exact(patients: int, share: float, expected: int) -> None:
    assert len(healthy_patients(phantoms(patients, healthy_share=share))) == expected


def test_each_breast_has_a_cc_and_an_mlo_view() -> None:
    mammograms = phantoms(60)

    assert {m.patient_id for m in mammograms} == {f"phantom-{n:04d}" for n in range(60)}
    assert len({m.image_id for m in mammograms}) == len(mammograms)
    assert 120 <= len(mammograms) <= 240
    for cc, mlo in zip(mammograms[::2], mammograms[1::2], strict=True):
        assert (cc.view, mlo.view) == ("CC", "MLO")
        assert (cc.patient_id, cc.laterality, cc.density) == (
            mlo.patient_id,
            mlo.laterality,
            mlo.density,
        )
        assert [(x.kind, x.pathology) for x in cc.lesions] == [
            (x.kind, x.pathology) for x in mlo.lesions
        ]


@pytest.mark.parametrize("calcifications", ["clusters", "each"])
def test_every_box_just_encloses_its_contour_and_lies_in_the_image(
    calcifications: Literal["clusters", "each"],
) -> None:
    for mammogram in phantoms(80, healthy_share=0, calcifications=calcifications):
        for lesion in mammogram.lesions:
            columns, rows = np.array(lesion.contours[0]).T
            box = lesion.box
            assert 0 <= box.left <= columns.min() < box.left + 1
            assert 0 <= box.top <= rows.min() < box.top + 1
            assert box.right - 1 < columns.max() <= box.right <= mammogram.width
            assert box.bottom - 1 < rows.max() <= box.bottom <= mammogram.height


@pytest.mark.slow
def test_masses_have_the_sizes_of_real_masses() -> None:
    sides_mm = [
        np.sqrt(lesion.box.width * lesion.box.height) * (mammogram.pixel_spacing_mm or 0)
        for mammogram in phantoms(300, healthy_share=0)
        for lesion in mammogram.lesions
        if lesion.kind == "mass"
    ]

    assert 15 < np.median(sides_mm) < 24
    assert min(sides_mm) > 5
    assert max(sides_mm) < 60


@pytest.mark.slow
@pytest.mark.parametrize(
    ("calcifications", "kind", "median_px"),
    [("clusters", "mass", 261), ("clusters", "calcification", 179), ("each", "calcification", 8)],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_lesions_at_the_resolution_of_inbreast_have_its_median_sizes(
    calcifications: Literal["clusters", "each"], kind: str, median_px: int, seed: int
) -> None:
    mammograms = phantoms(
        300, seed=seed, height=3214, healthy_share=0, calcifications=calcifications
    )

    assert mammograms[0].pixel_spacing_mm == pytest.approx(0.07, abs=1e-4)
    assert np.median(sides_px(mammograms, kind)) == pytest.approx(median_px, rel=0.15)


def test_outlining_each_calcification_changes_the_annotations_only() -> None:
    clusters, each = (
        phantoms(12, healthy_share=0, calcifications=mode) for mode in ("clusters", "each")
    )
    with_cluster = next(n for n, m in enumerate(clusters) if lesions_of(m, "calcification"))

    np.testing.assert_array_equal(clusters[with_cluster].load(), each[with_cluster].load())
    for whole, single in zip(clusters, each, strict=True):
        assert lesions_of(whole, "mass") == lesions_of(single, "mass")
        assert bool(lesions_of(whole, "calcification")) == bool(lesions_of(single, "calcification"))


def test_each_calcification_lies_in_its_cluster_and_both_views_show_as_many() -> None:
    clusters, each = (
        phantoms(20, height=2048, healthy_share=0, calcifications=mode)
        for mode in ("clusters", "each")
    )
    for whole, single in zip(clusters, each, strict=True):
        outlines = lesions_of(whole, "calcification")
        for speck in lesions_of(single, "calcification"):
            assert any(speck.box.overlaps(outline.box) for outline in outlines)
            assert speck.box.larger_side * (single.pixel_spacing_mm or 0) < 2.5
    counts = [len(lesions_of(m, "calcification")) for m in each]
    assert counts[::2] == counts[1::2]
    assert {count for count in counts if count} <= set(range(9, 51))


def test_an_outlined_calcification_is_brighter_than_what_surrounds_it() -> None:
    mammograms = phantoms(12, height=2048, healthy_share=0, calcifications="each")
    mammogram = next(m for m in mammograms if lesions_of(m, "calcification"))
    pixels = mammogram.load().astype(float)
    gains = []
    for speck in lesions_of(mammogram, "calcification"):
        assert speck.box.width >= 1
        assert speck.box.height >= 1
        inside = contour_mask(mammogram, speck.contours[0])
        around = cv2.dilate(inside.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        gains.append(pixels[inside].mean() - pixels[around & ~inside].mean())

    assert np.mean(np.array(gains) > 10) > 0.75


def test_phantoms_that_ask_for_no_other_lesions_have_the_digest_that_they_always_had() -> None:
    # Written down from a version that knew one look of lesions only.
    assert PhantomSet(style="film", patients=3, seed=5).digest() == (
        "351e5039c51a6061b254c334e802d0bf8f531530109f5878d3b629ec7c3a27ab"
    )
    forms = PhantomSet(style="film", patients=3, seed=5, lesion_forms=EVERY_FORM)
    assert forms.digest() == PhantomSet(style="film", patients=3, seed=5).digest()


def test_lesions_have_the_forms_that_are_asked_for_and_each_of_them() -> None:
    wanted: tuple[LesionForm, ...] = ("round", "spiculated")
    configuration = PhantomSet(style="film", patients=40, seed=2, lesion_forms=wanted)

    found = {lesion.finding.form for plan in plan_images(configuration) for lesion in plan.lesions}

    assert found == set(wanted)


def test_a_form_that_tells_the_pathology_is_malignant_where_it_is_spiculated_alone() -> None:
    configuration = PhantomSet(style="film", patients=60, seed=2, pathology="by_form")

    found = {
        (lesion.finding.form, lesion.finding.pathology)
        for plan in plan_images(configuration)
        for lesion in plan.lesions
    }

    assert found == {
        ("round", "benign"),
        ("lobulated", "benign"),
        ("spiculated", "malignant"),
        ("cluster", "benign"),
    }


def test_a_factor_of_contrast_changes_nothing_else_of_a_lesion() -> None:
    plain = PhantomSet(style="film", patients=8, seed=2)
    twice = plain.model_copy(update={"lesion_contrast": 2.0})

    for before, after in zip(plan_images(plain), plan_images(twice), strict=True):
        assert after.lesions == tuple(
            replace(lesion, finding=replace(lesion.finding, contrast=2 * lesion.finding.contrast))
            for lesion in before.lesions
        )


@pytest.mark.usefixtures("drawn_anew")
def test_the_same_seed_gives_the_same_pixels_and_another_seed_does_not() -> None:
    first, again, other = (phantoms(1, seed=seed)[0] for seed in (4, 4, 5))

    assert first == again
    np.testing.assert_array_equal(first.load(), again.load())
    assert (first.load() != other.load()).any()


@pytest.mark.usefixtures("drawn_anew")
def test_more_patients_leave_the_first_ones_as_they_were() -> None:
    few, many = phantoms(5), phantoms(9)

    assert many[: len(few)] == few
    np.testing.assert_array_equal(many[3].load(), few[3].load())


def test_a_higher_resolution_shows_the_same_breast() -> None:
    low, high = (phantoms(1, height=height)[0] for height in (320, 960))
    shrunk = cv2.resize(high.load(), (low.width, low.height), interpolation=cv2.INTER_AREA)

    assert high.load().shape == (960, 720)
    assert np.corrcoef(shrunk.ravel(), low.load().ravel())[0, 1] > 0.97
    assert high.pixel_spacing_mm == pytest.approx((low.pixel_spacing_mm or 0) / 3)


@pytest.mark.parametrize("style", STYLES)
def test_images_are_8_bit_and_span_the_grey_scale(style: AcquisitionStyle) -> None:
    for mammogram in phantoms(1, style=style):
        pixels = mammogram.load()
        assert pixels.dtype == np.uint8
        assert pixels.shape == (mammogram.height, mammogram.width)
        assert (pixels.min(), pixels.max()) == (0, 255)


@pytest.mark.parametrize("laterality", ["L", "R"])
def test_the_breast_lies_against_its_chest_wall_on_a_dark_background(laterality: str) -> None:
    mammogram = next(m for m in phantoms(12) if m.laterality == laterality)
    pixels = mammogram.load() if laterality == "L" else mammogram.load()[:, ::-1]
    middle = slice(mammogram.height // 3, 2 * mammogram.height // 3)

    assert (pixels[middle, :20] > 10).mean() > 0.95
    assert pixels[:, -20:].max() <= 10


@pytest.mark.slow
def test_the_chest_muscle_shows_in_the_mlo_view_only() -> None:
    bright: dict[str, list[float]] = {"CC": [], "MLO": []}
    for mammogram in phantoms(8, healthy_share=0.9):
        pixels = mammogram.load() if mammogram.laterality == "L" else mammogram.load()[:, ::-1]
        bright[mammogram.view or ""].append(float(pixels[:40, :30].mean()))

    assert min(bright["MLO"]) > max(bright["CC"])


@pytest.mark.slow
def test_every_lesion_lies_in_the_breast() -> None:
    for mammogram in phantoms(8, healthy_share=0):
        pixels = mammogram.load()
        for lesion in mammogram.lesions:
            inside = contour_mask(mammogram, lesion.contours[0])
            assert (pixels[inside] > 10).mean() > 0.98


@pytest.mark.slow
def test_contours_enclose_brighter_tissue_on_average() -> None:
    gains = []
    for mammogram in phantoms(14, healthy_share=0):
        pixels = mammogram.load()
        for lesion in mammogram.lesions:
            inside = contour_mask(mammogram, lesion.contours[0])
            wide = cv2.dilate(inside.astype(np.uint8), np.ones((17, 17), np.uint8)) > 0
            gains.append(pixels[inside].mean() - pixels[wide & ~inside].mean())

    assert np.mean(gains) > 5
    assert np.mean(np.array(gains) > 0) > 0.75


@pytest.mark.slow
def test_dense_breasts_show_more_bright_tissue() -> None:
    shares: dict[int, list[float]] = {1: [], 2: [], 3: [], 4: []}
    for mammogram in phantoms(36, height=256):
        if mammogram.view == "CC" and mammogram.density is not None:
            pixels = mammogram.load()
            shares[mammogram.density].append(float((pixels[pixels > 10] > 90).mean()))

    means = [np.mean(shares[density]) for density in (1, 2, 3, 4)]
    assert all(sparse < dense for sparse, dense in pairwise(means))


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_power_falls_with_about_the_third_power_of_the_frequency(style: AcquisitionStyle) -> None:
    slopes = [spectrum_slope(interior(m)) for m in phantoms(5, style=style) if m.view == "CC"]

    assert -4 < np.mean(slopes) < -2.2


@pytest.mark.slow
def test_film_is_the_noisiest_and_digital_the_cleanest() -> None:
    noise = {
        style: np.mean([fine_noise(muscle(m)) for m in phantoms(4, style=style) if m.view == "MLO"])
        for style in STYLES
    }

    assert noise["film"] > 1.3 * noise["soft"]
    assert noise["film"] > 1.3 * noise["digital"]


@pytest.mark.slow
def test_digital_is_the_sharpest_and_soft_the_most_blurred() -> None:
    detail = {
        style: np.mean(
            [share_of_detail(interior(m)) for m in phantoms(4, style=style) if m.view == "CC"]
        )
        for style in STYLES
    }

    assert detail["digital"] > 1.2 * detail["film"]
    assert detail["film"] > 1.2 * detail["soft"]


def test_only_film_has_a_label_in_the_background() -> None:
    corners = {style: outer_corner(phantoms(1, style=style)[0]) for style in STYLES}

    assert corners["digital"].max() <= 10
    assert corners["soft"].max() <= 10
    assert corners["film"].max() > 150
    assert np.median(corners["film"]) <= 10


@pytest.mark.slow
def test_simple_statistics_do_not_separate_lesions_from_healthy_tissue() -> None:
    random = np.random.default_rng(0)
    mammograms = phantoms(36)
    healthy_ids = healthy_patients(mammograms)
    lesions, sides = [], []
    for mammogram in mammograms:
        if mammogram.patient_id in healthy_ids:
            continue
        pixels = mammogram.load()
        for lesion in mammogram.lesions:
            width, height = mammogram.width, mammogram.height
            box = patch_box(lesion.box, image_width=width, image_height=height, margin=24)
            lesions.append(pixels[box.top : box.bottom, box.left : box.right])
            sides.append(box.width)
    healthy = [
        tissue_patch(m.load(), random, sides) for m in mammograms if m.patient_id in healthy_ids
    ]

    for statistic in (np.mean, np.std):
        area = auroc([float(statistic(p)) for p in lesions], [float(statistic(p)) for p in healthy])
        assert 0.2 < area < 0.8


def test_reading_renders_nothing_and_imports_no_opencv() -> None:
    code = (
        "import sys\n"
        "from node_api.data_sources import PhantomSet\n"
        "from centre_node.mammography.phantoms import read_phantoms\n"
        "read_phantoms(PhantomSet(style='film', patients=20, seed=0))\n"
        "sys.exit('cv2' in sys.modules or 'torch' in sys.modules)\n"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def lesions_of(mammogram: Mammogram, kind: str) -> list[Lesion]:
    return [lesion for lesion in mammogram.lesions if lesion.kind == kind]


def sides_px(mammograms: tuple[Mammogram, ...], kind: str) -> list[float]:
    """Return the sides of squares that have the area of the lesions' boxes."""
    lesions = [lesion for m in mammograms for lesion in lesions_of(m, kind)]
    return [float(np.sqrt(lesion.box.width * lesion.box.height)) for lesion in lesions]


def contour_mask(
    mammogram: Mammogram, contour: tuple[tuple[float, float], ...]
) -> NDArray[np.bool_]:
    mask = np.zeros((mammogram.height, mammogram.width), dtype=np.uint8)
    cv2.fillPoly(mask, [np.round(np.array(contour) - 0.5).astype(np.int32)], 1)
    return mask > 0


def interior(mammogram: Mammogram) -> NDArray[np.float64]:
    """Return a square of 128 px well inside the breast of an image that is 512 px tall."""
    pixels = mammogram.load() if mammogram.laterality == "L" else mammogram.load()[:, ::-1]
    return pixels[192:320, 16:144].astype(np.float64)


def outer_corner(mammogram: Mammogram) -> NDArray[np.uint8]:
    pixels = mammogram.load() if mammogram.laterality == "L" else mammogram.load()[:, ::-1]
    return pixels[:70, -100:]


def spectrum_slope(tissue: NDArray[np.float64]) -> float:
    window = np.outer(np.hanning(len(tissue)), np.hanning(len(tissue)))
    power = np.abs(np.fft.fft2((tissue - tissue.mean()) * window)) ** 2
    cycles = np.fft.fftfreq(len(tissue), 1 / len(tissue))
    radius = np.round(np.hypot(cycles[:, None], cycles[None, :])).astype(int)
    radial = np.array([power[radius == k].mean() for k in range(3, 33)])
    return float(np.polyfit(np.log(np.arange(3, 33)), np.log(radial), 1)[0])


def muscle(mammogram: Mammogram) -> NDArray[np.float64]:
    """Return the smooth corner of an MLO view where the chest muscle is."""
    pixels = mammogram.load() if mammogram.laterality == "L" else mammogram.load()[:, ::-1]
    return pixels[8:72, 4:44].astype(np.float64)


def fine_noise(tissue: NDArray[np.float64]) -> float:
    """Return the mean size of the finest detail in grey levels."""
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float64)
    return float(np.abs(cv2.filter2D(tissue, -1, kernel)).mean())


def share_of_detail(tissue: NDArray[np.float64]) -> float:
    """Return how much of the tissue's deviation is at a scale of 3 to 6 px."""
    fine = cv2.GaussianBlur(tissue, (0, 0), 1.5) - cv2.GaussianBlur(tissue, (0, 0), 3)
    return float(fine.std() / cv2.GaussianBlur(tissue, (0, 0), 1.5).std())


def tissue_patch(
    pixels: NDArray[np.uint8], random: np.random.Generator, sides: list[int]
) -> NDArray[np.uint8]:
    """Return a random square with at most 40 % background."""
    while True:
        side = int(random.choice(sides))
        top, left = random.integers(0, np.array(pixels.shape) - side)
        patch = pixels[top : top + side, left : left + side]
        if (patch <= 10).mean() <= 0.4:
            return patch


def auroc(lesions: list[float], healthy: list[float]) -> float:
    return float((np.array(lesions)[:, None] > np.array(healthy)[None, :]).mean())
