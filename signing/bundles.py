"""Signed statements: an in-toto statement in a DSSE envelope in a Sigstore bundle.

Source: OpenSSF Model Signing 1.0, in-toto Statement v1, DSSE 1.0.2, Sigstore bundle 0.3. What
`model_signing sign key` writes can be read here, and the other way round.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from shared.json_documents import read_json
from shared.models import Model, StrictModel, validation_summary
from shared.names import DIGEST
from signing.errors import SignatureRefusedError
from signing.keys import PublicKey, SigningKey

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
BUNDLE_TYPE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
LARGEST_BUNDLE_BYTES = 900_000
MOST_SIGNATURES = 2
MOST_ENTRIES = 20_000  # of a status that names as many versions as a centre may publish


def _checked_base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("it is not in base64") from error
    return text


Base64 = Annotated[str, AfterValidator(_checked_base64)]


class _Part(StrictModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class EnvelopeSignature(_Part):
    """One signature; `keyid` is the key's fingerprint, or empty where another program signed."""

    sig: Annotated[Base64, Field(max_length=200)]
    keyid: str = Field("", max_length=64)


class DsseEnvelope(_Part):
    """What is signed, and the signatures."""

    payload: Annotated[Base64, Field(max_length=LARGEST_BUNDLE_BYTES)]
    payload_type: Literal["application/vnd.in-toto+json"] = PAYLOAD_TYPE
    signatures: tuple[EnvelopeSignature, ...] = Field(min_length=1, max_length=MOST_SIGNATURES)


class KeyHint(_Part):
    """The fingerprint of the key that signed first."""

    hint: str = Field(pattern=DIGEST)


class VerificationMaterial(_Part):
    """What says which key is needed; nothing was entered in a public log."""

    public_key: KeyHint
    tlog_entries: tuple[()] = ()


class Bundle(_Part):
    """A signed statement."""

    media_type: Literal["application/vnd.dev.sigstore.bundle.v0.3+json"] = BUNDLE_TYPE
    verification_material: VerificationMaterial
    dsse_envelope: DsseEnvelope

    @property
    def signer(self) -> str:
        """The fingerprint of the key that it says it was signed with; not yet believed."""
        return self.verification_material.public_key.hint

    def payload(self, *keys: PublicKey) -> bytes:
        """Return what was signed, if every one of these keys signed it.

        Raises:
            SignatureRefusedError: One did not.
        """
        content = base64.b64decode(self.dsse_envelope.payload)
        for key in keys:
            self._check_signed(content, key)
        return content

    def _check_signed(self, content: bytes, key: PublicKey) -> None:
        from securesystemslib.dsse import Envelope  # so late: see `PublicKey.checker`
        from securesystemslib.exceptions import VerificationError
        from securesystemslib.signer import Signature

        name = key.fingerprint
        named = {name, "" if name == self.signer else name}
        for item in self.dsse_envelope.signatures:
            if item.keyid not in named:
                continue
            signature = Signature(name, base64.b64decode(item.sig).hex())
            envelope = Envelope(content, PAYLOAD_TYPE, {name: signature})
            try:
                envelope.verify([key.checker], threshold=1)
            except VerificationError:
                continue
            return
        raise SignatureRefusedError(
            f"it was not signed with the key {key.fingerprint}, or was changed since"
        )


def signed_bundle(payload: bytes, keys: Sequence[SigningKey]) -> bytes:
    """Return a bundle of a statement, signed with each key; the first is the one it names."""
    from securesystemslib.dsse import Envelope  # so late: see `PublicKey.checker`

    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    for key in keys:
        envelope.sign(key.signer)
    bundle = Bundle(
        verification_material=VerificationMaterial(
            public_key=KeyHint(hint=keys[0].public.fingerprint)
        ),
        dsse_envelope=DsseEnvelope.model_validate(envelope.to_dict()),
    )
    return json.dumps(bundle.model_dump(mode="json", by_alias=True)).encode()


def read_bundle(content: bytes) -> Bundle:
    """Return the bundle that a stranger's text is; nobody has checked its signatures.

    Raises:
        SignatureRefusedError: It is none.
    """
    if len(content) > LARGEST_BUNDLE_BYTES:
        raise SignatureRefusedError(f"a signature has at most {LARGEST_BUNDLE_BYTES} bytes")
    return read_part(Bundle, content, what="the signature is no Sigstore bundle")


def read_part(model: type[Model], content: bytes, *, what: str) -> Model:
    """Return the document that a stranger's text is.

    Raises:
        SignatureRefusedError: It is none; the sentence begins with `what`.
    """
    try:
        document: Any = read_json(content, most_entries=MOST_ENTRIES)
        return model.model_validate(document)
    except ValidationError as error:
        raise SignatureRefusedError(f"{what}: {validation_summary(error)}") from error
    except ValueError as error:
        raise SignatureRefusedError(f"{what}: {error}") from error
