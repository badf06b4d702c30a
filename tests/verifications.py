"""Counts how often the content of a file is hashed or looked into, wherever in the product."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from shared import weights


@dataclass
class Verifications:
    """By the SHA-256 of a content: how often it was computed, and how often weights were read."""

    hashed: Counter[str] = field(default_factory=Counter)
    inspected: Counter[str] = field(default_factory=Counter)

    def of(self, digest: str) -> tuple[int, int]:
        """Return how often a file was hashed and looked into since the last time this was asked."""
        return self.hashed.pop(digest, 0), self.inspected.pop(digest, 0)


@contextmanager
def counted() -> Iterator[Verifications]:
    """Count in this process, in every thread of it."""
    seen = Verifications()
    sha256, file_digest, header = hashlib.sha256, hashlib.file_digest, weights._header

    class Sha256:
        def __init__(self, data: Any = b"") -> None:
            self._hash = sha256(data)

        def update(self, data: Any) -> None:
            self._hash.update(data)

        def digest(self) -> bytes:
            return self._hash.digest()

        def hexdigest(self) -> str:
            seen.hashed[self._hash.hexdigest()] += 1
            return self._hash.hexdigest()

    def counted_digest(file: Any, name: Any) -> Any:
        begun = Sha256()
        begun._hash = file_digest(file, name)
        return begun

    def counted_header(path: Path) -> Any:
        seen.inspected[sha256(path.read_bytes()).hexdigest()] += 1
        return header(path)

    with (
        patch.object(hashlib, "sha256", Sha256),
        patch.object(hashlib, "file_digest", counted_digest),
        patch.object(weights, "_header", counted_header),
    ):
        yield seen
