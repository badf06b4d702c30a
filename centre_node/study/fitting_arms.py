"""Whether a study's arms make sense, by generators' cards alone: a node asks before it queues."""

from collections.abc import Mapping

from centre_node.sampling.errors import GeneratorOutputError
from centre_node.study.errors import GeneratorClassesError, GeneratorSizeError, RepeatedArmsError
from node_api.studies import StudyConfiguration
from node_api.tasks import BENIGN_OR_MALIGNANT
from shared.cards import ModelCard
from shared.packages import Package


def cards_of(packages: Mapping[str, Package]) -> dict[str, ModelCard]:
    """Return the cards of packages, by the same keys."""
    return {digest: package.card for digest, package in packages.items()}


def check_arms(configuration: StudyConfiguration, cards: Mapping[str, ModelCard]) -> None:
    """Check that the arms differ, and that their generators make what the study compares.

    Raises:
        RepeatedArmsError: Two arms differ in their names alone, or one names a source twice.
        GeneratorSizeError: One makes patches of another size.
        GeneratorClassesError: The task tells pathologies apart, and one knows none.
        GeneratorOutputError: An arm paints whole patches, or takes residuals for such.
    """
    if (fault := configuration.repeated) is not None:
        raise RepeatedArmsError(fault)
    _check_sizes(configuration, cards)
    _check_classes(configuration, cards)
    _check_outputs(configuration, cards)


def _check_sizes(configuration: StudyConfiguration, cards: Mapping[str, ModelCard]) -> None:
    for digest in (digest for arm in configuration.arms for digest in arm.generators):
        card = cards[digest]
        if card.architecture.image_size != configuration.image_size:
            raise GeneratorSizeError(
                f"{card.centre}/{card.name} makes patches of {card.architecture.image_size} px, "
                f"but the study's image_size is {configuration.image_size}"
            )


def _check_classes(configuration: StudyConfiguration, cards: Mapping[str, ModelCard]) -> None:
    if configuration.task != BENIGN_OR_MALIGNANT:
        return
    for arm in configuration.arms:
        for digest in arm.generators:
            card = cards[digest]
            if not card.architecture.classes:
                raise GeneratorClassesError(
                    f"the arm {arm.name!r} draws from {card.centre}/{card.name}, which cannot be "
                    f"asked for benign or malignant patches, but the task is {configuration.task}"
                )


def _check_outputs(configuration: StudyConfiguration, cards: Mapping[str, ModelCard]) -> None:
    for arm in configuration.arms:
        for digest in arm.generators:
            card = cards[digest]
            is_residual, name = card.architecture.output == "residual", f"{card.centre}/{card.name}"
            if is_residual and arm.painted is None:
                raise GeneratorOutputError(
                    f"{name} draws residuals, which are no patches by themselves; give the arm "
                    f"{arm.name!r} painted = 'generator', which paints them on own healthy patches"
                )
            if arm.painted == "generator" and not is_residual:
                raise GeneratorOutputError(
                    f"{name} draws whole patches, which cannot be painted; leave painted out of "
                    f"the arm {arm.name!r}, or take a generator of residuals"
                )
