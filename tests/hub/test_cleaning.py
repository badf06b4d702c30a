"""What no version has is removed after a time, and nothing else."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.database import open_database
from hub.errors import MissingBlobsError
from hub.registry.blobs import BlobStore, UploadLimits
from hub.registry.cleaning import Cleaner
from hub.registry.quotas import Quotas, Usage
from hub.registry.store import VersionStore
from hub.registry.stored_files import StoredFiles
from shared.access import Caller, Role
from shared.packages import Manifest
from tests.hub_server import running_hub
from tests.packages import write_tiny_package

DAY, HOUR = 86_400.0, 3_600.0
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BY = Caller("centre-b", Role.CENTRE)


@dataclass
class Stored:
    blobs: BlobStore
    files: StoredFiles
    quotas: Quotas
    cleaner: Cleaner
    now: float

    def put(self, content: bytes, at: float) -> str:
        digest = hashlib.sha256(content).hexdigest()

        async def pieces() -> AsyncIterator[bytes]:
            yield content

        asyncio.run(self.blobs.put(digest, pieces(), centre="centre-b"))
        os.utime(self.blobs.path(digest), (at, at))
        return digest


def _opened(tmp_path: Path) -> Stored:
    engine = open_database(tmp_path / "hub.sqlite")
    files = StoredFiles(engine)
    quotas = Quotas(Usage(10_000_000, 100), files.usage())
    limits = UploadLimits(max_file_bytes=1_000_000, reserve_bytes=0, stall_seconds=5)
    blobs = BlobStore(tmp_path / "blobs", limits=limits, files=files, quotas=quotas)
    found = Stored(blobs, files, quotas, None, 0.0)  # type: ignore[arg-type]
    found.cleaner = Cleaner(
        blobs, files, quotas, orphan_seconds=DAY, stalled_seconds=HOUR, clock=lambda: found.now
    )
    return found


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    return _opened(tmp_path)


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
    stored.blobs.path(lost).unlink()

    restarted = _opened(tmp_path)

    assert restarted.quotas.used("centre-b") == Usage(4, 1)
    assert restarted.files.usage() == {"centre-b": Usage(4, 1)}
    assert restarted.blobs.has(kept)


def test_an_orphan_is_removed_after_the_grace_time_and_its_quota_is_free(stored: Stored) -> None:
    old, young = stored.put(b"old", at=0.0), stored.put(b"young", at=HOUR)
    assert stored.quotas.used("centre-b") == Usage(8, 2)

    stored.now = DAY
    assert stored.cleaner.clean() == 0
    stored.now = DAY + 1
    assert stored.cleaner.clean() == 3

    assert [stored.blobs.has(digest) for digest in (old, young)] == [False, True]
    assert stored.quotas.used("centre-b") == Usage(5, 1)
    assert stored.files.usage() == {"centre-b": Usage(5, 1)}


def test_who_asks_whether_a_file_is_there_may_still_publish_it(stored: Stored) -> None:
    digest = stored.put(b"content", at=0.0)
    assert stored.blobs.is_wanted(digest)  # from now on, which is after 1970

    stored.now = DAY + 1
    stored.cleaner.clean()

    assert stored.blobs.has(digest)
    assert not stored.blobs.is_wanted("0" * 64)


def test_what_is_left_of_a_broken_upload_is_removed_and_a_running_one_is_not(
    stored: Stored, tmp_path: Path
) -> None:
    left, running = (tmp_path / "blobs" / "incoming" / name for name in ("left", "running"))
    for path, moment in ((left, 0.0), (running, 2.0)):
        path.write_bytes(b"half")
        os.utime(path, (moment, moment))

    stored.now = HOUR + 1
    stored.cleaner.clean()

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
    engine = open_database(tmp_path / "hub.sqlite")
    published = []
    listing = stored.blobs.untouched_since

    def list_then_publish(moment: float) -> Iterator[str]:
        yield from listing(moment)
        with engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO centres (name, token_sha256, enrolled_at) "
                    "VALUES ('centre-b', 'x', 0)"
                )
            )
            insert = (
                "INSERT INTO versions VALUES (1, 'centre-b', 'n', 1, 'd', 'dcgan', 'mass', "
                f"'{{\"files\":[{{\"sha256\":\"{digest}\"}}]}}', '{{}}', 0, 'Tiny', NULL)"
            )
            connection.exec_driver_sql(insert)
        published.append(digest)

    monkeypatch.setattr(stored.blobs, "untouched_since", list_then_publish)
    stored.now = DAY + 1
    stored.cleaner.clean()

    assert published == [digest]
    assert stored.blobs.has(digest)


def test_the_files_are_looked_for_again_in_the_transaction_that_adds_a_version(
    tmp_path: Path,
) -> None:
    package = write_tiny_package(tmp_path)
    versions = VersionStore(open_database(tmp_path / "hub.sqlite"), most_of_a_centre=9)

    def removed(_manifest: Manifest) -> None:
        raise MissingBlobsError("not uploaded: weights.safetensors")

    with pytest.raises(MissingBlobsError):
        versions.add(package.card, package.manifest, now=NOW, by=BY, check=removed)

    assert versions.find("centre-b", "lesions-dcgan", None) is None
