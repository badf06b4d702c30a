"""Waivers: a second person lets a generator leave although the policy does not."""

import hashlib
import hmac
import secrets
from unicodedata import normalize

from pydantic import ValidationError

from centre_node.privacy.errors import WaiverRefusedError
from node_api.release import ReleasePolicy
from shared.models import validation_summary
from shared.screening import prose_fault
from shared.statements import StatedWaiver

KEY_PREFIX = "gsw_"
KEY_BYTES = 32


def new_key() -> str:
    """Return a key that nobody guesses: 256 random bits."""
    return KEY_PREFIX + secrets.token_urlsafe(KEY_BYTES)


def key_sha256(key: str) -> str:
    """Return what a policy holds of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def check_waiver(policy: ReleasePolicy, *, key: str, reason: str) -> StatedWaiver:
    """Return who waives and why; never the key.

    Every digest of the policy is compared, each in constant time.

    Raises:
        WaiverRefusedError: The key is nobody's whom the policy names, or the reason may not leave.
    """
    given = key_sha256(key)
    found = [m.name for m in policy.may_waive if hmac.compare_digest(m.key_sha256, given)]
    if not found:
        named = ", ".join(person.name for person in policy.may_waive) or "nobody"
        raise WaiverRefusedError(f"this key is none of those who may waive: {named}")
    text = normalize("NFC", reason.strip())
    if fault := prose_fault(text):
        raise WaiverRefusedError(f"the waiver's reason is refused: {fault}")
    try:
        return StatedWaiver(by=found[0], reason=text)
    except ValidationError as error:
        raise WaiverRefusedError(f"the waiver is refused: {validation_summary(error)}") from error
