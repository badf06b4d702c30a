"""The one text of a document, so that a digest names what it says."""

import hashlib
import json

from pydantic import BaseModel


def canonical_json(model: BaseModel) -> bytes:
    """Return the one JSON text of a model: keys sorted, no blanks, UTF-8.

    Of a manifest it is that of RFC 8785, for all that a manifest can hold. A card's differs from it
    in numbers alone: 1.0 stays 1.0, and a seed of 64 bits is whole, which RFC 8785 cannot write.
    """
    text = json.dumps(
        model.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return text.encode()


def digest_of(model: BaseModel) -> str:
    """Return the SHA-256 of a model's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(model)).hexdigest()
