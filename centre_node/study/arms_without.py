"""The arms of a study without some generators. Loads no image library: a node asks at submit."""

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

from centre_node.study.errors import StudyFileError
from node_api.studies import Arm, StudyConfiguration

SomeArm = TypeVar("SomeArm", bound=Arm)


def study_without(study: StudyConfiguration, dropped: Collection[str]) -> StudyConfiguration:
    """Return a study whose arms draw from none of some generators.

    An arm that drew from these alone is left out, and so is one that has become another; the rest
    draw from what they have left, in the proportions that it had.

    Args:
        dropped: Their manifest digests.

    Raises:
        StudyFileError: No arm draws from one of them, or none is left.
    """
    arms = arms_without(study.arms, dropped)
    return StudyConfiguration.model_validate(study.model_dump() | {"arms": arms})


def arms_without(arms: Sequence[SomeArm], dropped: Collection[str]) -> tuple[SomeArm, ...]:
    """Return the arms that are left, each with the generators that it has left.

    Raises:
        StudyFileError: No arm has one of `dropped`, or none is left.
    """
    left = tuple(_left(arms, set(dropped)))
    if left == tuple(arms):
        raise StudyFileError(f"no arm draws from {', '.join(sorted(dropped))}")
    if not left:
        raise StudyFileError(
            f"without {', '.join(sorted(dropped))} no arm is left; there is nothing to compare"
        )
    return left


def _left(arms: Sequence[SomeArm], dropped: set[str]) -> Iterator[SomeArm]:
    there = {arm.unnamed for arm in arms if dropped.isdisjoint(arm.generators)}
    for arm in arms:
        if dropped.isdisjoint(arm.generators):
            yield arm
            continue
        left = _drawing_from_others(arm, dropped)
        if left.generators and left.unnamed not in there:
            there.add(left.unnamed)
            yield left


def _drawing_from_others(arm: SomeArm, dropped: set[str]) -> SomeArm:
    kept = [place for place, name in enumerate(arm.generators) if name not in dropped]
    return arm.model_copy(
        update={
            "generators": tuple(arm.generators[place] for place in kept),
            "proportions": tuple(arm.proportions[place] for place in kept if arm.proportions),
        }
    )
