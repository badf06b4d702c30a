"""The pydantic model that every card, request and configuration is made of."""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.plain_words import plain_words, without_echoes

Model = TypeVar("Model", bound=BaseModel)

LARGEST_SEED = 2**64 - 1
"""What a 64-bit random generator can start from."""

LARGEST_COUNT = 2**53 - 1
"""No count is larger, nor any number of bytes: beyond it, not every program reads JSON exactly."""

MOST_KINDS = 100
MOST_LISTED = 1_000
"""No list in a request is longer, nor a list of kinds than MOST_KINDS, where nothing else says."""

LARGEST_SIDE_PX = 2**16
"""DICOM counts the rows and columns of an image in 16 bits."""

MOST_FAULTS = 10
LONGEST_PLACE = 80


class StrictModel(BaseModel):
    """Frozen; refuses unknown keys, NaN and infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def check_named_once(what: str, names: Iterable[object]) -> None:
    """Check that nothing is in a list twice.

    Args:
        what: One of the list, such as "arm".

    Raises:
        ValueError: Something is.
    """
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ValueError(f"every {what} must be named once, but {repeated[0]!r} is there twice")


def validation_summary(error: ValidationError) -> str:
    """Say where a document is wrong and why, never what it held: that may be sensitive."""
    faults = without_echoes(error.errors(include_input=False, include_url=False))
    said = "; ".join(
        f"{_place(fault['loc'])}: {plain_words(fault)}" for fault in faults[:MOST_FAULTS]
    )
    more = len(faults) - MOST_FAULTS
    return f"{said}; {more} more" if more > 0 else said


def _place(location: tuple[int | str, ...]) -> str:
    """Return where a fault is; keys are a stranger's too."""
    place = ascii(".".join(map(str, location)) or "document").strip("'\"")
    return place if len(place) <= LONGEST_PLACE else f"{place[:LONGEST_PLACE]}..."


def read_model(
    model: type[Model], path: Path, refused: Callable[[str], Exception], *, as_what: str = ""
) -> Model:
    """Read a JSON file.

    Args:
        refused: Makes the error, from a sentence, that an unreadable or faulty file raises.
        as_what: What a faulty file is called after its path, such as " is damaged".
    """
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        raise refused(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise refused(f"{path}{as_what}: {validation_summary(error)}") from error
