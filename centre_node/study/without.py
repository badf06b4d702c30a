"""The same study without some generators, such as those that were withdrawn."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeVar

from centre_node.study.errors import StudyFileError
from centre_node.study.study_file import StudyFile
from node_api.studies import Arm, StudyConfiguration
from shared.packages import peek_package

SomeArm = TypeVar("SomeArm", bound=Arm)
SHORTEST_DIGEST = 8


def study_without(study: StudyConfiguration, dropped: Collection[str]) -> StudyConfiguration:
    """Return a study whose arms draw from none of some generators.

    An arm that drew from these alone is left out; the others draw from what they have left, in the
    proportions that it had.

    Args:
        dropped: Their manifest digests.

    Raises:
        StudyFileError: No arm draws from one of them, or none is left.
    """
    arms = arms_without(study.arms, dropped)
    return StudyConfiguration.model_validate(study.model_dump() | {"arms": arms})


def file_without(file: StudyFile, dropped: Collection[str]) -> StudyFile:
    """Return a study file that is without some generators.

    Args:
        dropped: Names of generators in the file, or their manifest digests or the first 8 digits.

    Raises:
        StudyFileError: The file has no such generator, or no arm is left.
    """
    if not dropped:
        return file
    names = {_named(file.generators, one, _digests(file)) for one in dropped}
    study = file.study.model_copy(update={"arms": arms_without(file.study.arms, names)})
    left = {name: folder for name, folder in file.generators.items() if name not in names}
    return file.model_copy(update={"generators": left, "study": study})


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
    for arm in arms:
        kept = [place for place, name in enumerate(arm.generators) if name not in dropped]
        if len(kept) == len(arm.generators):
            yield arm
        elif kept:
            yield arm.model_copy(
                update={
                    "generators": tuple(arm.generators[place] for place in kept),
                    "proportions": tuple(
                        arm.proportions[place] for place in kept if arm.proportions
                    ),
                }
            )


def _digests(file: StudyFile) -> dict[str, str]:
    return {name: peek_package(folder).digest for name, folder in file.generators.items()}


def _named(known: Collection[str], dropped: str, digests: Mapping[str, str]) -> str:
    if dropped in known:
        return dropped
    found = [name for name, digest in digests.items() if digest.startswith(dropped)]
    if len(dropped) < SHORTEST_DIGEST or not found:
        raise StudyFileError(
            f"the study file has no generator {dropped!r}; it has "
            f"{', '.join(f'{name} ({digest[:12]})' for name, digest in digests.items()) or 'none'}"
        )
    return found[0]
