import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from centre_node.mammography.errors import BadImageError
from centre_node.mammography.image_files import ImageHead, is_image, pixel_loader, read_head
from centre_node.mammography.readers.coco import ANNOTATIONS, read_coco
from tests.centre_node.mammography.coco_folder import document, image_record
from tests.centre_node.mammography.dicom_files import HEIGHT, WIDTH, dicom

PIXELS = (np.arange(WIDTH * HEIGHT).reshape(HEIGHT, WIDTH) % 4096).astype(np.uint16)


@pytest.mark.parametrize("name", ["a.png", "a.TIF", "a.jpg", "a.pgm"])
def test_a_raster_is_read_by_its_ending(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    pixels = PIXELS if name[-3:] != "jpg" else (PIXELS // 16).astype(np.uint8)
    path.write_bytes(cv2.imencode(path.suffix.lower(), pixels)[1].tobytes())

    assert is_image(path)
    assert read_head(path) == ImageHead(WIDTH, HEIGHT, None)
    loaded = pixel_loader(path, WIDTH, HEIGHT)()
    assert (loaded.shape, loaded.min(), loaded.max()) == ((HEIGHT, WIDTH), 0, 255)


@pytest.mark.parametrize("name", ["a.dcm", "a.DICOM", "IM0001", "1.2.840.1"])
def test_dicom_is_read_under_any_other_name(tmp_path: Path, name: str) -> None:
    path = dicom(tmp_path / name)

    head = read_head(path)

    assert is_image(path)
    assert head.dicom is not None
    assert (head.width, head.height, head.dicom.view) == (WIDTH, HEIGHT, "MLO")
    assert pixel_loader(path, WIDTH, HEIGHT)().shape == (HEIGHT, WIDTH)


def test_a_coco_folder_may_hold_dicom_and_rasters_of_other_endings(tmp_path: Path) -> None:
    dicom(tmp_path / "0.dcm")
    (tmp_path / "1.bmp").write_bytes(
        cv2.imencode(".bmp", (PIXELS // 16).astype(np.uint8))[1].tobytes()
    )
    records = [
        image_record(number, file_name=name, width=WIDTH, height=HEIGHT)
        for number, name in enumerate(("0.dcm", "1.bmp"))
    ]
    (tmp_path / ANNOTATIONS).write_text(json.dumps({**document(0), "images": records}))

    for mammogram in read_coco(tmp_path, {}).mammograms:
        loaded = mammogram.load()
        assert (loaded.shape, loaded.min(), loaded.max()) == ((HEIGHT, WIDTH), 0, 255)


def test_what_is_neither_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing" * 40)

    assert not is_image(tmp_path / "notes.txt")
    assert not is_image(tmp_path / "missing")


def test_several_frames_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadImageError, match="several frames"):
        read_head(dicom(tmp_path / "a.dcm", NumberOfFrames=3))
