"""How much each centre may store; what is coming in counts as well."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from hub.errors import QuotaUsedUpError


@dataclass(frozen=True, slots=True)
class Usage:
    """What a centre has stored."""

    size_bytes: int = 0
    files: int = 0

    def plus(self, other: "Usage") -> "Usage":
        """Return both together."""
        return Usage(self.size_bytes + other.size_bytes, self.files + other.files)

    def less(self, other: "Usage") -> "Usage":
        """Return what is left without the other."""
        return Usage(self.size_bytes - other.size_bytes, self.files - other.files)


class Quotas:
    """Counts what centres store. One hub writes to a folder, so this is all there is."""

    def __init__(self, most: Usage, used: Mapping[str, Usage]) -> None:
        self._most = most
        self._used = dict(used)
        self._lock = threading.Lock()

    @contextmanager
    def upload(self, centre: str, declared_bytes: int) -> Iterator["Upload"]:
        """Count a file while it comes in, and from then on if it is kept.

        Raises:
            QuotaUsedUpError: The centre has no room for it.
        """
        upload = Upload(self, centre)
        self.take(centre, Usage(0, 1))
        try:
            upload.grow_to(declared_bytes)
            yield upload
        finally:
            if not upload.is_kept:
                self.give_back(centre, Usage(upload.size_bytes, 1))

    def take(self, centre: str, more: Usage) -> None:
        """Count more.

        Raises:
            QuotaUsedUpError: It would be too much; nothing is counted.
        """
        with self._lock:
            used = self._used.get(centre, Usage()).plus(more)
            if used.files > self._most.files:
                raise QuotaUsedUpError(
                    f"{centre} has {self._most.files} files at the hub, as many as it may "
                    "(HUB_MAX_FILES_PER_CENTRE)"
                )
            if used.size_bytes > self._most.size_bytes:
                raise QuotaUsedUpError(
                    f"{centre} would have {used.size_bytes} bytes at the hub, more than the "
                    f"{self._most.size_bytes} that it may (HUB_MAX_BYTES_PER_CENTRE)"
                )
            self._used[centre] = used

    def give_back(self, centre: str, less: Usage) -> None:
        """Count less."""
        with self._lock:
            self._used[centre] = self._used.get(centre, Usage()).less(less)

    def used(self, centre: str) -> Usage:
        """Return what a centre has stored and sends now."""
        with self._lock:
            return self._used.get(centre, Usage())


class Upload:
    """One file that is coming in."""

    def __init__(self, quotas: Quotas, centre: str) -> None:
        self.centre = centre
        self.size_bytes = 0
        self.is_kept = False
        self._quotas = quotas

    def grow_to(self, size_bytes: int) -> None:
        """Count what has come beyond what was declared.

        Raises:
            QuotaUsedUpError: The centre has no room for it.
        """
        if size_bytes > self.size_bytes:
            self._quotas.take(self.centre, Usage(size_bytes - self.size_bytes, 0))
            self.size_bytes = size_bytes
