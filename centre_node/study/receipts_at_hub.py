"""A receipt at its hub: of the version there that a study used, signed and sent."""

from dataclasses import dataclass

from centre_node.study.errors import NoReceiptError
from centre_node.study.receipts import Place, generator_of, receipt_of
from node_api.findings import StudyResult, UsedGenerator
from shared.hub_client import HubClient
from shared.receipts import UtilityReceipt
from shared.records import GeneratorVersion
from signing.keys import SigningKey
from signing.publishing import Signer
from signing.receipts import sign_receipt


@dataclass(frozen=True, slots=True)
class Proposed:
    """A receipt that may be sent, and the version that it is of."""

    record: GeneratorVersion
    receipt: UtilityReceipt


def propose(hub: HubClient, result: StudyResult, place: Place) -> Proposed:
    """Return what would be sent of a study's result; nothing is.

    Raises:
        NoReceiptError: The study does not say it, or the hub does not have the generator.
    """
    record = _version(hub, generator_of(result, place.arm))
    caller = hub.whoami()
    if caller is None:
        raise NoReceiptError("the hub is of an earlier version, which keeps no receipts")
    return Proposed(record, receipt_of(result, place, record, caller.name))


def send(hub: HubClient, key: SigningKey, proposed: Proposed) -> None:
    """Sign a receipt, and have the hub keep it.

    Raises:
        OwnKeyReplacedError: The hub has another key of this centre.
    """
    record, receipt = proposed.record, proposed.receipt
    Signer(key, hub).introduce(receipt.receiver)
    hub.receipts.put(record, receipt.receiver, sign_receipt(key, receipt, record.manifest))


def _version(hub: HubClient, used: UsedGenerator) -> GeneratorVersion:
    """Return the version at the hub that a study used."""
    digest = used.manifest_digest
    for state in hub.life_cycle.states(used.centre, used.name):
        if state.manifest_digest == digest:
            record = hub.version(used.centre, used.name, state.version)
            if record.manifest_digest == digest:
                return record
    raise NoReceiptError(
        f"the hub has no version of {used.centre}/{used.name} with the digest {digest}, which the "
        "study used"
    )
