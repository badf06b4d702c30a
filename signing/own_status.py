"""A centre keeps its own status: it does not ask the hub what it said last."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field

from shared.files import in_turn, write_text
from shared.hub_client import HubClient
from shared.models import StrictModel, read_model
from shared.records import GeneratorVersion
from signing.errors import SignatureRefusedError, StatusUnusableError
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

    def published(self, record: GeneratorVersion) -> CentreStatus:
        """Say that a version is there; harmless when repeated."""
        return self._state(lambda said: said.with_version(record))

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
            before, now = self._last(), datetime.now(UTC)
            said = change(Said() if before is None else before.said)
            after = next_status(before, self.centre, said, now=now)
            if before is not None and before.said == after.said:
                after = after if before.expires_at < now + RENEWED_BEFORE else before
            self._keep(after)  # before the hub has it: a number is never given twice
            if self._at_hub() != after:
                self.hub.signing.put_status(self.centre, sign_status(self.key, after))
            return after

    def _last(self) -> CentreStatus | None:
        """Return the status before, by one's own file and by one's own signature at the hub."""
        found = (self._kept().of.get(self._place), self._at_hub())
        known = [status for status in found if status is not None]
        return max(known, key=lambda status: status.number, default=None)

    def _at_hub(self) -> CentreStatus | None:
        content = self.hub.signing.status(self.centre)
        if content is None:
            return None
        try:
            return read_status(content, self.key.public, centre=self.centre)
        except SignatureRefusedError:
            return None  # of a key before this one, or none of ours

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
