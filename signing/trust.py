"""Whose keys a receiver trusts, and what becomes of what is not signed. A file of its own."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from shared.files import full_disk_named, in_turn, write_text
from shared.models import StrictModel, read_model
from shared.names import Digest, Name
from shared.statements import Day
from signing.errors import TrustFileError
from signing.keys import Pem, PublicKey, read_public_key

TRUST_FILE = "trust.json"
MOST_CENTRES, MOST_KEYS = 1000, 100

SigningMode = Literal["off", "warn", "enforce"]
"""`off`: signatures are not looked at. `warn`: what lacks one passes with a warning, what has a
wrong one does not. `enforce`: only what a trusted key signed passes."""

How = Literal["pinned", "first use", "rotation"]


class TrustedKey(StrictModel):
    """A key that is trusted.

    Attributes:
        how: A person pinned it, it was the first that was seen, or one before it handed over.
        public_key: As PEM, once it was seen: with it, signatures can be checked without a hub.
    """

    fingerprint: Digest
    how: How
    since: Day
    public_key: Pem | None = None

    @model_validator(mode="after")
    def _is_its_own(self) -> Self:
        if self.public_key is not None and PublicKey(self.public_key).fingerprint != (
            self.fingerprint
        ):
            raise ValueError("the fingerprint must be that of the public_key beside it")
        return self


class CentreTrust(StrictModel):
    """What holds for one centre; a mode of None is the default one."""

    mode: SigningMode | None = None
    keys: tuple[TrustedKey, ...] = Field((), max_length=MOST_KEYS)


class Trust(StrictModel):
    """Whose keys a receiver trusts.

    Attributes:
        mode: Of centres that have none of their own.
        first_use: Whether the first key that is seen of a centre is trusted from then on.
    """

    schema_version: Literal[1] = 1
    mode: SigningMode = "warn"
    first_use: bool = True
    centres: dict[Name, CentreTrust] = Field(default_factory=dict, max_length=MOST_CENTRES)

    def of(self, centre: str) -> CentreTrust:
        """Return what holds for a centre, but for its mode."""
        return self.centres.get(centre, CentreTrust())

    def mode_of(self, centre: str) -> SigningMode:
        """Return what becomes of a centre's unsigned generators."""
        return self.of(centre).mode or self.mode

    def changed(self, centre: str, trusted: CentreTrust) -> "Trust":
        """Return the same with another word on one centre."""
        return self.model_copy(update={"centres": {**self.centres, centre: trusted}})

    def with_key(self, centre: str, key: PublicKey | str, how: How, *, since: date) -> "Trust":
        """Return the same with a key of a centre; one that is known keeps how it came.

        Args:
            key: The key, or its fingerprint alone.
        """
        pem = None if isinstance(key, str) else key.pem
        fingerprint = key if isinstance(key, str) else key.fingerprint
        trusted = self.of(centre)
        known = {item.fingerprint: item for item in trusted.keys}
        day = since.isoformat()
        new = TrustedKey(fingerprint=fingerprint, how=how, since=day, public_key=pem)
        if (old := known.get(fingerprint)) is not None:
            how = "pinned" if how == "pinned" else old.how
            update = {"how": how, "since": old.since, "public_key": pem or old.public_key}
            new = new.model_copy(update=update)
        keys = tuple((known | {fingerprint: new}).values())
        return self.changed(centre, trusted.model_copy(update={"keys": keys}))


class TrustStore:
    """Reads and changes the file; without one, the defaults hold.

    Every method raises `TrustFileError` where the file cannot be used.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> Trust:
        """Return what is trusted."""
        if not self.file.exists():
            return Trust()
        return read_model(Trust, self.file, TrustFileError)

    def change(self, change: Callable[[Trust], Trust]) -> Trust:
        """Change what is trusted, one process at a time, and return it; the file is there then."""
        try:
            with full_disk_named(self.file):
                self.file.parent.mkdir(parents=True, exist_ok=True)
                with in_turn(self.file.parent):
                    before = self.read()
                    after = change(before)
                    if after != before or not self.file.exists():
                        write_text(self.file, after.model_dump_json(indent=2) + "\n")
                    return after
        except OSError as error:
            raise TrustFileError(f"{self.file} cannot be written: {error.strerror}") from error


def key_in(trusted: TrustedKey) -> PublicKey | None:
    """Return a trusted key, None if only its fingerprint is known."""
    return None if trusted.public_key is None else read_public_key(trusted.public_key)
