"""The pydantic model that every card, request and configuration is made of."""

from pydantic import BaseModel, ConfigDict, ValidationError

LARGEST_SEED = 2**64 - 1
"""What a 64-bit random generator can start from."""


class StrictModel(BaseModel):
    """Frozen; refuses unknown keys, NaN and infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def validation_summary(error: ValidationError) -> str:
    """Say where a document is wrong and why, never what it held: that may be sensitive."""
    return "; ".join(
        f"{'.'.join(map(str, item['loc'])) or 'document'}: {item['msg']}"
        for item in error.errors(include_input=False, include_url=False, include_context=False)
    )
