"""What calls may be given, and one sentence for what they may not."""

import operator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from shared.errors import WrongArgumentError
from shared.field_values import expected, sentence
from shared.models import LARGEST_SEED, LARGEST_SIDE_PX, MOST_KINDS, Model, StrictModel
from shared.names import InWords, LesionKind, Pathology, in_words
from shared.plain_words import plain_words

MOST_THREADS = 1_024
MOST_SAMPLED = 10**9
LONGEST_SHOWN = 80


def _whole(value: Any) -> int:
    """Return a whole number of any library, and of no text or fraction."""
    try:
        return operator.index(value)
    except TypeError as error:
        raise PydanticCustomError("int_type", "no whole number") from error


Whole = Annotated[int, BeforeValidator(_whole)]
REFERENCE = r"^[a-z0-9-]+/[a-z0-9-]+$"
Threads = Annotated[Whole, Field(ge=1, le=MOST_THREADS)]


class Address(StrictModel):
    """Of a hub, and who asks."""

    url: Annotated[str, InWords("a text, such as https://hub.example.org")]
    token: Annotated[str, InWords("a text, as genshare hub invite printed it")] | None


class Fetching(StrictModel):
    """Which version of which generator."""

    generator: Annotated[
        str,
        Field(pattern=REFERENCE),
        in_words(REFERENCE, "CENTRE/NAME, such as centre-b/masses"),
    ]
    version: Whole | None = Field(ge=1)


class Sampling(StrictModel):
    """Which patches of a generator."""

    count: Annotated[Whole, Field(ge=1, le=MOST_SAMPLED)]
    seed: Annotated[Whole, Field(ge=0, le=LARGEST_SEED)] = 0
    pathology: Pathology | None = None
    threads: Threads = 1


class Loading(StrictModel):
    """How patches come in batches."""

    batch_size: Annotated[Whole, Field(ge=1, le=MOST_SAMPLED)]


class Cutting(StrictModel):
    """Which lesions, and how large their patches are."""

    side_px: Annotated[Whole, Field(ge=1, le=LARGEST_SIDE_PX)]
    kinds: Annotated[tuple[LesionKind, ...], Field(min_length=1, max_length=MOST_KINDS)]


class Running(StrictModel):
    """How a study is run."""

    workers: Whole | None = Field(ge=1, le=MOST_THREADS)
    threads: Threads


def checked(model: type[Model], **given: Any) -> Model:
    """Return what a call was given.

    Raises:
        WrongArgumentError: A value that it cannot have.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise WrongArgumentError(_told(model, given, error)) from error


def _told(model: type[Model], given: dict[str, Any], error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    if not first["loc"] or first["type"] == "value_error":  # in the model's own words
        return sentence(error)
    name = str(first["loc"][0])
    if name not in model.model_fields:
        return f"there is no {name}; there are {', '.join(model.model_fields)}"
    must = expected(model.model_fields[name]).removesuffix(", by commas")
    why = f"it must be {must}" if must else plain_words(first)
    return f"{name} is {_shown(given[name])}; {why}"


def _shown(value: Any) -> str:
    text = str(value) if isinstance(value, Path) else repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
