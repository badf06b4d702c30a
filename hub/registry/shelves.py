"""Where files lie under their SHA-256: what every such place offers, and a folder as one."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from hub.errors import BlobNotFoundError
from hub.registry.stored_files import StoredFiles
from shared.files import put_in_place, sync
from shared.served_files import RemoteFile

PIECE_BYTES = 1 << 20


class Shelf(Protocol):
    """Immutable files under their SHA-256. A file is there whole, or not at all.

    Every method raises `FilesUnavailableError` where the place does not answer.
    """

    def size(self, digest: str) -> int | None:
        """Return how many bytes a file has, None if it is not there."""

    def pieces(self, digest: str) -> Iterator[bytes]:
        """Yield a file piece by piece; raises `BlobNotFoundError`."""

    def local(self, digest: str) -> AbstractContextManager[Path]:
        """Give where a file lies on this machine, for as long as the block lasts."""

    def served(self, digest: str) -> Path | RemoteFile:
        """Return a file to be sent; raises `BlobNotFoundError`."""

    def place(self, digest: str) -> str:
        """Return where a file lies, for people."""

    def digests(self) -> Iterator[str]:
        """Yield the digest of every file."""

    def bring(self, temporary: Path, digest: str) -> None:
        """Do what takes long of keeping a file, which nobody need know of yet."""

    def put_in_place(self, temporary: Path, digest: str) -> None:
        """Have a file that was brought be there for good."""

    def want(self, digest: str) -> bool:
        """Note that somebody needs a file, so that it stays a while; False if it is not there."""

    def unwanted_since(self, moment: float) -> Iterator[str]:
        """Yield the files that nobody sent or asked about since then (Unix time)."""

    def remove_unwanted(self, digest: str, moment: float) -> bool:
        """Remove a file that is still unwanted; tell whether it is gone."""

    def begin(self) -> None:
        """Make ready to serve: check what can be checked, remove what a killed hub left."""

    def check_answers(self) -> None:
        """Check that files can be read."""


class Folder:
    """Files on this machine, which one hub alone writes."""

    def __init__(self, folder: Path, notes: StoredFiles) -> None:
        self._folder = folder
        self._notes = notes

    def size(self, digest: str) -> int | None:
        """Return how many bytes a file has, None if it is not there."""
        try:
            return self._path(digest).stat().st_size
        except FileNotFoundError:
            return None

    def pieces(self, digest: str) -> Iterator[bytes]:
        """Yield a file piece by piece.

        Raises:
            BlobNotFoundError: It is not there.
        """
        try:
            with self._path(digest).open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece
        except FileNotFoundError as error:
            raise not_stored(digest) from error

    @contextmanager
    def local(self, digest: str) -> Iterator[Path]:
        """Give where a file lies.

        Raises:
            BlobNotFoundError: It is not there.
        """
        yield self.served(digest)

    def served(self, digest: str) -> Path:
        """Return where a file lies.

        Raises:
            BlobNotFoundError: It is not there.
        """
        if self.size(digest) is None:
            raise not_stored(digest)
        return self._path(digest)

    def place(self, digest: str) -> str:
        """Return where a file lies, for people."""
        return str(self._path(digest))

    def digests(self) -> Iterator[str]:
        """Yield the digest of every file."""
        return (path.name for path in self._folder.glob("??/*"))

    def bring(self, temporary: Path, digest: str) -> None:
        """Force a file to the disk, and make the folder that it goes to."""
        self._path(digest).parent.mkdir(exist_ok=True)
        sync(temporary)
        sync(self._folder)

    def put_in_place(self, temporary: Path, digest: str) -> None:
        """Give a file its name, for good."""
        put_in_place(temporary, self._path(digest))

    def want(self, digest: str) -> bool:
        """Note that somebody needs a file; False if it is not there."""
        try:
            os.utime(self._path(digest))
        except FileNotFoundError:
            return False
        return True

    def unwanted_since(self, moment: float) -> Iterator[str]:
        """Yield the files that nobody sent or asked about since then (Unix time)."""
        for path in self._folder.glob("??/*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < moment:
                    yield path.name

    def remove_unwanted(self, digest: str, moment: float) -> bool:
        """Remove a file that is still unwanted; tell whether it is gone."""
        path = self._path(digest)
        with suppress(FileNotFoundError):
            if path.stat().st_mtime >= moment:
                return False
            path.unlink()
        return True

    def begin(self) -> None:
        """Remove what has no note, and notes of what is not there.

        Nobody was told that a file is kept which a hub was killed before it noted, and it would
        count for no quota. A note whose file was removed just before would count for one for ever.
        """
        found = set(self.digests())
        for digest in self._notes.without_note(found):
            self._path(digest).unlink()
        self._notes.forget_lost(found)

    def check_answers(self) -> None:
        """A folder that was there stays."""

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest


def not_stored(digest: str) -> BlobNotFoundError:
    """Return the error that a file is not there."""
    return BlobNotFoundError(f"no file with the SHA-256 {digest} is stored")
