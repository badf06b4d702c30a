"""Under which name and terms a generator is published: on a card, in a request, in a scenario."""

from pydantic import Field

from shared.models import StrictModel
from shared.names import Name, Text


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


class CentreTerms(Terms):
    """Terms with the centre that publishes the generator."""

    centre: Name = Field(description="The centre that publishes it.")
