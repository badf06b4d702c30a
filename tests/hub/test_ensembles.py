"""Packages of many weight files at a real hub."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from shared.errors import (
    DigestMismatchError,
    HubRefusedError,
    HubUnreachableError,
    NoSuchWeightsError,
    PartlyFetchedError,
)
from shared.hub_client import HubClient
from shared.hub_exchange import HubLimits
from shared.packages import Package, open_package
from shared.repeats import Patience
from tests.hub_server import RunningHub, running_hub
from tests.packages import TINY, safetensors_bytes, tiny_contents, write_tiny_ensemble

FIRST, SECOND, FINAL = (
    "weights-epoch-0500.safetensors",
    "weights-epoch-0550.safetensors",
    "weights.safetensors",
)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    with running_hub(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def client(hub: RunningHub) -> HubClient:
    return hub.invited("centre-b")


def _watched(url: str, token: str, on_request: Callable[[httpx.Request], None]) -> HubClient:
    headers = {"Authorization": f"Bearer {token}"}
    hooks = {"request": [on_request]}
    http = httpx.Client(base_url=url, headers=headers, event_hooks=hooks, timeout=10)
    return HubClient(http, HubLimits(patience=Patience(())))


def _names(package: Package) -> list[str]:
    return sorted(path.name for path in package.folder.iterdir())


@pytest.mark.slow
def test_an_ensemble_of_51_files_is_published_and_fetched_whole(
    client: HubClient, tmp_path: Path
) -> None:
    package = write_tiny_ensemble(tmp_path, tiny_contents(51))

    record = client.publish(package)

    fetched = client.fetch(record, tmp_path / "in")
    assert (len(fetched.weights), fetched.is_whole) == (51, True)
    assert fetched == open_package(tmp_path / "in")
    assert _names(fetched) == _names(package)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            safetensors_bytes(TINY.generator_tensors(), float("nan")),
            f"tensor .* of {SECOND} holds NaN",
        ),
        (b"PK\x03\x04" + bytes(200), f"{SECOND} looks like a pickled PyTorch"),
    ],
)
def test_every_file_of_an_ensemble_is_checked(
    client: HubClient, tmp_path: Path, content: bytes, sentence: str
) -> None:
    package = write_tiny_ensemble(tmp_path, {**tiny_contents(5), SECOND: content})

    with pytest.raises(HubRefusedError, match=sentence):
        client.publish(package)

    assert list(client.generators()) == []


def test_some_files_are_fetched_and_the_rest_is_added_later(
    client: HubClient, hub: RunningHub, tmp_path: Path
) -> None:
    whole = write_tiny_ensemble(tmp_path, tiny_contents(3))
    record = client.publish(whole)

    one = client.fetch(record, tmp_path / "in", weights=[SECOND])
    assert (one.digest, one.extent) == (whole.digest, "1 of 3 weight files")
    assert _names(one) == ["card.json", "fetched.json", "manifest.json", SECOND]
    assert open_package(tmp_path / "in", partly=True) == one

    two = client.fetch(record, tmp_path / "in", weights=[FINAL])
    assert [file.name for file in two.weights] == [SECOND, FINAL]
    assert open_package(tmp_path / "in", partly=True) == two
    assert client.fetch(record, tmp_path / "in", weights=[SECOND]) == two

    sent: list[httpx.Request] = []
    watched = _watched(hub.url, hub.client().invite("centre-b", renew=True), sent.append)
    all_three = watched.fetch(record, tmp_path / "in")
    assert [request.url.path.rsplit("/", 1)[1] for request in sent] == ["card.json", FIRST]
    assert all_three == open_package(tmp_path / "in")
    assert _names(all_three) == _names(whole)
    assert not list(tmp_path.glob(".in*"))


def test_a_file_that_the_version_lacks_is_named_and_nothing_is_left(
    client: HubClient, tmp_path: Path
) -> None:
    record = client.publish(write_tiny_ensemble(tmp_path, tiny_contents(3)))

    with pytest.raises(NoSuchWeightsError, match=r"no weight file other; it has 3"):
        client.fetch(record, tmp_path / "in", weights=["other"])

    assert not list(tmp_path.glob("*in*"))


def test_what_a_broken_fetch_left_of_other_files_is_not_taken_in(
    client: HubClient, tmp_path: Path
) -> None:
    record = client.publish(write_tiny_ensemble(tmp_path, tiny_contents(3)))
    (tmp_path / ".in.part").mkdir()
    (tmp_path / ".in.part" / FIRST).write_bytes(b"half")

    fetched = client.fetch(record, tmp_path / "in", weights=[SECOND])

    assert _names(fetched) == ["card.json", "fetched.json", "manifest.json", SECOND]


def test_what_was_damaged_in_a_folder_is_fetched_again_and_said(
    client: HubClient, tmp_path: Path
) -> None:
    record = client.publish(write_tiny_ensemble(tmp_path, tiny_contents(3)))
    folder = client.fetch(record, tmp_path / "in", weights=[FIRST, SECOND]).folder
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / FIRST).write_bytes(bytes(len(before[FIRST])))
    (folder / "card.json").unlink()
    (folder / "notes.txt").write_text("of a person")
    (folder / SECOND).touch()
    untouched = (folder / SECOND).stat().st_mtime_ns
    said: list[str | None] = []

    fetched = client.fetch(
        record,
        tmp_path / "in",
        weights=[SECOND],
        on_progress=lambda progress: said.append(progress.warning),
    )

    assert fetched == open_package(folder, partly=True)
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert after == before | {"notes.txt": b"of a person"}
    assert (folder / SECOND).stat().st_mtime_ns == untouched
    assert [line for line in said if line] == [
        "a file was damaged since it was fetched, and is fetched again: card.json is missing from "
        f"the package {folder}"
    ]


def test_a_damaged_folder_of_another_package_is_left_alone(
    client: HubClient, tmp_path: Path
) -> None:
    record = client.publish(write_tiny_ensemble(tmp_path / "one", tiny_contents(3)))
    other = write_tiny_ensemble(tmp_path / "other", tiny_contents(2)).folder
    (other / FIRST).write_bytes(b"")

    with pytest.raises(DigestMismatchError, match=FIRST):
        client.fetch(record, other)

    assert (other / FIRST).read_bytes() == b""


def test_a_part_of_a_package_is_not_published(client: HubClient, tmp_path: Path) -> None:
    record = client.publish(write_tiny_ensemble(tmp_path, tiny_contents(3)))
    part = client.fetch(record, tmp_path / "in", weights=[FIRST])

    with pytest.raises(PartlyFetchedError, match="holds only 1 of 3 weight files to publish"):
        client.publish(part)


@pytest.mark.parametrize(
    "last",
    [pytest.param(1, marks=pytest.mark.slow), 3, pytest.param(6, marks=pytest.mark.slow)],
)
def test_after_a_hub_went_away_only_what_it_lacks_is_sent(tmp_path: Path, last: int) -> None:
    package = write_tiny_ensemble(tmp_path, tiny_contents(5))  # six uploads, the card among them
    before = {path.name: path.read_bytes() for path in package.folder.iterdir()}
    uploads: list[str] = []

    with ExitStack() as hub_up:
        hub = hub_up.enter_context(running_hub(tmp_path / "hub"))
        token = hub.client().invite("centre-b")

        def go_away(request: httpx.Request) -> None:
            if request.method == "PUT":
                uploads.append(request.url.path)
                if len(uploads) == last:
                    hub_up.close()

        with pytest.raises(HubUnreachableError, match=rf"file {last} of 6, broke off; publish"):
            _watched(hub.url, token, go_away).publish(package)

    assert {path.name: path.read_bytes() for path in package.folder.iterdir()} == before
    again: list[str] = []
    with running_hub(tmp_path / "hub") as hub:
        client = _watched(
            hub.url, token, lambda request: again.append(f"{request.method} {request.url.path}")
        )
        record = client.publish(package)
        assert client.fetch(record, tmp_path / "in").digest == package.digest
    sent = [line for line in again if line.startswith("PUT")]
    assert len(sent) == 6 - (last - 1)
    assert sent[0] == f"PUT {uploads[-1]}"
    assert not {line.removeprefix("PUT ") for line in sent} & set(uploads[:-1])
