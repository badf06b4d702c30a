"""The file that a mammogram is read from, told from others at a glance or by its bytes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from centre_node.mammography.image_faults import refused


@dataclass(frozen=True, slots=True)
class FoundFile:
    """An image's file as a reader found it.

    Attributes:
        name: In its data set, wherever that lies.
        size_bytes, time_ns: Of it when it was found.
    """

    path: Path
    name: str
    size_bytes: int
    time_ns: int

    @classmethod
    def at(cls, path: Path, name: str) -> "FoundFile":
        """Look at a file without opening it."""
        status = path.stat()
        return cls(path, name, status.st_size, status.st_mtime_ns)

    @property
    def fingerprint(self) -> str:
        """Changes when the bytes may have changed, and for a copy that was given its own time."""
        return f"{self.name} {self.size_bytes} {self.time_ns}"

    def sha256(self) -> str:
        """Return the SHA-256 of its bytes, which every copy has; it is read for it.

        Raises:
            BadImageError: It cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise refused(self.path.name, f"cannot be read: {error.strerror}") from error
