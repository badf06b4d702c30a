import cv2
import numpy as np

from centre_node.mammography.tissue import NO_BACKGROUND, NO_BREAST, background
from node_api.patches import PatchConfiguration


def test_background_includes_its_level() -> None:
    pixels = np.array([[9, 10], [11, 200]], dtype=np.uint8)

    found, _ = background(pixels, PatchConfiguration(background_level=10))

    assert found.tolist() == [[True, True], [False, False]]


def test_a_bright_label_is_background_by_the_breast_mask_only() -> None:
    pixels = np.full((400, 300), 20, dtype=np.uint8)
    pixels[50:350, :180] = 150
    pixels[20:40, 240:280] = 250

    by_mask, _ = background(pixels, PatchConfiguration(tissue="breast_mask"))
    by_level, _ = background(pixels, PatchConfiguration(background_level=25))

    assert by_mask[30, 260]
    assert not by_level[30, 260]
    assert not by_mask[200, 90]


def test_a_mask_of_nearly_the_whole_film_gives_way_to_the_level() -> None:
    coarse = np.random.default_rng(0).normal(120, 40, (12, 9)).astype(np.float32)
    tissue = cv2.resize(coarse, (300, 400), interpolation=cv2.INTER_CUBIC)
    pixels = np.asarray(tissue.clip(0, 255), dtype=np.uint8)
    pixels[:, 100:110] = 8

    found, doubt = background(pixels, PatchConfiguration(tissue="breast_mask"))

    assert doubt == NO_BACKGROUND
    assert (found == (pixels <= 10)).all()


def test_without_a_breast_all_is_background() -> None:
    pixels = np.full((400, 300), 20, dtype=np.uint8)

    found, doubt = background(pixels, PatchConfiguration(tissue="breast_mask"))

    assert doubt == NO_BREAST
    assert found.all()
