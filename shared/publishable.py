"""What a new version must keep to, before it is sent and once more where it comes in.

Packages of earlier versions need not: they are read as they are.
"""

from shared.canonical import read_canonical
from shared.cards import ModelCard
from shared.errors import CardRefusedError
from shared.packages import CARD, Package, check_distinct
from shared.screening import check_texts
from shared.weights import inspect_weights


def card_to_publish(content: bytes) -> ModelCard:
    """Return the card that a new version is published with.

    Raises:
        CardRefusedError: The text is not exactly the canonical JSON of a card, or a text on it may
            not cross the border.
    """
    card = read_canonical(
        ModelCard,
        content,
        CardRefusedError,
        name=CARD,
        otherwise="a card: every key once and in order, no blanks, nothing that the card does not "
        "know",
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
