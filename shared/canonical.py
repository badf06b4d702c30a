"""The one text of a document, so that a digest names what it says."""

import hashlib
import json
from collections.abc import Callable

from pydantic import BaseModel, ValidationError

from shared.json_documents import read_json
from shared.models import Model, validation_summary


def canonical_json(model: BaseModel) -> bytes:
    """Return the one JSON text of a model: keys sorted, no blanks, UTF-8.

    Of a manifest it is that of RFC 8785, for all that a manifest can hold. A card's differs from it
    in numbers alone: 1.0 stays 1.0, and a seed of 64 bits is whole, which RFC 8785 cannot write.
    """
    text = json.dumps(
        model.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return text.encode()


def read_canonical(
    model: type[Model],
    content: bytes,
    refused: Callable[[str], Exception],
    *,
    name: str,
    otherwise: str,
) -> Model:
    """Return the document that a stranger's text is, if it is exactly its canonical JSON.

    Args:
        refused: Makes the error, from a sentence, that any other text raises.
        name: What the text is called.
        otherwise: What is said of one that is a document, but written in another way.
    """
    try:
        read_json(content)
        document = model.model_validate_json(content)
    except ValidationError as error:
        raise refused(f"{name}: {validation_summary(error)}") from error
    except ValueError as error:
        raise refused(f"{name} is no readable JSON: {error}") from error
    if canonical_json(document) != content:
        raise refused(f"{name} is not written as genshare writes {otherwise}")
    return document


def digest_of(model: BaseModel) -> str:
    """Return the SHA-256 of a model's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(model)).hexdigest()


def etag_of(content: bytes) -> str:
    """Return the strong ETag of a document."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'
