"""Under which name and terms a generator is published: on a card, in a request, in a scenario."""

from shared.models import StrictModel
from shared.names import Name, Text


class Terms(StrictModel):
    """What people are told of a generator, and what they may do with it.

    Attributes:
        title: A line for people.
        licence: Of the weights.
        use_terms: What a receiver may do with it.
        contact: Whom a receiver can ask.
    """

    name: Name
    title: Text
    licence: Text
    use_terms: Text
    contact: Text

    @property
    def terms(self) -> dict[str, str]:
        """These alone, of a document that says more."""
        return self.model_dump(include=set(Terms.model_fields))


class CentreTerms(Terms):
    """Terms with the centre that publishes the generator."""

    centre: Name
