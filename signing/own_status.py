"""A centre keeps its own status: it does not ask the hub what it said last."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field

from shared.canonical import digest_of
from shared.files import in_turn, write_text
from shared.hub_client import HubClient
from shared.models import StrictModel, read_model
from shared.records import GeneratorVersion
from shared.statements import AuditStatement
from signing.bundles import read_bundle
from signing.errors import StatusUnusableError
from signing.key_chains import readable, trusted_keys
from signing.keys import SigningKey
from signing.statuses import (
    RENEWED_BEFORE,
    CentreStatus,
    Said,
    next_status,
    read_status,
    sign_status,
)

OWN_STATUS = "own-status.json"
MOST_HUBS = 1000
Change = Callable[[Said], Said]


class OwnStatuses(StrictModel):
    """The file: what was said last, by centre and hub."""

    schema_version: Literal[1] = 1
    of: dict[str, CentreStatus] = Field(default_factory=dict, max_length=MOST_HUBS)


@dataclass(frozen=True, slots=True)
class OwnStatus:
    """What a centre says of its versions at one hub; kept beside its key, by the hub's address.

    Every method raises `StatusUnusableError` where the file cannot be used.
    """

    key: SigningKey
    hub: HubClient
    centre: str

    def published(
        self, record: GeneratorVersion, statement: AuditStatement | None = None
    ) -> CentreStatus:
        """Say that a version is there, with what is stated of its audit; harmless when repeated."""
        digest = None if statement is None else digest_of(statement)
        return self._state(lambda said: said.with_version(record, digest))

    def point(self, name: str, alias: str, version: int) -> CentreStatus:
        """Say at which version an alias points."""
        return self._state(lambda said: said.with_alias(name, alias, version))

    def withdraw(self, name: str, version: int) -> CentreStatus:
        """Say that a version is not to be used any more.

        Raises:
            StatusUnusableError: Nothing was ever said of it.
        """

        def without(said: Said) -> Said:
            after = said.without_version(name, version)
            if after is None:
                raise StatusUnusableError(
                    f"{self.centre} has said nothing of version {version} of {name}; publish it "
                    "again first, which changes nothing but says so"
                )
            return after

        return self._state(without)

    def renew(self) -> CentreStatus | None:
        """Sign the status anew where it ends soon; None: there is none."""
        return None if self._last() is None else self._state(lambda said: said)

    def _state(self, change: Change) -> CentreStatus:
        with in_turn(self._file.parent):
            before, at_hub, now = self._last(), self._at_hub(), datetime.now(UTC)
            said = change(Said() if before is None else before.said)
            number = max(before.number if before else 0, at_hub.number if at_hub else 0)
            after = next_status(number, self.centre, said, now=now)
            if before is not None and before.said == after.said:
                after = after if before.expires_at < now + RENEWED_BEFORE else before
            self._keep(after)  # before the hub has it: a number is never given twice
            if at_hub is None or not at_hub.is_own or at_hub.status != after:
                self.hub.signing.put_status(self.centre, sign_status(self.key, after))
            return after

    def _last(self) -> CentreStatus | None:
        """Return the status before, by one's own file and by one's own signature at the hub."""
        at_hub = self._at_hub()
        found = (self._kept().of.get(self._place), at_hub.status if at_hub else None)
        known = [status for status in found if status is not None]
        return max(known, key=lambda status: status.number, default=None)

    def _at_hub(self) -> "_AtHub | None":
        """Return what the hub has, checked with the keys that hand over to this one."""
        content = self.hub.signing.status(self.centre)
        if content is None:
            return None
        listed = self.hub.signing.keys(self.centre)
        own = self.key.public.fingerprint
        keys = {own: self.key.public, **trusted_keys({own}, self.centre, listed)}
        signer = read_bundle(content).signer
        if signer in keys:
            status = read_status(content, keys[signer], centre=self.centre)
            return _AtHub(status.number, status, is_own=signer == own)
        for key in map(readable, listed):
            if key is not None and key.fingerprint == signer:
                # Of a key that was lost: the hub takes no lower number, and what it says is the
                # hub's word alone.
                return _AtHub(read_status(content, key, centre=self.centre).number, None)
        return None

    def _kept(self) -> OwnStatuses:
        if not self._file.exists():
            return OwnStatuses()
        return read_model(OwnStatuses, self._file, StatusUnusableError)

    def _keep(self, status: CentreStatus) -> None:
        kept = OwnStatuses(of={**self._kept().of, self._place: status})
        write_text(self._file, kept.model_dump_json(indent=2) + "\n")

    @property
    def _file(self) -> Path:
        return self.key.file.with_name(OWN_STATUS)

    @property
    def _place(self) -> str:
        return f"{self.centre} at {self.hub.url}"


@dataclass(frozen=True, slots=True)
class _AtHub:
    """What a hub has of a centre.

    Attributes:
        status: None: no key that hands over to the present one signed it.
        is_own: Whether the present key signed it.
    """

    number: int
    status: CentreStatus | None
    is_own: bool = False
