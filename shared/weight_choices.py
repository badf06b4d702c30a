"""Which weight files of an ensemble to fetch or to use."""

from collections.abc import Collection

from shared.cards import ModelCard, WeightFile
from shared.errors import NoSuchWeightsError


def chosen_weights(
    card: ModelCard, *, names: Collection[str] = (), at_most: int | None = None
) -> frozenset[str] | None:
    """Return the names of the weight files to fetch, or None for all.

    Raises:
        NoSuchWeightsError: The card has no file of a name.
    """
    if names:
        return frozenset(file.name for file in weights_named(card, names))
    if at_most is not None:
        return frozenset(file.name for file in weights_spread(card, at_most))
    return None


def weights_named(card: ModelCard, names: Collection[str]) -> tuple[WeightFile, ...]:
    """Return the weight files of those names, in the card's order.

    Raises:
        NoSuchWeightsError: The card has no file of a name.
    """
    unknown = set(names) - {file.name for file in card.weights}
    if unknown:
        raise NoSuchWeightsError(
            f"{card.centre}/{card.name} has no weight file {min(unknown)}; "
            f"it has {len(card.weights)}, from {card.weights[0].name} to {card.weights[-1].name}"
        )
    return tuple(file for file in card.weights if file.name in names)


def weights_spread(card: ModelCard, at_most: int) -> tuple[WeightFile, ...]:
    """Return at most so many weight files (1 or more), evenly spread, the last always among them.

    Where there are two or more, the first is among them too.
    """
    files = card.weights
    count = min(at_most, len(files))
    if count == 1:
        return files[-1:]
    return tuple(files[(number * (len(files) - 1)) // (count - 1)] for number in range(count))
