"""Which patches a generator can be asked for, by its card alone."""

from centre_node.sampling.errors import RecipeRefusedError, UseNotAllowedError
from shared.cards import ModelCard
from shared.names import Pathology


def check_pathology(pathology: Pathology | None, card: ModelCard) -> None:
    """Check that a generator has the class that is asked for.

    Raises:
        RecipeRefusedError: It knows no classes.
    """
    if pathology is not None and pathology not in card.architecture.classes:
        raise RecipeRefusedError(
            f"{pathology} patches are asked for, but the generator {card.centre}/{card.name} knows "
            "no classes: leave the pathology out, or take a generator whose card has classes"
        )


def check_count(count: int, card: ModelCard) -> None:
    """Check that a generator's terms let so many patches be drawn.

    Raises:
        UseNotAllowedError: They do not.
    """
    most = card.use.most_samples if card.use is not None else None
    if most is not None and count > most:
        raise UseNotAllowedError(
            f"{count} patches are asked for, but the terms of {card.centre}/{card.name} allow "
            f"{most} at once"
        )
