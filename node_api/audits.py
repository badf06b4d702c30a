"""What an audit finds: how much a generator tells of the patients that it was trained on."""

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from shared.attacks import MOST_ATTACKS as MOST_ATTACKS
from shared.attacks import AttackName as AttackName
from shared.attacks import Share as Share
from shared.attacks import Unit as Unit
from shared.cards import MOST_WEIGHT_FILES
from shared.models import LARGEST_COUNT, LARGEST_SEED, StrictModel
from shared.names import Digest, FileName, Text

DEFAULT_SAMPLES = 10_000


class AuditSettings(StrictModel):
    """What determines an audit, beside the generator and its patients."""

    samples: int = Field(
        DEFAULT_SAMPLES,
        ge=100,
        le=1_000_000,
        description="How many patches are drawn from the generator to attack with.",
    )
    seed: int = Field(0, ge=0, le=LARGEST_SEED, description="The same number gives the same audit.")
    positive_control: bool = Field(
        False,
        description="Also plant some patients' patches among the samples, and tell whether the "
        "audit finds them.",
    )


class Audited(StrictModel):
    """Whose patches were looked at on one side, exactly; stays at the centre."""

    patients: int = Field(ge=0, le=LARGEST_COUNT)
    patches: int = Field(ge=0, le=LARGEST_COUNT)


class HitRate(StrictModel):
    """The share of members that an attack finds while it is wrong about few others.

    `share` and `upper` are None where so few others were looked at that the rate cannot be told,
    and `reason` says so.
    """

    false_positive_rate: Share
    share: Share | None
    upper: Share | None = Field(description="One-sided bound of 95 %, clustered by patients.")
    reason: Text | None = None

    @model_validator(mode="after")
    def _none_has_a_reason(self) -> Self:
        if (self.share is None) != (self.reason is not None):
            raise ValueError("reason must be given where share is None, and nowhere else")
        return self


class AttackFigures(StrictModel):
    """How well one attack tells members from others.

    Attributes:
        auroc: 0.5 tells nothing. Below 0.5 is chance, not protection.
        auroc_upper: One-sided bound of 95 %, by a bootstrap of patients.
        control_auroc: The same attack, asked to tell one half of the members from the other: what
            it finds where there is nothing to find.
        smallest_visible: The least AUROC that so many patients would have shown with 80 % power.
        hits: At false-positive rates of 1 % and 5 %.
        p: One-sided, of so large an AUROC, were members and others exchanged by patient. A patient
            has the score of the most exposed patch.
    """

    attack: AttackName
    unit: Unit
    auroc: Share
    auroc_upper: Share
    control_auroc: Share
    control_auroc_upper: Share
    smallest_visible: Share
    hits: tuple[HitRate, ...] = Field(min_length=1, max_length=4)
    p: Share | None = None

    @property
    def at_one_percent(self) -> HitRate | None:
        """The hits at a false-positive rate of 1 %, if they were counted."""
        return next((rate for rate in self.hits if rate.false_positive_rate == 0.01), None)


class Copies(StrictModel):
    """What is nearest to what. It can refuse a release, and can never pass one.

    Source: Alaa et al. 2022 (arXiv 2102.08921), authenticity; Meehan et al. 2020
    (arXiv 2004.05675), the ratio's test. Why distances prove no privacy: arXiv 2505.01524.

    Attributes:
        nearest_ratio: Median distance from samples to their nearest member over that to their
            nearest held-out patch, as many of each; below 1 leans towards members.
        nearest_ratio_p: One-sided p that samples are nearer to members, by exchange of patients.
        authenticity: Share of samples that are farther from their nearest member than this is
            from its own nearest other one.
        near_duplicates: Samples nearer to a member than the nearest hundredth of held-out patches
            are to any member's.
        near_duplicates_expected: Of as many samples, if members were no nearer than others.
    """

    nearest_ratio: float = Field(ge=0, allow_inf_nan=False)
    nearest_ratio_p: Share
    authenticity: Share
    near_duplicates: int = Field(ge=0, le=LARGEST_COUNT)
    near_duplicates_expected: float = Field(ge=0, allow_inf_nan=False)


class EpsilonBound(StrictModel):
    """A lower bound of epsilon that one training showed, and the most that it could have shown.

    Attributes:
        at_least: With 95 % confidence; 0 shows nothing.
        ceiling: The bound, had every guess been right: more cannot be told of so few patients.
    """

    at_least: float = Field(ge=0, allow_inf_nan=False)
    ceiling: float = Field(ge=0, allow_inf_nan=False)
    delta: Share


class PositiveControl(StrictModel):
    """Whether the audit finds a leak that was put there: it shows that it can see.

    Attributes:
        planted: Member patches among the samples, each so many times as `copies` says.
        auroc: Of the best attack on those members against the held-out patients.
        found: Whether their lower bound of 95 % lies above 0.5.
    """

    planted: int = Field(ge=1, le=LARGEST_COUNT)
    copies: int = Field(ge=1, le=LARGEST_COUNT)
    attack: AttackName
    auroc: Share
    found: bool


class AuditedWeights(StrictModel):
    """A weight file that was looked at; of an ensemble the union of all was."""

    name: FileName
    sha256: Digest


class AuditReport(StrictModel):
    """All that an audit found, exactly; stays at the centre. What leaves is said in a statement.

    Attributes:
        internal_auroc: Of the discriminator's score, which only the centre has: more than a
            receiver can know. Never published. None where it is not there any more.
        too_few: Why so few patients or patches allow no verdict, if so.
    """

    schema_version: Literal[1] = 1
    weights: tuple[AuditedWeights, ...] = Field(min_length=1, max_length=MOST_WEIGHT_FILES)
    members: Audited
    held_out: Audited
    image_size: int = Field(ge=1, le=LARGEST_COUNT)
    parameters: int = Field(ge=1, le=LARGEST_COUNT)
    samples: int = Field(ge=1, le=LARGEST_COUNT)
    seed: int = Field(ge=0, le=LARGEST_SEED)
    attacks: tuple[AttackFigures, ...] = Field(max_length=MOST_ATTACKS)
    copies: Copies | None
    epsilon: EpsilonBound | None
    positive_control: PositiveControl | None = None
    internal_auroc: Share | None = None
    too_few: Text | None = None
    seconds: float = Field(ge=0, allow_inf_nan=False)
    made_at: datetime
    genshare_version: Text

    @property
    def strongest(self) -> AttackFigures | None:
        """The attack whose bound is highest, if there is any."""
        return max(self.attacks, key=lambda figures: figures.auroc_upper, default=None)
