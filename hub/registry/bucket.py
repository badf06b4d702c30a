"""Files in a bucket of an S3 API, which several hubs on one database may share."""

import logging
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from hub.errors import FilesUnavailableError
from hub.registry.shelves import not_stored
from hub.registry.stored_files import StoredFiles
from shared.errors import CannotServeError

PART_BYTES, PARTS_AT_ONCE = 8 << 20, 2
KEY = re.compile(r"[0-9a-f]{2}/([0-9a-f]{64})")
BEHIND_ALL = "~"
OWNER = "owner"
"""Beside the files, so that two hubs do not take one bucket for theirs."""
REFUSED = {
    "NoSuchBucket": "there is no such bucket",
    "InvalidAccessKeyId": "it does not know HUB_S3_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "HUB_S3_SECRET_ACCESS_KEY is not that key's secret",
    "AccessDenied": "the key HUB_S3_ACCESS_KEY_ID may not use it",
    "PermanentRedirect": "it is in another region than HUB_S3_REGION",
    "AuthorizationHeaderMalformed": "it is in another region than HUB_S3_REGION",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """Which bucket, and how it is reached.

    Attributes:
        url: Such as `s3://bucket/prefix`.
        endpoint: Address of the S3 API; None is Amazon's.
    """

    url: str
    endpoint: str | None
    region: str
    access_key_id: str
    secret_access_key: str

    def store(self) -> S3Store:
        """Return what speaks to it; nothing is sent yet."""
        elsewhere: Any = {} if self.endpoint is None else {"endpoint": self.endpoint}
        return S3Store.from_url(
            self.url,
            **elsewhere,
            region=self.region,
            access_key_id=self.access_key_id,
            secret_access_key=self.secret_access_key,
            client_options={"allow_http": True, "connect_timeout": "5s", "timeout": "60s"},
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=10)},
        )


