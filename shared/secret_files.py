"""Files that only their owner may read: tokens and keys."""

import os
import stat
from pathlib import Path

from shared.files import whole_file

OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO
OWNERS_ALONE = 0o600


def write_secret(file: Path, content: bytes) -> None:
    """Write a file that nobody else could read at any moment; it appears whole or not at all."""
    with whole_file(file) as temporary:
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNERS_ALONE)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)


def others_may_read(file: Path) -> bool:
    """Tell whether anyone but its owner may read, write or run a file."""
    return bool(file.stat().st_mode & OF_OTHERS)
