"""What a new version must keep to, before it is sent and once more where it comes in.

Packages of earlier versions need not: they are read as they are.
"""

from pydantic import ValidationError

from shared.cards import ModelCard
from shared.errors import CardRefusedError
from shared.json_documents import read_json
from shared.models import validation_summary
from shared.packages import CARD, Package, canonical_json, check_distinct
from shared.screening import check_texts
from shared.weights import inspect_weights


def card_to_publish(content: bytes) -> ModelCard:
    """Return the card that a new version is published with.

    Raises:
        CardRefusedError: The text is not exactly the canonical JSON of a card, or a text on it may
            not cross the border.
    """
    try:
        read_json(content)
        card = ModelCard.model_validate_json(content)
    except ValidationError as error:
        raise CardRefusedError(f"{CARD}: {validation_summary(error)}") from error
    except ValueError as error:
        raise CardRefusedError(f"{CARD} is no readable JSON: {error}") from error
    if canonical_json(card) != content:
        raise CardRefusedError(
            f"{CARD} is not written as genshare writes a card: every key once and in order, no "
            "blanks, nothing that the card does not know"
        )
    check_texts(card)
    return card


def check_publishable(package: Package) -> None:
    """Check of a package on disk what a hub would refuse of it.

    Raises:
        CardRefusedError: See `card_to_publish`.
        DigestMismatchError: A file stands in it under two names.
        WeightsRefusedError: A weight file is not what the architecture declares.
    """
    check_distinct(package.manifest)
    card = card_to_publish((package.folder / CARD).read_bytes())
    for file in package.weights:
        inspect_weights(package.folder / file.name, card.architecture.generator_tensors())
