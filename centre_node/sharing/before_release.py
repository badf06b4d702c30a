"""What can be seen of a release before its package is built. Loads no tensor library."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unicodedata import normalize

from pydantic import ValidationError

from centre_node.errors import NotPublishableError
from centre_node.generators.kept_weights import FINAL_WEIGHTS, weight_files
from node_api.results import TrainedGenerator
from shared.cards import SMALLEST_COUNT
from shared.models import validation_summary
from shared.terms import CentreTerms


def terms_of(given: Mapping[str, str]) -> CentreTerms:
    """Return the terms that a person gave; a letter and its accent become one character.

    Raises:
        NotPublishableError: A text that may not leave.
    """
    with card_faults():
        return CentreTerms.model_validate(
            {name: normalize("NFC", text) for name, text in given.items()}
        )


def weights_to_publish(
    training: Path, *, ensemble: bool, proportions: Mapping[str, float]
) -> tuple[Path, ...]:
    """Return the weight files of a training's folder that are to be published, by epoch.

    Args:
        ensemble: Every one that the training kept, instead of the final one.
        proportions: By name, those that are wanted.

    Raises:
        NotPublishableError: The training kept no file of a name.
    """
    kept = weight_files(training)
    names = [path.name for path in kept]
    for name in proportions:
        if name not in names:
            raise NotPublishableError(f"the training kept no {name}; it kept {', '.join(names)}")
    if proportions:
        return tuple(path for path in kept if path.name in proportions)
    return kept if ensemble else (training / FINAL_WEIGHTS,)


def check_counts(trained: TrainedGenerator) -> None:
    """Check that no count could point at a person.

    Raises:
        NotPublishableError: One could.
    """
    for what, count in (("patients", trained.patients), ("patches", trained.patches)):
        if count < SMALLEST_COUNT:
            raise NotPublishableError(
                f"the generator was trained on fewer than {SMALLEST_COUNT} {what}; "
                "publishing it could point at a person"
            )


@contextmanager
def card_faults() -> Iterator[None]:
    """Say of a card that it is refused, and why.

    Raises:
        NotPublishableError: It is.
    """
    try:
        yield
    except ValidationError as error:
        raise NotPublishableError(f"the card is refused: {validation_summary(error)}") from error
