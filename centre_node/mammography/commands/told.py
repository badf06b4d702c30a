"""What several of the `genshare data` commands say."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from centre_node.mammography.errors import PatchStoreError
from shared.counts import counted
from shared.files import write_faults_named


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Say in one sentence that nothing can be written to `out`.

    Raises:
        PatchStoreError: So.
    """
    with write_faults_named(out, PatchStoreError, full=PatchStoreError):
        yield


def print_skipped(skipped: Mapping[str, int]) -> None:
    """Print a line for each reason."""
    for reason, times in sorted(skipped.items()):
        sys.stdout.write(f"noted {counted(times, 'time')}: {reason}\n")
