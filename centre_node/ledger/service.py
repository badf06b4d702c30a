"""The rules of the ledger: who reads it, and who waives."""

from collections.abc import Callable
from datetime import datetime

from centre_node.ledger.store import LedgerStore
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
        check_training: Raises where no training has an id.
    """

    def __init__(
        self,
        ledger: LedgerStore,
        *,
        policy: Callable[[], ReleasePolicy],
        check_training: Callable[[str], object],
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._policy = policy
        self._check_training = check_training
        self._clock = clock

    def read(self, *, most: int) -> Ledger:
        """Return the newest decisions and the patients of whom most was released."""
        return self._ledger.read(most=most)

    def waive(self, wanted: WaiverRequest) -> StatedWaiver:
        """Let a training's generator leave, whatever the policy of today says of it.

        Raises:
            JobNotFoundError: There is no such job.
            WaiverRefusedError: The key is nobody's whom the policy names, or the reason may not
                leave.
            LedgerError: It cannot be written down.
        """
        policy = self._policy()
        self._check_training(wanted.training_job)
        waiver = check_waiver(policy, key=wanted.key.get_secret_value(), reason=wanted.reason)
        self._ledger.waive(
            wanted.training_job, waiver, policy_digest=digest_of(policy), now=self._clock()
        )
        return waiver
