"""Under which name and terms a generator is published: on a card, in a request, in a scenario."""

from pydantic import Field

from shared.models import LARGEST_COUNT, StrictModel
from shared.names import CalendarDay, Name, Text

MOST_CENTRES = 100


class Terms(StrictModel):
    """What people are told of a generator, and what they may do with it."""

    name: Name = Field(description="What the generator is called on the hub.")
    title: Text = Field(description="What it makes, in a line for people.")
    licence: Text = Field(
        description="The licence of its weights, by SPDX's identifier, such as CC-BY-4.0."
    )
    use_terms: Text = Field(description="What a receiver may do with it.")
    contact: Text = Field(description="Whom a receiver can ask.")

    @property
    def terms(self) -> dict[str, str]:
        """These alone, of a document that says more."""
        return self.model_dump(include=set(Terms.model_fields))


class UseLimits(StrictModel):
    """What a receiver may do with a generator, as far as a program can see to it."""

    centres: tuple[Name, ...] = Field(
        (),
        max_length=MOST_CENTRES,
        description="The only centres that may fetch it; none named: all of the hub.",
    )
    purpose: Text | None = Field(None, description="What it may be used for.")
    until: CalendarDay | None = Field(
        None, description="The last day on which it is given to anybody, by the hub's clock in UTC."
    )
    most_samples: int | None = Field(
        None, ge=1, le=LARGEST_COUNT, description="How many patches may be drawn at once."
    )

    def __bool__(self) -> bool:
        return self != UseLimits()

    def __str__(self) -> str:
        said = (
            ("for", " and ".join(self.centres) if self.centres else None),
            ("purpose:", self.purpose),
            ("until", self.until),
            ("patches at once, at most", self.most_samples),
        )
        return "; ".join(f"{what} {value}" for what, value in said if value is not None)


class CentreTerms(Terms):
    """Terms with the centre that publishes the generator."""

    centre: Name = Field(description="The centre that publishes it.")
