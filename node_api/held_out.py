"""Which patients a training holds out, and what is told of them."""

from pydantic import Field

from shared.models import LARGEST_COUNT, LARGEST_SEED, StrictModel

DEFAULT_SHARE = 0.2
FEWEST_PATIENTS = 50


class HoldOut(StrictModel):
    """The patients that a training never sees, so that an audit can compare others with them.

    A fair coin is thrown for each patient before the first step.
    """

    share: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="With which probability a patient is held out; 0 holds out nobody. By default "
        f"{DEFAULT_SHARE} where at least {FEWEST_PATIENTS} patients are there, and else 0.",
    )
    seed: int | None = Field(
        None,
        ge=0,
        le=LARGEST_SEED,
        description="Of the coins; by default one from the operating system, which the training's "
        "folder keeps.",
    )


class HeldOut(StrictModel):
    """Whom a training held out, as counts.

    Attributes:
        share: With which probability each patient was.
        patients, patches: How many were; those that were trained on are counted elsewhere.
        statement: The same for a person, with the reason where nobody was.
    """

    share: float = Field(ge=0, lt=1)
    patients: int = Field(ge=0, le=LARGEST_COUNT)
    patches: int = Field(ge=0, le=LARGEST_COUNT)
    statement: str