class Bucket:
    """A shelf in a bucket. What was wanted when is in the database, beside whose a file is.

    Args:
        scratch: A folder for copies of files that are looked into.
        clock: Returns the Unix time.
    """

    def __init__(
        self,
        place: BucketPlace,
        notes: StoredFiles,
        *,
        scratch: Path | None,
        clock: Callable[[], float],
    ) -> None:
        self._url = place.url.rstrip("/")
        self._store = place.store()
        self._notes = notes
        self._scratch = scratch
        self._clock = clock

    def size(self, digest: str) -> int | None:
        """Return how many bytes a file has, None if it is not there."""
        with self._answering():
            try:
                return obstore.head(self._store, _key(digest))["size"]
            except FileNotFoundError:
                return None

    def pieces(self, digest: str) -> Iterator[bytes]:
        """Yield a file piece by piece.

        Raises:
            BlobNotFoundError: It is not there.
        """
        size = self.size(digest)
        if size is None:
            raise not_stored(digest)
        for start in range(0, size, PART_BYTES):
            length = min(PART_BYTES, size - start)
            with self._answering():
                part = obstore.get_range(self._store, _key(digest), start=start, length=length)
            yield bytes(part)

    @contextmanager
    def local(self, digest: str) -> Iterator[Path]:
        """Give a copy of a file.

        Raises:
            BlobNotFoundError: It is not there.
        """
        with tempfile.TemporaryDirectory(dir=self._scratch, prefix="copy-") as folder:
            copy = Path(folder) / digest
            with copy.open("wb") as written:
                written.writelines(self.pieces(digest))
            yield copy

    def served(self, digest: str) -> "BucketFile":
        """Return a file to be sent; that it is not there is found then."""
        return BucketFile(self, self._store, digest)

    def place(self, digest: str) -> str:
        """Return where a file lies, for people."""
        return f"{self._url}/{_key(digest)}"

    def digests(self) -> Iterator[str]:
        """Yield the digest of every file."""
        return (digest for digest, _ in self._listed())

    def bring(self, temporary: Path, digest: str) -> None:
        """Send a file, unless it is there, of which nobody knows yet."""
        if not self.want(digest):
            self._send(temporary, digest)

    def put_in_place(self, temporary: Path, digest: str) -> None:
        """Send a file again that was removed since it was brought, as an orphan."""
        if self.size(digest) is None:
            self._send(temporary, digest)

    def want(self, digest: str) -> bool:
        """Note that somebody needs a file; False if it is not there."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        return self._notes.want(digest, now) and self.size(digest) is not None

    def unwanted_since(self, moment: float) -> Iterator[str]:
        """Yield the files that nobody sent since then (Unix time)."""
        return (digest for digest, written in self._listed() if written < moment)

    def remove_unwanted(self, digest: str, moment: float) -> bool:
        """Remove a file unless it was sent since; tell whether it is gone."""
        with self._answering():
            try:
                written = obstore.head(self._store, _key(digest))["last_modified"]
            except FileNotFoundError:
                return True
            if written.timestamp() >= moment:
                return False
            obstore.delete(self._store, _key(digest))
        return True

    def begin(self) -> None:
        """Check that files can be listed, written and removed, and that they are this hub's.

        What has no note is left to the cleaner: a replica may be about to write one.

        Raises:
            CannotServeError: They cannot, or are not.
        """
        try:
            self._list_nothing()
            obstore.put(self._store, "probe", b"genshare")
            obstore.delete(self._store, "probe")
            self._claim()
        except (BaseError, FileNotFoundError) as error:
            message = f"HUB_FILES_URL: {self._url} cannot be used: {_reason(error)}"
            raise CannotServeError(message) from None

    def _claim(self) -> None:
        """Write whose the files are, where nothing tells it yet.

        Without `If-None-Match`, which not every S3 API knows: of two hubs that begin at the same
        moment, one may go on until its next start.
        """
        ours, told = self._notes.owner(), self._told_owner()
        if told is None:
            obstore.put(self._store, OWNER, ours.encode())
            told = self._told_owner()
        if told != ours:
            raise CannotServeError(
                f"HUB_FILES_URL: {self._url} holds the files of a hub with another database, and "
                "each would remove what it does not know; name a bucket or prefix of this hub's "
                f"own, or, where the other is gone for good, remove {self._url}/{OWNER} first"
            )

    def _told_owner(self) -> str | None:
        try:
            return bytes(obstore.get(self._store, OWNER).bytes()).decode()
        except FileNotFoundError:
            return None

    def check_answers(self) -> None:
        """Check that files can be read."""
        with self._answering():
            self._list_nothing()

    def _list_nothing(self) -> None:
        for _ in obstore.list(self._store, offset=BEHIND_ALL):
            return

    def _listed(self) -> Iterator[tuple[str, float]]:
        """Yield the digest of every file, and when it was written."""
        with self._answering():
            for some in obstore.list(self._store):
                for found in some:
                    if matched := KEY.fullmatch(found["path"]):
                        yield matched[1], found["last_modified"].timestamp()

    def _send(self, temporary: Path, digest: str) -> None:
        """Send a file in parts; it is there when the last one is."""
        with self._answering():
            obstore.put(
                self._store,
                _key(digest),
                temporary,
                chunk_size=PART_BYTES,
                max_concurrency=PARTS_AT_ONCE,
            )

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Name what keeps the bucket from being used; where it is, to the log alone.

        Raises:
            FilesUnavailableError: It cannot be used.
        """
        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            reason = _reason(error)
            log.error("the files at %s cannot be used: %s", self._url, reason)  # noqa: TRY400
            raise FilesUnavailableError(f"the hub's files cannot be used: {reason}") from None

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """Do the same for what is awaited."""
        with self._answering():
            yield


class BucketFile:
    """A file in a bucket, as it is sent to a caller: each piece is asked for when it is needed."""

    def __init__(self, bucket: Bucket, store: S3Store, digest: str) -> None:
        self._bucket = bucket
        self._store = store
        self._digest = digest

    async def size_and_time(self) -> tuple[int, float]:
        """Return how many bytes it has, and when it was written, in Unix time.

        Raises:
            BlobNotFoundError: It is not there.
        """
        async with self._bucket.answering():
            try:
                found = await obstore.head_async(self._store, _key(self._digest))
            except FileNotFoundError as error:
                raise not_stored(self._digest) from error
        return found["size"], found["last_modified"].timestamp()

    async def read(self, start: int, size: int) -> bytes:
        """Return a part of it."""
        async with self._bucket.answering():
            key = _key(self._digest)
            part = await obstore.get_range_async(self._store, key, start=start, length=size)
        return bytes(part)


def _key(digest: str) -> str:
    return f"{digest[:2]}/{digest}"


def _reason(error: Exception) -> str:
    """Return why S3 did not do what it was asked, without what was sent to it."""
    said = str(error)
    code = re.search(r"<Code>(\w+)</Code>", said)
    if code is not None:
        return REFUSED.get(code[1], f"it answers {code[1]}")
    if isinstance(error, FileNotFoundError):
        return REFUSED["NoSuchBucket"]
    status = re.search(r"status code: (\d{3})", said)
    return f"it answers {status[1]}" if status else "it does not answer"
