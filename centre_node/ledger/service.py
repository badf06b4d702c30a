"""The rules of the ledger: who reads it, and who waives."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from centre_node.datasets.places import without_places
from centre_node.ledger.errors import LedgerError
from centre_node.ledger.store import LedgerStore
from centre_node.privacy.errors import ReleasePolicyError
from centre_node.privacy.waivers import check_waiver
from node_api.ledger import Ledger
from node_api.release import ReleasePolicy
from node_api.waivers import WaiverRequest
from shared.canonical import digest_of
from shared.statements import StatedWaiver


class Releases:
    """What this centre released, and what it lets go against its policy.

    Args:
        policy: Returns the policy that holds now.
        folder: The node's data folder, which no answer names.
        check_training: Raises where no training has an id.
    """

    def __init__(
        self,
        ledger: LedgerStore,
        *,
        policy: Callable[[], ReleasePolicy],
        check_training: Callable[[str], object],
        folder: Path,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._policy = policy
        self._check_training = check_training
        self._folder = folder
        self._clock = clock

    def read(self, *, most: int) -> Ledger:
        """Return the newest decisions and the patients of whom most was released."""
        with self._unplaced():
            return self._ledger.read(most=most)

    def waive(self, wanted: WaiverRequest) -> StatedWaiver:
        """Let a training's generator leave, whatever the policy of today says of it.

        Raises:
            JobNotFoundError: There is no such job.
            WaiverRefusedError: The key is nobody's whom the policy names, or the reason may not
                leave.
            LedgerError: It cannot be written down.
        """
        self._check_training(wanted.training_job)
        with self._unplaced():
            policy = self._policy()
            waiver = check_waiver(policy, key=wanted.key.get_secret_value(), reason=wanted.reason)
            self._ledger.waive(
                wanted.training_job, waiver, policy_digest=digest_of(policy), now=self._clock()
            )
        return waiver

    @contextmanager
    def _unplaced(self) -> Iterator[None]:
        try:
            yield
        except (LedgerError, ReleasePolicyError) as error:
            raise type(error)(without_places(str(error), (self._folder,))) from error
