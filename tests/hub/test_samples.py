"""A picture of synthetic patches in a package, on its way through the hub."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.errors import HubRefusedError
from shared.packages import Package, open_package
from shared.sample_grids import read_grid
from tests.hub_server import OPERATOR, RunningHub, running_hub
from tests.packages import A_PICTURE, tiny_contents, write_tiny_ensemble, write_tiny_package


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    with running_hub(tmp_path / "hub") as running:
        yield running


def with_picture(folder: Path, picture: bytes) -> Package:
    return write_tiny_ensemble(folder, tiny_contents(3), samples=picture)


def test_a_picture_travels_with_the_card_wherever_the_package_goes(
    hub: RunningHub, tmp_path: Path
) -> None:
    client = hub.invited("centre-b")
    package = with_picture(tmp_path / "package", A_PICTURE)
    record = client.publish(package)
    names = [file.name for file in package.card.weights]

    part = client.fetch(record, tmp_path / "fetched", weights=names[:1])
    assert (tmp_path / "fetched" / "samples.png").read_bytes() == A_PICTURE
    assert not part.is_whole
    assert "samples.png" in [file.name for file in part.files]
    whole = client.fetch(record, tmp_path / "fetched")
    assert whole.is_whole
    assert open_package(tmp_path / "fetched").digest == package.digest


def test_the_hub_shows_the_pixels_alone(hub: RunningHub, tmp_path: Path) -> None:
    # A reader that stops at the end of the packed pixels would miss what an empty block hides.
    stretched = zlib.compressobj(0)
    rows = stretched.compress(b"\0\x00\x32\x64\0\x96\xc8\xfa") + stretched.flush(zlib.Z_FULL_FLUSH)
    for _ in range(50):
        rows += stretched.flush(zlib.Z_FULL_FLUSH)
    rows += stretched.flush()
    start = A_PICTURE.index(b"IDAT") - 4
    chunk = b"IDAT" + rows
    sent = (
        A_PICTURE[:start]
        + len(rows).to_bytes(4)
        + chunk
        + zlib.crc32(chunk).to_bytes(4)
        + A_PICTURE[-12:]
    )
    hub.invited("centre-b").publish(with_picture(tmp_path / "package", sent))

    shown = hub.browser(OPERATOR).get("/generators/centre-b/lesions-dcgan/1/samples.png")

    assert read_grid(sent) == read_grid(A_PICTURE)
    assert shown.headers["Content-Type"] == "image/png"
    assert shown.content == A_PICTURE != sent
    page = hub.browser(OPERATOR).get("/generators/centre-b/lesions-dcgan/1").text
    assert 'src="/generators/centre-b/lesions-dcgan/1/samples.png"' in page


def test_a_package_without_a_picture_has_none_on_its_page(hub: RunningHub, tmp_path: Path) -> None:
    hub.invited("centre-b").publish(write_tiny_package(tmp_path))
    browser = hub.browser(OPERATOR)

    assert "samples.png" not in browser.get("/generators/centre-b/lesions-dcgan/1").text
    assert browser.get("/generators/centre-b/lesions-dcgan/1/samples.png").status_code == 404


@pytest.mark.parametrize("picture", [b"\x89PNG\r\n\x1a\n", A_PICTURE + b"more", b"x" * 1_200_001])
def test_the_hub_takes_no_picture_of_another_form(
    hub: RunningHub, tmp_path: Path, picture: bytes
) -> None:
    with pytest.raises(HubRefusedError, match="GS-2019"):
        hub.invited("centre-b").publish(with_picture(tmp_path, picture))
