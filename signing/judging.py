"""Who signed something, and whether a receiver trusts that key."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.records import CentreKey
from signing.bundles import read_bundle
from signing.errors import KeyNotTrustedError, NotSignedError, SignatureRefusedError
from signing.key_chains import readable, trusted_keys
from signing.keys import PublicKey
from signing.trust import How, Trust, key_in

Check = Callable[[bytes, PublicKey], None]
"""Raises `SignatureRefusedError` unless a bundle is a key's signature of what it came with."""

SHOWN_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Finding:
    """Who signed something of a centre, as far as a receiver can say.

    Attributes:
        key: None where there is no signature, or none was looked for.
        how: How the receiver came to trust the key; or why there is nothing to trust.
        remark: What else a person should hesitate about.
    """

    centre: str
    key: str | None
    how: How | Literal["unknown key", "unsigned", "unsigned before", "not looked at"]
    remark: str = ""

    @property
    def is_trusted(self) -> bool:
        """Whether a trusted key signed it."""
        return self.how in {"pinned", "first use", "rotation"}

    @property
    def is_warning(self) -> bool:
        """Whether a person should hesitate."""
        return bool(self.remark) or self.how in {"unknown key", "unsigned", "unsigned before"}

    @property
    def sentence(self) -> str:
        """What a person is told."""
        return f"{self._origin}; warning: {self.remark}" if self.remark else self._origin

    @property
    def _origin(self) -> str:
        signed = f"signed by {self.centre} with the key {(self.key or '')[:SHOWN_DIGITS]}"
        return {
            "pinned": f"{signed}, which is pinned here",
            "first use": f"{signed}, which was pinned at its first use: ask the centre, by another "
            "way than the hub, whether it is its own",
            "rotation": f"{signed}, to which a trusted key of this centre hands over",
            "unknown key": f"warning: {signed}, but nobody here has pinned it: anyone who runs the "
            f"hub could have signed it; genshare trust add {self.centre} {self.key}",
            "unsigned": f"warning: not signed by {self.centre}: that it made this is the hub's "
            "word alone",
            "unsigned before": f"warning: not signed, although {self.centre} has a key that is "
            "trusted here: the hub may have left its signature out",
            "not looked at": f"signatures of {self.centre} are not looked at here",
        }[self.how]


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding, and what is trusted from then on."""

    finding: Finding
    trust: Trust


def judge(
    trust: Trust,
    centre: str,
    content: bytes | None,
    keys: Sequence[CentreKey],
    check: Check,
    *,
    today: date,
) -> Judged:
    """Find out who signed something that is said to be of a centre.

    Args:
        content: The bundle, None if there is none.
        keys: The centre's, as a hub lists them; none of it is believed.

    Raises:
        NotSignedError: It must be signed and is not.
        KeyNotTrustedError: Another key signed it than those that are trusted, or, where that is
            enforced, one that nobody pinned.
        SignatureRefusedError: It is a wrong signature.
    """
    mode = trust.mode_of(centre)
    if mode == "off":
        return Judged(Finding(centre, None, "not looked at"), trust)
    if content is None:
        return Judged(unsigned(trust, centre), trust)
    signer = read_bundle(content).signer
    trusted = _trusted(trust, centre, keys)
    if signer in trusted:
        check(content, trusted[signer])
        after = trust.with_key(centre, trusted[signer], "rotation", since=today)
        how = next(key.how for key in after.of(centre).keys if key.fingerprint == signer)
        return Judged(Finding(centre, signer, how), after)
    if pins := [key.fingerprint for key in trust.of(centre).keys]:
        raise KeyNotTrustedError(_other_key(centre, signer, pins, keys))
    return _by_new_key(trust, centre, content, _listed(centre, signer, keys), check, today=today)


def unsigned(trust: Trust, centre: str) -> Finding:
    """Return what is to be said of something of a centre that has no signature.

    Raises:
        NotSignedError: It must have one.
    """
    known = bool(trust.of(centre).keys)
    if trust.mode_of(centre) == "enforce":
        raise NotSignedError(
            f"it is not signed by {centre}, or the hub left its signature out; here it must be"
        )
    return Finding(centre, None, "unsigned before" if known else "unsigned")


def _trusted(trust: Trust, centre: str, keys: Sequence[CentreKey]) -> Mapping[str, PublicKey]:
    """Return the keys that are trusted and known as a whole, by fingerprint."""
    pinned = trust.of(centre).keys
    kept = {key.fingerprint: public for key in pinned if (public := key_in(key)) is not None}
    return {**trusted_keys({key.fingerprint for key in pinned}, centre, keys), **kept}


def _by_new_key(
    trust: Trust, centre: str, content: bytes, key: PublicKey, check: Check, *, today: date
) -> Judged:
    if not trust.first_use and trust.mode_of(centre) == "enforce":
        raise KeyNotTrustedError(
            f"it is signed with the key {key.fingerprint}, but no key of {centre} is pinned here"
        )
    check(content, key)
    if not trust.first_use:
        return Judged(Finding(centre, key.fingerprint, "unknown key"), trust)
    after = trust.with_key(centre, key, "first use", since=today)
    return Judged(Finding(centre, key.fingerprint, "first use"), after)


def _listed(centre: str, fingerprint: str, keys: Sequence[CentreKey]) -> PublicKey:
    for key in map(readable, keys):
        if key is not None and key.fingerprint == fingerprint:
            return key
    raise SignatureRefusedError(
        f"it names the key {fingerprint}, which the hub does not list among those of {centre}"
    )


def _other_key(centre: str, signer: str, pins: Sequence[str], keys: Sequence[CentreKey]) -> str:
    listed = {key.fingerprint for key in map(readable, keys) if key is not None}
    if signer in pins:
        return (
            f"the hub does not give the key {signer} of {centre}, which is pinned here, so that "
            "its signature cannot be checked"
        )
    where = "no trusted key hands over to it" if signer in listed else "the hub does not list it"
    return (
        f"it is signed with the key {signer}, but {centre} is trusted here by {pins[-1]}, and "
        f"{where}: somebody else may have signed it"
    )
