import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from centre_node.mammography.errors import BadImageError
from centre_node.mammography.rasters import raster_size, read_raster

RAMP = np.linspace(100, 4000, 12 * 16, dtype=np.uint16).reshape(12, 16)
NARROW = np.arange(12 * 16, dtype=np.uint8).reshape(12, 16) + 20


def scaled(pixels: NDArray[np.integer]) -> NDArray[np.float64]:
    """Min-max scaled to 8 bit."""
    low, high = int(pixels.min()), int(pixels.max())
    return np.asarray((pixels.astype(np.float64) - low) * (255 / (high - low)))


@pytest.mark.parametrize("name", ["a.tif", "a.pgm", "a.png"])
@pytest.mark.parametrize("pixels", [RAMP, NARROW], ids=["16 bit", "8 bit"])
def test_lossless_rasters_are_read_and_scaled(
    tmp_path: Path, name: str, pixels: NDArray[np.integer]
) -> None:
    path = tmp_path / name
    cv2.imwrite(str(path), pixels)

    assert raster_size(path) == (16, 12)
    read = read_raster(path, 16, 12)

    assert read.dtype == np.uint8
    assert abs(read - scaled(pixels)).max() <= 0.51


def test_a_jpeg_is_read_and_scaled(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.jpg"), NARROW, [cv2.IMWRITE_JPEG_QUALITY, 100])

    read = read_raster(tmp_path / "a.jpg", 16, 12)

    assert raster_size(tmp_path / "a.jpg") == (16, 12)
    assert (read.min(), read.max()) == (0, 255)
    assert abs(read - scaled(NARROW)).max() <= 4


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", None])
def test_compressed_tiffs_are_read(tmp_path: Path, compression: str | None) -> None:
    Image.fromarray(NARROW).save(tmp_path / "a.tif", compression=compression)

    assert abs(read_raster(tmp_path / "a.tif", 16, 12) - scaled(NARROW)).max() <= 0.51


def test_a_pgm_in_text_with_a_comment_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.pgm").write_text("P2\n# a comment\n3 2\n200\n0 50 100\n150 200 0\n")

    assert raster_size(tmp_path / "a.pgm") == (3, 2)
    assert abs(read_raster(tmp_path / "a.pgm", 3, 2) - [[0, 64, 128], [191, 255, 0]]).max() <= 1


def test_an_orientation_tag_turns_nothing(tmp_path: Path) -> None:
    tags = Image.Exif()
    tags[0x0112] = 6  # a quarter turn
    Image.fromarray(NARROW).save(tmp_path / "a.jpg", exif=tags, quality=95)

    assert raster_size(tmp_path / "a.jpg") == (16, 12)
    assert read_raster(tmp_path / "a.jpg", 16, 12).shape == (12, 16)


def png_head(width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + b"\0\0\0\0"


@pytest.mark.parametrize(
    "content",
    [b"", b"P5", b"P5 a b 255\n", b"hello", b"\x89PNG\r\n\x1a\n", b"II*\0", png_head(60000, 60000)],
    ids=["empty", "PGM", "PGM in letters", "text", "PNG", "TIFF", "a size beyond reason"],
)
def test_what_is_no_image_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(content)

    with pytest.raises(BadImageError, match=r"^a\.tif is no image that can be decoded"):
        raster_size(path)
    with pytest.raises(BadImageError, match=r"^a\.tif is no image that can be decoded"):
        read_raster(path, 16, 12)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadImageError, match=r"^a\.pgm cannot be read: No such file"):
        raster_size(tmp_path / "a.pgm")
    with pytest.raises(BadImageError, match=r"^a\.pgm cannot be read: No such file"):
        read_raster(tmp_path / "a.pgm", 16, 12)


def test_another_size_and_one_value_are_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), NARROW)
    cv2.imwrite(str(tmp_path / "b.png"), np.full((12, 16), 300, dtype=np.uint16))

    with pytest.raises(BadImageError, match="is 16 x 12 px, but its record says 12 x 16"):
        read_raster(tmp_path / "a.png", 12, 16)
    with pytest.raises(BadImageError, match="has the value 300 in every pixel"):
        read_raster(tmp_path / "b.png", 16, 12)
