"""What the service tells its worker, on the worker's command line."""

import sys
from pathlib import Path

from centre_node.settings import IDLE_SECONDS, RETRY_SECONDS
from node_api.review import Reviewer
from shared.models import StrictModel


class WorkerOptions(StrictModel):
    """Where a worker finds what it needs, and the node's settings that concern it.

    Attributes:
        policy: The file of the release policy; None: the one in the data folder, if any.
        review: Who looks at what leaves, where the policy does not say.
        retry_seconds: Pauses before a job that failed for a passing reason is tried again; after
            the last one it has failed.
        allow_unencrypted: Whether the hub may be another machine over plain HTTP.
        number: The worker's, by which jobs are placed with it.
        idle_seconds: A worker that got no job for so long ends.
    """

    data_dir: Path
    mammograms_dir: Path | None = None
    lent_dir: Path | None = None
    policy: Path | None = None
    allow_unencrypted: bool = False
    review: Reviewer = "person"
    retry_seconds: tuple[float, ...] = RETRY_SECONDS
    idle_seconds: float = IDLE_SECONDS
    number: int = 0

    def command(self) -> list[str]:
        """Return the command that starts a worker."""
        return [sys.executable, "-m", "centre_node.jobs.worker", self.model_dump_json()]
