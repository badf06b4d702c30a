"""The rules of keys and signatures: a centre signs for itself, with keys that follow each other."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from hub.errors import CentreNotFoundError, ForeignCentreError
from hub.registry.service import Registry
from hub.signatures.errors import (
    KeyExistsError,
    KeyNotRegisteredError,
    SignatureExistsError,
    SignatureNotFoundError,
    StatusNotNewerError,
    WithdrawalRefusedError,
)
from hub.signatures.store import SignatureStore
from shared.access import Caller
from shared.errors import StatementRefusedError
from shared.records import MOST_CENTRE_KEYS, CentreKey, CentreKeys, GeneratorVersion, NewKey
from shared.screening import prose_fault
from shared.statements import read_statement
from shared.states import IN_WORDS, WITHDRAWN
from signing.bundles import read_bundle
from signing.errors import SignatureRefusedError
from signing.key_chains import check_rotation
from signing.keys import PublicKey, read_public_key
from signing.packages import check_audit, check_package
from signing.statuses import read_status
from signing.withdrawals import check_withdrawal

Kind = Literal["package", "audit", "withdrawal"]


class Signatures:
    """Keys of centres, and what they signed."""

    def __init__(
        self, store: SignatureStore, registry: Registry, *, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._registry = registry
        self._clock = clock

    def keys(self, centre: str) -> CentreKeys:
        """Return a centre's keys, the newest last.

        Raises:
            CentreNotFoundError: There is no such centre.
        """
        keys = self._store.keys(centre)
        if keys is None:
            raise CentreNotFoundError(f"no centre {centre} is enrolled")
        return CentreKeys(keys=keys)

    def key(self, centre: str, fingerprint: str) -> PublicKey:
        """Return the one of a centre's keys that has a fingerprint.

        Raises:
            CentreNotFoundError: There is no such centre.
            KeyNotRegisteredError: It has registered no such key.
        """
        return self._numbered_key(centre, fingerprint)[0]

    def check_own(self, centre: str, *, caller: Caller) -> None:
        """Check who registers a key or says something of its versions.

        Raises:
            ForeignCentreError: `caller` is not `centre`.
        """
        if caller.name != centre:
            raise ForeignCentreError(f"{caller.name} cannot sign for {centre}")

    def add_key(self, centre: str, key: NewKey, *, caller: Caller) -> tuple[CentreKey, bool]:
        """Register a centre's first key, or the next one, to which the one before hands over.

        Soon after its token was made anew, a centre may begin anew: its receivers decide whether
        they trust that key.

        Returns:
            The key, and whether it is new: the same again changes nothing.

        Raises:
            KeyUnusableError, SignatureRefusedError: It is no key, or is not handed over to.
            KeyExistsError: There is another key, and no handing over was sent.
        """
        new = read_public_key(key.public_key)

        def check(keys: tuple[CentreKey, ...], may_begin_anew: bool) -> None:
            if len(keys) >= MOST_CENTRE_KEYS or any(k.public_key == new.pem for k in keys):
                raise KeyExistsError(f"{centre} had this key before, or has had too many")
            if key.rotation is None:
                if keys and not may_begin_anew:
                    raise KeyExistsError(
                        f"{centre} has the key {PublicKey(keys[-1].public_key).fingerprint}, "
                        "which must hand over to the next"
                    )
                return
            _check_follows(keys, centre, key.rotation, new)

        return self._store.add_key(
            centre,
            new.fingerprint,
            new.pem,
            key.rotation,
            by=caller,
            check=check,
            now=self._clock(),
        )

    def sign(
        self,
        centre: str,
        name: str,
        version: int,
        kind: Kind,
        content: bytes,
        *,
        caller: Caller,
    ) -> bool:
        """Keep what a centre signed of one of its versions; tell whether it is new.

        Raises:
            ForeignCentreError: `caller` is not `centre`.
            GeneratorNotFoundError, StatementNotFoundError: There is nothing to sign.
            KeyNotRegisteredError: The signature names none of the centre's keys.
            SignatureRefusedError: It is a wrong signature.
            SignatureExistsError: Another one is there.
            WithdrawalRefusedError: It withdraws what is not withdrawn, or its words may not be.
        """
        self._registry.check_may_publish(centre, caller=caller)
        record = self._registry.find(centre, name, version, caller)
        key, number = self._numbered_key(centre, read_bundle(content).signer)
        self._check(record, kind, content, key, caller)
        text = content.decode()
        kept, new = self._store.put(
            record, kind, text, key_number=number, by=caller, now=self._clock()
        )
        if kept != text:
            raise SignatureExistsError(
                f"version {version} of {centre}/{name} is signed already, by this key or a newer"
            )
        self._registry.consider(record)
        return new

    def find(self, centre: str, name: str, version: int | None, kind: Kind, caller: Caller) -> str:
        """Return what a centre signed of a version, as it came.

        Raises:
            GeneratorNotFoundError, SignatureNotFoundError: There is none.
        """
        record = self._registry.find(centre, name, version, caller)
        content = self._store.find(record, kind)
        if content is None:
            raise SignatureNotFoundError(
                f"{centre} signed nothing of the kind for version {record.version} of "
                f"{centre}/{name}"
            )
        return content

    def put_status(self, centre: str, content: bytes, *, caller: Caller) -> bool:
        """Keep what a centre says of all its versions; tell whether it is new.

        Raises:
            KeyNotRegisteredError: The signature names none of the centre's keys.
            SignatureRefusedError: It is a wrong signature, or no status of this centre.
            StatusNotNewerError: Another one of that number, or a newer one, is there.
        """
        key = self.key(centre, read_bundle(content).signer)
        status = read_status(content, key, centre=centre)
        text = content.decode()
        kept, new = self._store.put_status(
            centre, status.number, text, by=caller, now=self._clock()
        )
        if kept != text:
            raise StatusNotNewerError(
                f"{centre} has signed a status already whose number is {status.number} or higher"
            )
        return new

    def status(self, centre: str) -> str:
        """Return what a centre says of all its versions, as it came.

        Raises:
            SignatureNotFoundError: It says nothing.
        """
        content = self._store.status(centre)
        if content is None:
            raise SignatureNotFoundError(f"{centre} has signed no status")
        return content

    def _check(
        self,
        record: GeneratorVersion,
        kind: Kind,
        content: bytes,
        key: PublicKey,
        caller: Caller,
    ) -> None:
        if kind == "package":
            check_package(content, key, record.manifest)
            return
        if kind == "withdrawal":
            _check_withdrawal(record, content, key)
            return
        said = self._registry.statement(record.centre, record.name, record.version, caller)
        try:
            statement = read_statement(said.encode(), subject=record.manifest_digest)
        except StatementRefusedError as error:
            raise SignatureRefusedError(f"what is signed is refused: {error}") from error
        check_audit(content, key, record.manifest, statement)

    def _numbered_key(self, centre: str, fingerprint: str) -> tuple[PublicKey, int]:
        for key in self.keys(centre).keys:
            public = PublicKey(key.public_key)
            if public.fingerprint == fingerprint:
                return public, key.number
        raise KeyNotRegisteredError(f"{centre} has registered no key {fingerprint}")


def _check_withdrawal(record: GeneratorVersion, content: bytes, key: PublicKey) -> None:
    place = (record.centre, record.name, record.version)
    said = check_withdrawal(content, key, record.manifest, of=place)
    what = f"version {record.version} of {record.centre}/{record.name}"
    if record.state != WITHDRAWN:
        raise WithdrawalRefusedError(f"{what} is {IN_WORDS[record.state]}, not withdrawn")
    if fault := prose_fault(said.reason):
        raise WithdrawalRefusedError(f"the reason for withdrawing {what} is refused: {fault}")


def _check_follows(keys: tuple[CentreKey, ...], centre: str, rotation: str, new: PublicKey) -> None:
    if not keys:
        raise SignatureRefusedError(f"{centre} has no key yet that could hand over to another")
    old = PublicKey(keys[-1].public_key)
    check_rotation(rotation.encode(), centre, len(keys) + 1, old=old, new=new)
