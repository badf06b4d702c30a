"""What a study would do, as its staff are told before it starts."""

from pydantic import Field

from shared.models import StrictModel

COMPARES_NOTHING = (
    "there is one arm only, so nothing is compared with it; add another, such as own lesions "
    "repeated, to learn what an addition brings"
)


class PlannedSubset(StrictModel):
    """One part of the patients, and the lesions of the study's kinds that they have."""

    name: str
    patients: int
    lesions: int


class StudyPlan(StrictModel):
    """A study that could start.

    Attributes:
        seconds: About how long it takes here; a generator that the centre trains for itself is not
            counted.
        workers: Runs that are done at once.
        warnings: As in `StudyResult`; not written where there are none.
    """

    subsets: tuple[PlannedSubset, ...]
    arms: tuple[str, ...]
    classifiers: tuple[str, ...]
    seeds: tuple[int, ...]
    length: str
    runs: int
    workers: int
    seconds: float
    warnings: tuple[str, ...] = Field((), exclude_if=lambda warnings: not warnings)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What a person should know before it starts, in words."""
        return (*self.warnings, *((COMPARES_NOTHING,) if len(self.arms) == 1 else ()))
