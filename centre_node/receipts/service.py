"""The rules of receipts at a node: a person sees exactly what leaves, and then it does."""

import logging
from collections.abc import Callable

from centre_node.connection.service import Connection
from centre_node.jobs.errors import JobConflictError, ReviewChangedError
from centre_node.study.receipts import Place, places
from centre_node.study.receipts_at_hub import Proposed, propose, send
from node_api.findings import StudyResult
from node_api.jobs import Job
from node_api.receipts import ReceiptApproval, ReceiptAsked, ReceiptReview
from shared.canonical import digest_of
from signing.keys import SigningKey

log = logging.getLogger(__name__)


class StudyReceipts:
    """Makes receipts of this node's studies, and sends those that a person has looked at.

    Args:
        find: Returns a job by its id.
    """

    def __init__(self, find: Callable[[str], Job], connection: Connection, key: SigningKey) -> None:
        self._find = find
        self._connection = connection
        self._key = key

    def places(self, study_job: str) -> tuple[Place, ...]:
        """Return the results of a study of which a receipt can be made.

        Raises:
            JobNotFoundError, JobConflictError: There is no such study, or it has not ended.
        """
        return places(self._result(study_job))

    def review(self, asked: ReceiptAsked) -> ReceiptReview:
        """Return what would be sent; nothing is.

        Raises:
            JobNotFoundError, JobConflictError: There is no such study, or it has not ended.
            NoHubError: The node is not connected.
            NoReceiptError: The study does not say it, or the hub does not have the generator.
        """
        receipt = self._proposed(asked).receipt
        return ReceiptReview(digest=digest_of(receipt), hub=self._connection.hub(), receipt=receipt)

    def send(self, approval: ReceiptApproval) -> ReceiptReview:
        """Sign and send what a person has seen, and return it.

        Raises:
            ReviewChangedError: It would be another receipt now.
            OwnKeyReplacedError: The hub has another key of this centre.
            JobNotFoundError, JobConflictError, NoHubError, NoReceiptError: See `review`.
        """
        proposed = self._proposed(approval)
        digest = digest_of(proposed.receipt)
        if digest != approval.digest:
            raise ReviewChangedError("the receipt is not the one that was looked at any more")
        send(self._connection.client(), self._key, proposed)
        log.info("%s let the receipt %s leave", approval.by, digest)
        return ReceiptReview(digest=digest, hub=self._connection.hub(), receipt=proposed.receipt)

    def _proposed(self, asked: ReceiptAsked) -> Proposed:
        result = self._result(asked.study_job)
        place = Place(asked.arm, asked.classifier, asked.train_fraction)
        return propose(self._connection.client(), result, place)

    def _result(self, study_job: str) -> StudyResult:
        result = self._find(study_job).result
        if not isinstance(result, StudyResult):
            raise JobConflictError("a receipt is of a study that has ended, and this job is none")
        return result
