"""A receipt as a node's staff look at it before it leaves."""

from pydantic import Field

from node_api.connection import ConnectedHub
from shared.models import StrictModel
from shared.names import ArmName, Digest, Name, Text
from shared.receipts import UtilityReceipt


class ReceiptAsked(StrictModel):
    """Which result of a study a receipt is to tell.

    Attributes:
        study_job: Id of the study job, which has ended.
        arm: It uses one generator, and nothing else of a donor.
        classifier, train_fraction: None: the study has one only.
    """

    study_job: str = Field(max_length=100)
    arm: ArmName
    classifier: Name | None = None
    train_fraction: float | None = Field(None, gt=0, le=1)


class ReceiptReview(StrictModel):
    """Exactly what would be told, and to which hub.

    Attributes:
        digest: Of the receipt; an approval names it.
    """

    digest: Digest
    hub: ConnectedHub
    receipt: UtilityReceipt


class ReceiptApproval(ReceiptAsked):
    """A person's yes.

    Attributes:
        digest: That of the receipt which the person saw: nothing else is sent.
    """

    by: Text
    digest: Digest
