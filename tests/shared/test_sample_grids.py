"""The picture of synthetic patches: one form, and nothing else in it."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from shared.errors import DigestMismatchError, PackageError, SamplesRefusedError
from shared.packages import CARD, Manifest, ManifestFile, check_card_against_manifest, open_package
from shared.sample_grids import LARGEST_SIDE_PX, SIGNATURE, Grid, grid_png, read_grid
from tests.packages import A_PICTURE, write_tiny_package

PIXELS = bytes(range(6))


def chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def png(
    *,
    size: tuple[int, int] = (3, 2),
    form: bytes = bytes([8, 0, 0, 0, 0]),
    rows: bytes = b"\0\0\1\2\0\3\4\5",
    beside: bytes = b"",
    after: bytes = b"",
) -> bytes:
    return (
        SIGNATURE
        + chunk(b"IHDR", struct.pack(">II", *size) + form)
        + beside
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
        + after
    )


def test_what_is_written_is_what_any_reader_of_png_sees_and_what_is_read() -> None:
    written = grid_png(Grid(3, 2, PIXELS))

    assert read_grid(written) == Grid(3, 2, PIXELS)
    assert np.asarray(Image.open(io.BytesIO(written))).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_the_largest_picture_of_noise_is_taken() -> None:
    side = LARGEST_SIDE_PX
    pixels = np.random.default_rng(0).integers(0, 256, side * side, dtype=np.uint8).tobytes()

    assert read_grid(grid_png(Grid(side, side, pixels))).pixels == pixels


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no PNG"),
        (b"GIF89a", "no PNG"),
        (png()[:-1], "damaged"),
        (png().replace(b"IDAT", b"IDAU"), "damaged"),
        (png(beside=chunk(b"tEXt", b"Patient\0Jane")), "more than a picture's size and pixels"),
        (png(beside=chunk(b"eXIf", b"x")), "more than a picture's size and pixels"),
        (png(after=chunk(b"IDAT", b"x")), "more than a picture's size and pixels"),
        (png(after=b"and a zip"), "damaged"),
        (SIGNATURE + chunk(b"IHDR", b"") + chunk(b"IEND", b""), "more than a picture's size"),
        (png(form=bytes([8, 2, 0, 0, 0])), "not grey"),
        (png(form=bytes([16, 0, 0, 0, 0])), "not grey"),
        (png(form=bytes([8, 0, 0, 0, 1])), "not grey"),
        (png(size=(0, 2)), "0 x 2 pixels"),
        (png(size=(3, 1025)), "3 x 1025 pixels"),
        (png(size=(2**31, 2**31)), "pixels; it may have 1024"),
        (png(rows=b"\0" * 9), "exactly the pixels"),
        (png(rows=b"\0" * 7), "exactly the pixels"),
        (png(rows=b"\0" * 300_000_000), "exactly the pixels"),
        (png(rows=b"\1\0\1\2\0\3\4\5"), "filtered rows"),
        (png() + b"\0" * 1_200_000, "more than 1200000 bytes"),
    ],
    ids=range(20),
)
def test_anything_else_is_refused_in_a_sentence(content: bytes, reason: str) -> None:
    with pytest.raises(SamplesRefusedError, match=reason):
        read_grid(content)


def test_what_a_library_writes_with_words_in_it_is_refused() -> None:
    words, file = PngInfo(), io.BytesIO()
    words.add_text("Patient", "Jane")
    Image.new("L", (3, 2)).save(file, "png", pnginfo=words)

    with pytest.raises(SamplesRefusedError):
        read_grid(file.getvalue())


def test_a_package_has_its_picture_in_its_manifest_and_one_without_is_as_before(
    tmp_path: Path,
) -> None:
    with_picture = write_tiny_package(tmp_path / "with", samples=A_PICTURE)
    without = write_tiny_package(tmp_path / "without")

    opened = open_package(with_picture.folder)
    assert [file.name for file in opened.files] == [
        "card.json",
        "samples.png",
        "weights.safetensors",
    ]
    assert opened.is_whole
    assert (opened.digest, opened.card) == (with_picture.digest, without.card)
    assert [file.name for file in without.files] == ["card.json", "weights.safetensors"]


def test_a_picture_of_another_form_makes_the_package_unusable(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path, samples=png(beside=chunk(b"tEXt", b"Patient\0Jane")))

    with pytest.raises(SamplesRefusedError, match="more than a picture's size"):
        open_package(package.folder)


@pytest.mark.parametrize("name", ["sample.png", "samples.jpg", "SAMPLES.PNG", "readme.txt"])
def test_no_other_file_may_be_in_a_package(tmp_path: Path, name: str) -> None:
    package = write_tiny_package(tmp_path)
    other = ManifestFile(name=name, size_bytes=1, sha256="0" * 64)
    manifest = Manifest(files=(*package.manifest.files, other))

    with pytest.raises(DigestMismatchError, match=f"must list {CARD}"):
        check_card_against_manifest(package.card, manifest)


def test_a_weight_file_cannot_take_the_pictures_name(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path)
    [weights] = package.card.weights
    renamed = weights.model_copy(update={"name": "samples.png"})
    card = package.card.model_copy(update={"weights": (renamed,)})
    files = tuple(
        file.model_copy(update={"name": "samples.png"}) if file.name == weights.name else file
        for file in package.manifest.files
    )

    with pytest.raises(PackageError):
        check_card_against_manifest(card, Manifest(files=files))
