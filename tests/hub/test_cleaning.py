"""What no version has is removed after a time, and nothing else."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.errors import MissingBlobsError
from hub.keeping import open_shelf
from hub.registry.blobs import BlobStore, UploadLimits
from hub.registry.cleaning import Cleaner
from hub.registry.quotas import Quotas, Usage
from hub.registry.shelves import Folder
from hub.registry.store import VersionStore
from hub.registry.stored_files import StoredFiles
from hub.settings import Settings
from shared.access import Caller, Role
from shared.packages import Manifest
from tests.hub_server import database_of, running_hub
from tests.packages import write_tiny_package

DAY, HOUR = 86_400.0, 3_600.0
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BY = Caller("centre-b", Role.CENTRE)


@dataclass
class Stored:
    """A shelf whose clock stands still until it is set.

    Attributes:
        base: The Unix time that is 0 here.
    """

    blobs: BlobStore
    files: StoredFiles
    base: float
    now: float = 0.0

    def put(self, content: bytes, at: float) -> str:
        digest = hashlib.sha256(content).hexdigest()

        async def pieces() -> AsyncIterator[bytes]:
            yield content

        asyncio.run(self.blobs.put(digest, pieces(), centre="centre-b"))
        shelf = self.blobs.shelf
        if isinstance(shelf, Folder):
            os.utime(shelf.served(digest), (at, at))
        else:  # what was sent to a bucket is as old as it is there, until it is wanted
            self.files.want(digest, datetime.fromtimestamp(self.base + at, UTC))
        return digest

    def has(self, digest: str) -> bool:
        return self.blobs.size(digest) is not None

    def usage(self) -> Usage:
        return self.files.usage("centre-b")

    def clean(self) -> int:
        return Cleaner(
            self.blobs,
            self.files,
            orphan_seconds=DAY,
            stalled_seconds=HOUR,
            clock=lambda: self.base + self.now,
        ).clean()


def _opened(tmp_path: Path) -> Stored:
    files = StoredFiles(database_of(tmp_path))
    limits = UploadLimits(max_file_bytes=1_000_000, reserve_bytes=0, stall_seconds=5)
    shelf = open_shelf(Settings(data_dir=tmp_path), files, clock=lambda: found.base + found.now)
    quotas = Quotas(Usage(10_000_000, 100), files.usage)
    blobs = BlobStore(tmp_path / "blobs", shelf, limits=limits, files=files, quotas=quotas)
    found = Stored(blobs, files, 0.0 if isinstance(shelf, Folder) else round(time.time()) + 60.0)
    return found


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    return _opened(tmp_path)


@pytest.mark.slow
def test_a_file_that_a_killed_hub_had_not_noted_yet_is_gone_after_the_next_start(
    tmp_path: Path,
) -> None:
    package = write_tiny_package(tmp_path / "package")
    with running_hub(tmp_path / "hub") as hub:
        hub.invited("centre-b").publish(package)
    blobs = tmp_path / "hub" / "blobs"
    kept = {path.name for path in blobs.glob("??/*")}
    digest = hashlib.sha256(b"as after a kill").hexdigest()
    unnoted = blobs / digest[:2] / digest
    unnoted.parent.mkdir(exist_ok=True)
    unnoted.write_bytes(b"as after a kill")

    with running_hub(tmp_path / "hub"):
        assert {path.name for path in blobs.glob("??/*")} == kept


def test_a_note_whose_file_was_removed_just_before_a_kill_counts_for_nobody_after_the_next_start(
    tmp_path: Path, stored: Stored
) -> None:
    lost, kept = stored.put(b"lost", at=HOUR), stored.put(b"kept", at=HOUR)
    (tmp_path / "blobs" / lost[:2] / lost).unlink()

    restarted = _opened(tmp_path)

    assert restarted.usage() == Usage(4, 1)
    assert restarted.has(kept)


def test_an_orphan_is_removed_after_the_grace_time_and_its_quota_is_free(stored: Stored) -> None:
    old, young = stored.put(b"old", at=0.0), stored.put(b"young", at=HOUR)
    assert stored.usage() == Usage(8, 2)

    stored.now = DAY
    assert stored.clean() == 0
    stored.now = DAY + 1
    assert stored.clean() == 3

    assert [stored.has(digest) for digest in (old, young)] == [False, True]
    assert stored.usage() == Usage(5, 1)


def test_who_asks_whether_a_file_is_there_may_still_publish_it(stored: Stored) -> None:
    digest = stored.put(b"content", at=0.0)
    stored.now = HOUR
    assert stored.blobs.shelf.want(digest)

    stored.now = DAY + 1
    stored.clean()

    assert stored.has(digest)
    assert not stored.blobs.shelf.want("0" * 64)


def test_what_is_left_of_a_broken_upload_is_removed_and_a_running_one_is_not(
    stored: Stored, tmp_path: Path
) -> None:
    left, running = (tmp_path / "blobs" / "incoming" / name for name in ("left", "running"))
    for path, moment in ((left, 0.0), (running, 2.0)):
        path.write_bytes(b"half")
        os.utime(path, (moment, moment))

    stored.now = HOUR + 1
    stored.clean()

    assert [left.exists(), running.exists()] == [False, True]


def test_what_a_version_has_is_never_removed(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "package")
    with running_hub(tmp_path / "hub") as hub:
        hub.invited("centre-b").publish(package)
    with running_hub(tmp_path / "hub", orphan_hours=1e-9) as hub:
        client = hub.invited("centre-a")
        record = client.version("centre-b", "lesions-dcgan", None)
        assert client.fetch(record, tmp_path / "in").digest == package.digest


def test_a_version_that_is_added_while_orphans_are_sought_keeps_its_files(
    stored: Stored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = stored.put(b"content", at=0.0)
    engine = database_of(tmp_path)
    published = []
    listing = stored.blobs.shelf.unwanted_since

    def list_then_publish(moment: float) -> Iterator[str]:
        yield from listing(moment)
        with engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO centres (name, token_sha256, enrolled_at) "
                    "VALUES ('centre-b', 'x', '2026-01-01')"
                )
            )
            insert = (
                "INSERT INTO versions VALUES (1, 'centre-b', 'n', 1, 'd', 'dcgan', 'mass', "
                f'\'{{"files":[{{"sha256":"{digest}"}}]}}\', \'{{}}\', '
                "'2026-01-01', 'Tiny', NULL)"
            )
            connection.exec_driver_sql(insert)
        published.append(digest)

    monkeypatch.setattr(stored.blobs.shelf, "unwanted_since", list_then_publish)
    stored.now = DAY + 1
    stored.clean()

    assert published == [digest]
    assert stored.has(digest)


def test_the_files_are_looked_for_again_in_the_transaction_that_adds_a_version(
    tmp_path: Path,
) -> None:
    package = write_tiny_package(tmp_path)
    versions = VersionStore(database_of(tmp_path), most_of_a_centre=9)

    def removed(_manifest: Manifest) -> None:
        raise MissingBlobsError("not uploaded: weights.safetensors")

    with pytest.raises(MissingBlobsError):
        versions.add(package.card, package.manifest, now=NOW, by=BY, check=removed)

    assert versions.find("centre-b", "lesions-dcgan", None) is None
