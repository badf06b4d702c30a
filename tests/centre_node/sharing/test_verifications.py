"""A file of a package is verified once where it changes hands: no less, and no more."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from centre_node.generators.networks import DcganGenerator, build_network
from centre_node.generators.weights import export_weights
from centre_node.sampling.drawing import synthetic_patches
from centre_node.sharing import publish
from centre_node.sharing.publish import build_package
from centre_node.sharing.receive import pulled
from shared.errors import DigestMismatchError, HubRefusedError
from shared.hub_client import HubClient
from shared.packages import open_package
from tests.centre_node.sharing.pulling import pull
from tests.centre_node.sharing.test_publish import TERMS, TRAINED
from tests.hub_server import RunningHub, running_hub
from tests.packages import TINY
from tests.verifications import counted

WEIGHTS = "weights.safetensors"


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    path = tmp_path / WEIGHTS
    random = torch.Generator().manual_seed(0)
    export_weights(build_network(DcganGenerator, TINY, random), TINY, path)
    return path


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    with running_hub(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def client(hub: RunningHub) -> HubClient:
    return hub.invited("centre-a")


def test_a_file_is_hashed_and_looked_into_once_wherever_it_changes_hands(
    trained: Path, client: HubClient, tmp_path: Path
) -> None:
    with counted() as seen:
        package = build_package(tmp_path / "package", [trained], TRAINED, TERMS)
        digest = package.card.weights[0].sha256
        card = next(file.sha256 for file in package.files if file.name == "card.json")
        assert (seen.of(digest), seen.of(card)) == ((1, 1), (1, 0))

        client.publish(package)  # by the hub, as it comes
        assert (seen.of(digest), seen.of(card)) == ((1, 1), (1, 0))
        client.publish(package)  # the hub knows it
        assert (seen.of(digest), seen.of(card)) == ((0, 0), (0, 0))

        _, got = pull(client, "centre-a", "masses", None, folder=tmp_path / "pulled")
        assert (seen.of(digest), seen.of(card)) == ((1, 1), (1, 0))

        found = pulled(tmp_path / "pulled", got.digest)
        assert (seen.of(digest), seen.of(card)) == ((1, 0), (1, 0))
        synthetic_patches(found, count=3, seed=0, device=torch.device("cpu"))
        assert (seen.of(digest), seen.of(card)) == ((0, 1), (0, 0))


def test_a_fetch_that_goes_on_hashes_what_is_there_once_too(
    trained: Path, client: HubClient, tmp_path: Path
) -> None:
    package = build_package(tmp_path / "package", [trained], TRAINED, TERMS)
    record = client.publish(package)
    (tmp_path / ".in.part").mkdir()
    (tmp_path / ".in.part" / WEIGHTS).write_bytes(trained.read_bytes()[:1000])

    with counted() as seen:
        assert client.fetch(record, tmp_path / "in").digest == package.digest

    assert seen.of(package.card.weights[0].sha256) == (1, 1)


def test_a_byte_that_flips_in_a_package_is_found_by_the_hub(
    trained: Path, client: HubClient, tmp_path: Path
) -> None:
    package = build_package(tmp_path / "package", [trained], TRAINED, TERMS)
    _flip(package.folder / WEIGHTS)

    with pytest.raises(HubRefusedError, match="the uploaded bytes have the SHA-256"):
        client.publish(package)
    with pytest.raises(DigestMismatchError, match=WEIGHTS):
        open_package(package.folder)


def test_a_byte_that_flips_at_the_hub_is_found_by_the_receiver(
    trained: Path, hub: RunningHub, client: HubClient, tmp_path: Path
) -> None:
    package = build_package(tmp_path / "package", [trained], TRAINED, TERMS)
    client.publish(package)
    (blob,) = (hub.data_dir / "blobs").rglob(package.card.weights[0].sha256)
    _flip(blob)

    with pytest.raises(DigestMismatchError, match=WEIGHTS):
        pull(client, "centre-a", "masses", None, folder=tmp_path / "pulled")
    assert not list(tmp_path.rglob(f"pulled/**/{WEIGHTS}"))


@pytest.mark.parametrize("kept_bytes", [1000, None], ids=["a part", "the whole file"])
def test_a_byte_that_flips_in_what_a_fetch_left_is_found_when_it_goes_on(
    trained: Path, client: HubClient, tmp_path: Path, kept_bytes: int | None
) -> None:
    record = client.publish(build_package(tmp_path / "package", [trained], TRAINED, TERMS))
    left = tmp_path / ".in.part" / WEIGHTS
    left.parent.mkdir()
    left.write_bytes(trained.read_bytes()[:kept_bytes])
    _flip(left)

    with pytest.raises(DigestMismatchError, match=WEIGHTS):
        client.fetch(record, tmp_path / "in")
    assert not (tmp_path / "in").exists()
    assert not left.exists()


def test_a_byte_that_flips_in_a_fetched_package_is_found_when_it_is_opened(
    trained: Path, client: HubClient, tmp_path: Path
) -> None:
    package = build_package(tmp_path / "package", [trained], TRAINED, TERMS)
    client.publish(package)
    pull(client, "centre-a", "masses", None, folder=tmp_path)
    _flip(tmp_path / package.digest / WEIGHTS)

    with pytest.raises(DigestMismatchError, match=WEIGHTS):
        pulled(tmp_path, package.digest)


def test_a_byte_that_flips_while_a_package_is_made_is_in_its_digests(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was copied is what is declared, whatever becomes of the file that was copied."""
    before = build_package(tmp_path / "one", [trained], TRAINED, TERMS)
    monkeypatch.setattr(publish, "inspect_weights", lambda path, _tensors: _flip(path))

    after = build_package(tmp_path / "two", [trained], TRAINED, TERMS)

    assert after.digest != before.digest
    assert open_package(after.folder) == after


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1  # of a value's last bits: it stays finite
    path.write_bytes(content)
