"""What pydantic finds is said as whoever wrote the document would say it."""

from datetime import datetime
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationError, field_validator

from shared.models import StrictModel, validation_summary
from shared.names import Digest, Name

PROGRAMMERS = ("Input", "valid", "Extra", "String", "Tuple", "parse", "NoneType", "pydantic", "^")


class Mass(StrictModel):
    kind: Literal["mass"]


class Other(StrictModel):
    kind: Literal["other"]


class Document(StrictModel):
    name: Name = "b"
    digest: Digest = "0" * 64
    count: int = Field(1, ge=1, le=9)
    share: float = Field(0.5, gt=0, lt=1)
    seeds: tuple[int, ...] = Field((0,), min_length=1, max_length=2)
    colour: Literal["red", "blue"] = "red"
    is_new: bool = True
    at: datetime | None = None
    lesion: Annotated[Mass | Other, Field(discriminator="kind")] = Mass(kind="mass")

    @field_validator("count")
    @classmethod
    def _no_four(cls, count: int) -> int:
        if count == 4:
            raise ValueError("4 is never right")
        return count


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"size": 1}, "size: there is no such field"),
        ({"name": "No Name"}, "name: must be lower-case letters, digits and inner hyphens, at m"),
        ({"digest": "x"}, "digest: must be a SHA-256: 64 digits and letters from a to f"),
        ({"count": "many"}, "count: must be a whole number"),
        ({"count": 1.5}, "count: must be a whole number"),
        ({"count": 0}, "count: must be 1 or more"),
        ({"count": 10}, "count: must be 9 or less"),
        ({"count": 4}, "count: 4 is never right"),
        ({"share": 0}, "share: must be above 0"),
        ({"share": 1}, "share: must be below 1"),
        ({"share": float("nan")}, "share: must be a finite number"),
        ({"seeds": 5}, "seeds: must be a list"),
        ({"seeds": []}, "seeds: must have at least 1 entry"),
        ({"seeds": [1, 2, 3]}, "seeds: must have at most 2 entries"),
        ({"colour": "green"}, "colour: must be 'red' or 'blue'"),
        ({"is_new": "perhaps"}, "is_new: must be true or false"),
        ({"at": "soon"}, "at: must be a date and time, such as 2022-03-01T12:00:00Z"),
        ({"lesion": {"kind": "cyst"}}, "lesion: kind must be 'mass', 'other'"),
        ({"lesion": {}}, "lesion: kind is missing, which says what it is"),
        ({"lesion": 5}, "lesion: must be a set of named fields"),
        ({"name": 5}, "name: must be a text"),
    ],
)
def test_a_fault_is_said_in_plain_words_that_repeat_no_value(
    given: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        Document.model_validate(given)

    told = validation_summary(caught.value)
    assert told.startswith(said)
    assert not any(word in told for word in PROGRAMMERS)
    assert "cyst" not in told
    assert "perhaps" not in told


def test_a_list_whose_only_entry_is_wrong_is_not_told_to_be_too_short_as_well() -> None:
    with pytest.raises(ValidationError) as caught:
        Document.model_validate({"seeds": ["many"]})

    assert validation_summary(caught.value) == "seeds.0: must be a whole number"
