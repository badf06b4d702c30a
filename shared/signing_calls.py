"""What a client asks a hub about keys and signatures; what it gets is not checked here.

A hub of an earlier version knows none of these paths: it has no keys and no signatures.
"""

from typing import TypeVar

from shared.errors import HubRefusedError
from shared.hub_exchange import HubExchange, check_missing, version_path
from shared.records import CentreKey, CentreKeys, CentreToken, GeneratorVersion, LogHead, NewKey
from shared.states import VersionState

Found = TypeVar("Found", CentreKeys, LogHead)


class SigningCalls:
    """The keys and signatures of one hub.

    Every method raises `HubUnreachableError`, `HubUnreadableError` or `HubRefusedError`.
    """

    def __init__(self, exchange: HubExchange) -> None:
        self._exchange = exchange

    def keys(self, centre: str) -> tuple[CentreKey, ...]:
        """Return a centre's keys, the newest last."""
        found = self._unless_missing(CentreKeys, f"/centres/{centre}/keys")
        return () if found is None else found.keys

    def put_key(self, centre: str, key: NewKey) -> CentreKey:
        """Register a key; the same again changes nothing."""
        body = key.model_dump(mode="json")
        return self._exchange.call(CentreKey, "PUT", f"/centres/{centre}/key", json=body)

    def join(self, public_key: str) -> CentreToken:
        """Join with a join token, which this client was given; it works once.

        Returns:
            The centre that one is now, and its token.
        """
        body = NewKey(public_key=public_key).model_dump(mode="json")
        # Not made again: the first answer, if one was on its way, held the only token that counts.
        return self._exchange.call(CentreToken, "POST", "/join", harmless=False, json=body)

    def package_signature(self, record: GeneratorVersion) -> bytes | None:
        """Return the bundle of a version's signature, None if it has none."""
        return self._exchange.bundle(f"{version_path(record)}/signature")

    def put_package_signature(self, record: GeneratorVersion, content: bytes) -> None:
        """Keep the bundle of a version's signature."""
        self._exchange.put_bundle(f"{version_path(record)}/signature", content)

    def audit_signature(self, record: GeneratorVersion) -> bytes | None:
        """Return the bundle of the signature of what is stated of a version's audit."""
        return self._exchange.bundle(f"{version_path(record)}/statements/audit/signature")

    def put_audit_signature(self, record: GeneratorVersion, content: bytes) -> None:
        """Keep the bundle of the signature of what is stated of a version's audit."""
        self._exchange.put_bundle(f"{version_path(record)}/statements/audit/signature", content)

    def withdrawal(self, version: GeneratorVersion | VersionState) -> bytes | None:
        """Return the bundle of why its centre withdrew a version, None if it signed nothing."""
        return self._exchange.bundle(f"{version_path(version)}/withdrawal")

    def put_withdrawal(self, record: GeneratorVersion, content: bytes) -> None:
        """Keep the bundle of why a version was withdrawn."""
        self._exchange.put_bundle(f"{version_path(record)}/withdrawal", content)

    def status(self, centre: str) -> bytes | None:
        """Return the bundle of what a centre says of all its versions, None if it says nothing."""
        return self._exchange.bundle(f"/centres/{centre}/status")

    def put_status(self, centre: str, content: bytes) -> None:
        """Keep the bundle of a centre's next status."""
        self._exchange.put_bundle(f"/centres/{centre}/status", content)

    def log_head(self) -> LogHead | None:
        """Return the newest entry of the hub's log; None: it has none."""
        return self._unless_missing(LogHead, "/log/head")

    def log_entry(self, number: int) -> LogHead | None:
        """Return an entry of the hub's log by its digest; None: it has none of that number."""
        return self._unless_missing(LogHead, f"/log/entries/{number}/digest")

    def _unless_missing(self, body: type[Found], path: str) -> Found | None:
        try:
            return self._exchange.call(body, "GET", path)
        except HubRefusedError as error:
            check_missing(error)
            return None
