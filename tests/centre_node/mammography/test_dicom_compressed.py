"""Every compression of mammograms; JPEG-LS and JPEG 2000 are not encoded by what decodes them."""

from pathlib import Path
from typing import Any

import gdcm
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import (
    JPEG2000,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from centre_node.mammography.codestreams import check_codestream
from centre_node.mammography.dicom import read_pixels
from centre_node.mammography.errors import BadImageError
from tests.centre_node.mammography.dicom_files import HEIGHT, WIDTH, dicom, smooth
from tests.centre_node.mammography.jpeg_12_bit import jpeg_12_bit

JPEG_LOSSLESS = gdcm.TransferSyntax.JPEGLosslessProcess14
JPEG_LOSSLESS_FIRST_ORDER = gdcm.TransferSyntax.JPEGLosslessProcess14_1
JPEG_BASELINE = gdcm.TransferSyntax.JPEGBaselineProcess1
JPEG_EXTENDED = gdcm.TransferSyntax.JPEGExtendedProcess2_4


def read(path: Path) -> NDArray[np.uint8]:
    return read_pixels(path, WIDTH, HEIGHT)


def compressed(path: Path, syntax: Any, **options: Any) -> Path:
    """Compress a file beside itself: pydicom's encoders by UID, GDCM's by its own number."""
    target = path.with_name("compressed.dcm")
    if isinstance(syntax, str):
        dataset = dcmread(path)
        dataset.compress(syntax, generate_instance_uid=False, **options)
        dataset.save_as(target)
        return target
    reader, change, writer = (
        gdcm.ImageReader(),
        gdcm.ImageChangeTransferSyntax(),
        gdcm.ImageWriter(),
    )
    reader.SetFileName(str(path))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return target


def plain(folder: Path, syntax: Any) -> Path:
    """An uncompressed file in as many bits as the syntax can hold."""
    bits = 12 if syntax == JPEG_EXTENDED else 14
    return dicom(folder / "a.dcm", smooth(bits), BitsStored=bits, HighBit=bits - 1)


def signed(bits: int) -> NDArray[np.int16]:
    return np.asarray(smooth(bits).astype(np.int32) - 2 ** (bits - 1), dtype=np.int16)


@pytest.mark.parametrize(
    ("syntax", "uid"),
    [
        (JPEG_LOSSLESS, "1.2.840.10008.1.2.4.57"),
        (JPEG_LOSSLESS_FIRST_ORDER, "1.2.840.10008.1.2.4.70"),
        (JPEGLSLossless, "1.2.840.10008.1.2.4.80"),
        (JPEG2000Lossless, "1.2.840.10008.1.2.4.90"),
        (RLELossless, "1.2.840.10008.1.2.5"),
    ],
)
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("sign", ["unsigned", "signed"])
def test_lossless_files_show_what_uncompressed_ones_show(
    tmp_path: Path, syntax: Any, uid: str, bits: int, sign: str
) -> None:
    pixels = signed(bits) if sign == "signed" else smooth(bits)
    narrow = pixels.astype(f"{pixels.dtype.kind}1") if bits == 8 else pixels
    plain = dicom(tmp_path / "a.dcm", narrow, BitsStored=bits, HighBit=bits - 1)

    packed = compressed(plain, syntax)

    assert dcmread(packed, stop_before_pixels=True).file_meta.TransferSyntaxUID == uid
    assert (read(packed) == read(plain)).all()


@pytest.mark.parametrize(
    ("syntax", "bits", "options"),
    [
        (JPEG_BASELINE, 8, {}),
        (JPEG_EXTENDED, 8, {}),
        (JPEG_EXTENDED, 12, {}),
        (JPEG_EXTENDED, 10, {}),
        (JPEGLSNearLossless, 12, {"jls_error": 2}),
        (JPEG2000, 12, {"j2k_cr": [8]}),
    ],
)
def test_lossy_files_show_nearly_the_same(
    tmp_path: Path, syntax: Any, bits: int, options: dict[str, Any]
) -> None:
    pixels = smooth(bits)
    narrow = pixels.astype(np.uint8) if bits == 8 else pixels
    plain = dicom(tmp_path / "a.dcm", narrow, BitsStored=bits, HighBit=bits - 1)

    packed = read(compressed(plain, syntax, **options))

    assert abs(packed.astype(int) - read(plain)).max() <= 6


def extended(path: Path, pixels: NDArray[np.uint16], **elements: Any) -> Path:
    """Write a JPEG of 12 bit as other makers do; GDCM's own says 16 in its head."""
    dataset = dcmread(dicom(path, pixels, BitsStored=12, HighBit=11, **elements))
    dataset.PixelData = encapsulate([jpeg_12_bit(pixels)])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEGExtended12Bit
    dataset.save_as(path)
    return path


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_jpeg_of_12_bit_has_the_greys_of_12_bit(tmp_path: Path, photometric: str) -> None:
    window = {"WindowCenter": 1000, "WindowWidth": 200, "PhotometricInterpretation": photometric}
    plain = dicom(tmp_path / "a.dcm", smooth(12), BitsStored=12, HighBit=11, **window)

    greys = read(extended(tmp_path / "b.dcm", smooth(12), **window))

    # 200 of 4096 values become 255 greys: with 8 bit there would be 13.
    assert len(np.unique(greys)) > 100
    assert abs(greys.astype(int) - read(plain)).max() <= 2


def test_jpeg_of_12_bit_may_be_signed(tmp_path: Path) -> None:
    bright = np.tile(np.linspace(2200, 4000, HEIGHT)[:, None], WIDTH)
    pixels = np.where(np.arange(WIDTH) < 32, bright - 2000, bright).astype(np.uint16)
    elements = {"PixelRepresentation": 1, "WindowCenter": None, "WindowWidth": None}
    path = extended(tmp_path / "a.dcm", pixels, **elements)

    expected = np.where(pixels < 2048, pixels.astype(int), pixels.astype(int) - 4096)
    scaled = (expected - expected.min()) * (255 / np.ptp(expected))

    assert abs(read(path) - scaled).max() <= 1


def test_other_ways_of_compression_are_refused(tmp_path: Path) -> None:
    path = compressed(dicom(tmp_path / "a.dcm"), RLELossless)
    dataset = dcmread(path)
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.201"  # type: ignore[assignment]
    dataset.save_as(path)

    with pytest.raises(BadImageError, match=r"^compressed\.dcm is compressed in a way"):
        read(path)


@pytest.mark.parametrize(
    "syntax",
    [JPEG_LOSSLESS_FIRST_ORDER, JPEG_EXTENDED, JPEGLSLossless, JPEG2000Lossless, RLELossless],
)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
@pytest.mark.filterwarnings("ignore:End of file")
def test_files_cut_short_are_refused(tmp_path: Path, syntax: Any, share: float) -> None:
    path = compressed(plain(tmp_path, syntax), syntax)
    content = path.read_bytes()
    head = content.index(b"\xe0\x7f\x10\x00")
    path.write_bytes(content[: head + round(share * (len(content) - head))])

    with pytest.raises(BadImageError, match="cut short"):
        read(path)


@pytest.mark.parametrize(
    "syntax", [JPEG_LOSSLESS_FIRST_ORDER, JPEG_EXTENDED, JPEGLSLossless, JPEG2000Lossless]
)
def test_damaged_heads_never_reach_the_decoder(tmp_path: Path, syntax: Any) -> None:
    """GDCM would end the process on some of them."""
    path = compressed(plain(tmp_path, syntax), syntax)
    content = path.read_bytes()
    starts = [content.find(start) for start in (b"\xff\xd8\xff", b"\xff\x4f\xff\x51")]
    first = max(starts)
    random = np.random.default_rng(0)
    for place in range(first, first + 44):
        damaged = bytearray(content)
        damaged[place] ^= int(random.integers(1, 256))
        path.write_bytes(damaged)
        try:
            pixels = read(path)
        except BadImageError:
            continue
        assert pixels.shape == (HEIGHT, WIDTH)


def frame(bits: int = 12, height: int = 80, width: int = 60, components: int = 1) -> bytes:
    content = bytes([bits, height >> 8, height & 255, width >> 8, width & 255, components])
    return b"\xff\xc3\x00\x0b" + content + b"\x01\x11\x00"


TABLE = b"\xff\xc4\x00\x04\x00\x00"
SCAN = b"\xff\xda\x00\x08"


def test_a_sound_head_passes_with_fills_and_other_segments() -> None:
    note = b"\xff\xfe\x00\x05abc"
    codestream = b"\xff\xd8" + note + b"\xff" + frame() + TABLE + SCAN

    check_codestream(codestream, width=60, height=80, largest_bits=16)


@pytest.mark.parametrize(
    "head",
    [
        frame(bits=17) + TABLE,
        frame(bits=0) + TABLE,
        frame(height=81) + TABLE,
        frame(width=61) + TABLE,
        frame(components=3) + TABLE,
        frame(),
        TABLE,
        b"\x7f" + frame()[1:] + TABLE,
        frame() + b"\xff\xd3" + TABLE,
    ],
    ids=[
        "17 bit",
        "0 bit",
        "height",
        "width",
        "colour",
        "no table",
        "no frame",
        "no marker",
        "restart",
    ],
)
def test_a_head_that_contradicts_the_file_is_refused(head: bytes) -> None:
    with pytest.raises(ValueError, match="the image"):
        check_codestream(b"\xff\xd8" + head + SCAN, width=60, height=80, largest_bits=16)
