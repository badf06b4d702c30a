"""How much each centre may store; what is coming in counts as well."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hub.errors import QuotaUsedUpError
from shared.counts import counted


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
    """Counts what comes in beside what centres have stored.

    What comes in at another replica is not known here; whoever keeps a file looks again.

    Args:
        most: What a centre may have.
        stored: Tells what a centre has stored.
    """

    def __init__(self, most: Usage, stored: Callable[[str], Usage]) -> None:
        self.most = most
        self._stored = stored
        self._coming: dict[str, Usage] = {}
        self._lock = threading.Lock()

    @contextmanager
    def upload(self, centre: str, declared_bytes: int) -> Iterator["Upload"]:
        """Count a file while it comes in.

        Raises:
            QuotaUsedUpError: The centre has no room for it.
        """
        upload = Upload(self, centre, self._stored(centre))
        self.take(upload, Usage(0, 1))
        try:
            upload.grow_to(declared_bytes)
            yield upload
        finally:
            self._give_back(centre, Usage(upload.size_bytes, 1))

    def take(self, upload: "Upload", more: Usage) -> None:
        """Count more.

        Raises:
            QuotaUsedUpError: It would be too much; nothing is counted.
        """
        with self._lock:
            coming = self._coming.get(upload.centre, Usage()).plus(more)
            check_quota(upload.centre, upload.stored.plus(coming), self.most)
            self._coming[upload.centre] = coming

    def _give_back(self, centre: str, less: Usage) -> None:
        with self._lock:
            self._coming[centre] = self._coming[centre].less(less)


def check_quota(centre: str, used: Usage, most: Usage) -> None:
    """Check that a centre may have so much.

    Raises:
        QuotaUsedUpError: It is too much.
    """
    if used.files > most.files:
        raise QuotaUsedUpError(
            f"{centre} has {counted(most.files, 'file')} at the hub, as many as it may "
            "(HUB_MAX_FILES_PER_CENTRE)"
        )
    if used.size_bytes > most.size_bytes:
        raise QuotaUsedUpError(
            f"{centre} would have {used.size_bytes} bytes at the hub, more than the "
            f"{most.size_bytes} that it may (HUB_MAX_BYTES_PER_CENTRE)"
        )


class Upload:
    """One file that is coming in.

    Attributes:
        stored: What its centre had when it began.
    """

    def __init__(self, quotas: Quotas, centre: str, stored: Usage) -> None:
        self.centre = centre
        self.stored = stored
        self.size_bytes = 0
        self._quotas = quotas

    def grow_to(self, size_bytes: int) -> None:
        """Count what has come beyond what was declared.

        Raises:
            QuotaUsedUpError: The centre has no room for it.
        """
        if size_bytes > self.size_bytes:
            self._quotas.take(self, Usage(size_bytes - self.size_bytes, 0))
            self.size_bytes = size_bytes
