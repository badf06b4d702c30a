"""A centre signs what it published, and a hub keeps the signatures."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from shared.errors import HubRefusedError
from shared.hub_client import HubClient
from shared.hub_exchange import NO_SUCH_ROUTE
from shared.records import GeneratorVersion, NewKey
from shared.statements import AuditStatement
from signing.errors import OwnKeyReplacedError, SignatureRefusedError
from signing.keys import SigningKey
from signing.own_status import OwnStatus
from signing.packages import check_audit, check_package, sign_audit, sign_package

ANOTHER_KEY = "GS-2323"


@dataclass(frozen=True, slots=True)
class Signer:
    """A centre's key, at one hub."""

    key: SigningKey
    hub: HubClient

    def introduce(self, centre: str) -> bool:
        """Register the key with the hub; harmless when repeated.

        Returns:
            Whether the hub keeps keys; one of an earlier version does not.

        Raises:
            OwnKeyReplacedError: The hub has another key of this centre.
            HubRefusedError: It refuses the key.
        """
        keys, own = self.hub.signing.keys(centre), self.key.public
        if keys and keys[-1].public_key == own.pem:
            return True
        try:
            self.hub.signing.put_key(centre, NewKey(public_key=own.pem))
        except HubRefusedError as error:
            if error.problem.code == ANOTHER_KEY:
                raise OwnKeyReplacedError(
                    f"the hub has {centre} sign with another key than {self.key.file}, which is "
                    f"{own.fingerprint}: {error.problem.detail}"
                ) from error
            if error.problem.code != NO_SUCH_ROUTE:
                raise
            return False
        return True

    def sign(self, record: GeneratorVersion, statement: AuditStatement | None) -> bool:
        """Sign a version of this centre, what is stated of its audit, and the centre's status.

        What the hub has of this key already is not signed again.

        Returns:
            Whether the hub keeps signatures.

        Raises:
            OwnKeyReplacedError, HubRefusedError: See `introduce`.
        """
        if not self.introduce(record.centre):
            return False
        calls, key, card, manifest = self.hub.signing, self.key, record.card, record.manifest
        check = partial(check_package, key=key.public, manifest=manifest)
        if not _holds(check, calls.package_signature(record)):
            calls.put_package_signature(record, sign_package(key, card, manifest))
        if statement is not None:
            check = partial(check_audit, key=key.public, manifest=manifest, statement=statement)
            if not _holds(check, calls.audit_signature(record)):
                calls.put_audit_signature(record, sign_audit(key, card, manifest, statement))
        OwnStatus(key, self.hub, record.centre).published(record, statement)
        return True


def _holds(check: Callable[[bytes], None], content: bytes | None) -> bool:
    if content is None:
        return False
    try:
        check(content)
    except SignatureRefusedError:
        return False
    return True
