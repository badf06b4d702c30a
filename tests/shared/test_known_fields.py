from typing import Annotated, Literal

import pytest
from pydantic import Field, TypeAdapter

from shared.known_fields import right_fields
from shared.models import StrictModel


class Folder(StrictModel):
    format: Literal["inbreast", "bcdr"]
    folder: str
    lent_by: str = ""


class Drawn(StrictModel):
    format: Literal["phantoms"]
    seed: int


class Document(StrictModel):
    sources: tuple[Annotated[Folder | Drawn, Field(discriminator="format")], ...] = ()
    wide: dict[str, int] = Field(default_factory=dict)


SCHEMA = TypeAdapter(Document).json_schema()


@pytest.mark.parametrize(
    ("place", "fields"),
    [
        (("source",), ("sources",)),
        (("nothing",), ("sources", "wide")),
        (("sources", 0, "inbreast", "foldr"), ("folder",)),
        (("sources", 0, "bcdr", "path"), ("format", "folder", "lent_by")),
        (("sources", 1, "phantoms", "x"), ("format", "seed")),
        (("wide", "x", "y"), ()),
        (("elsewhere", 3, "y"), ()),
    ],
)
def test_a_wrong_field_is_told_the_one_that_was_meant_or_those_that_there_are(
    place: tuple[int | str, ...], fields: tuple[str, ...]
) -> None:
    assert right_fields(SCHEMA, place) == fields
