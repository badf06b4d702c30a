"""in-toto statements: who says what, of which subject."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from pydantic import BaseModel, Field, ValidationError

from shared.models import Model, StrictModel, validation_summary
from shared.names import Digest
from signing.bundles import Bundle, read_part, signed_bundle
from signing.errors import SignatureRefusedError
from signing.keys import PublicKey, SigningKey

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"


class Sha256(StrictModel):
    """A subject's digest."""

    sha256: Digest


class Subject(StrictModel):
    """What a statement is about.

    Attributes:
        name: For people; the digest says what is meant.
    """

    name: str = Field(max_length=255)
    digest: Sha256

    @classmethod
    def of(cls, name: str, sha256: str) -> "Subject":
        """Return a subject by its name and digest."""
        return cls(name=name, digest=Sha256(sha256=sha256))


class _Statement(StrictModel):
    type: Literal["https://in-toto.io/Statement/v1"] = Field(STATEMENT_TYPE, alias="_type")
    subject: tuple[Subject, ...] = Field(min_length=1, max_length=1)
    predicate_type: str = Field(alias="predicateType", max_length=200)
    predicate: Mapping[str, Any]


def sign_statement(
    keys: Sequence[SigningKey], subject: Subject, predicate_type: str, predicate: BaseModel
) -> bytes:
    """Return the bundle of what the keys' owner says of a subject."""
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [subject.model_dump()],
        "predicateType": predicate_type,
        "predicate": predicate.model_dump(mode="json"),
    }
    payload = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return signed_bundle(payload.encode(), keys)


def signed_statement(
    bundle: Bundle, keys: Sequence[PublicKey], predicate_type: str, model: type[Model]
) -> tuple[Subject, Model]:
    """Return of what a statement is and what it says, if every one of the keys signed it.

    Raises:
        SignatureRefusedError: One did not, or it is a statement of another kind.
    """
    what = "what was signed is no statement"
    statement = read_part(_Statement, bundle.payload(*keys), what=what)
    if statement.predicate_type != predicate_type:
        raise SignatureRefusedError(
            f"what was signed is of the kind {statement.predicate_type!r}, not {predicate_type!r}"
        )
    try:
        return statement.subject[0], model.model_validate(statement.predicate)
    except ValidationError as error:
        raise SignatureRefusedError(f"{what}: {validation_summary(error)}") from error
