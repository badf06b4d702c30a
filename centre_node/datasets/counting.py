"""Counts a data set in a process of its own: readers need libraries that a service does without."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import TypeAdapter

from centre_node.datasets.places import read_registered
from centre_node.errors import NodeError
from centre_node.log_rules import keep_headers_out
from centre_node.mammography.datasets import DataFolders
from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.summaries import summary
from centre_node.settings import worker_environment
from node_api.data_sources import DatasetSource
from node_api.summaries import Counted, DatasetSummary

log = logging.getLogger(__name__)
SOURCE: TypeAdapter[DatasetSource] = TypeAdapter(DatasetSource)
ONE_AT_A_TIME = threading.Lock()


def count(source: DatasetSource, folders: DataFolders) -> DatasetSummary:
    """Read a data set's annotations and count them.

    Raises:
        BadMammogramsError: It cannot be read.
    """
    return summary(read_registered(source, folders))


def count_apart(
    source: DatasetSource, folders: DataFolders, *, seconds: float
) -> DatasetSummary | None:
    """Do the same in a process of its own, one at a time.

    Args:
        seconds: So long it may take, with the wait for its turn.

    Returns:
        None where it takes longer.

    Raises:
        BadMammogramsError: It cannot be read.
        NodeError: The process did not come to its end.
    """
    places = (folders.phantoms, folders.mammograms, folders.lent)
    command = [sys.executable, "-m", "centre_node.datasets.counting"]
    with _in_turn(seconds) as left:
        if left <= 0:
            return None
        try:
            done = subprocess.run(  # noqa: S603 (ours)
                [*command, *(str(place or "") for place in places)],
                input=SOURCE.dump_json(source),
                stdout=subprocess.PIPE,
                env=worker_environment(),
                check=False,
                timeout=left,
            )
        except subprocess.TimeoutExpired:
            return None
    if done.returncode:
        raise NodeError(f"counting the data set ended with {done.returncode}; the log tells more")
    counted = Counted.model_validate_json(done.stdout)
    if counted.summary is None:
        raise BadMammogramsError(counted.problem)
    return counted.summary


@contextmanager
def _in_turn(seconds: float) -> Iterator[float]:
    """Yield what is left of some seconds when it is this one's turn; 0 where it never is."""
    until = time.monotonic() + seconds
    if not ONE_AT_A_TIME.acquire(timeout=min(seconds, threading.TIMEOUT_MAX)):
        yield 0.0
        return
    try:
        yield until - time.monotonic()
    finally:
        ONE_AT_A_TIME.release()


def main() -> None:
    """Count the data set that the standard input describes."""
    keep_headers_out()
    phantoms, *others = sys.argv[1:4]
    mammograms, lent = (Path(place) if place else None for place in others)
    folders = DataFolders(mammograms, Path(phantoms), lent)
    try:
        counted = Counted(summary=count(SOURCE.validate_json(sys.stdin.buffer.read()), folders))
    except BadMammogramsError as error:
        counted = Counted(problem=str(error))
    sys.stdout.write(counted.model_dump_json())


if __name__ == "__main__":
    main()
