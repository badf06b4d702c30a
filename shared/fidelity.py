"""What is said of how close synthetic patches are to real ones."""

from typing import Literal, Self

from pydantic import Field, model_validator

from shared.models import LARGEST_COUNT, LARGEST_SEED, StrictModel
from shared.names import Digest, Text

Share = float
"""0 to 1."""

METRICS = (
    "kid",
    "kid_interval",
    "precision",
    "recall",
    "density",
    "coverage",
    "auroc",
    "frechet",
    "frechet_ratio",
)


class FidelityRow(StrictModel):
    """How far one set of patches is from the reference, which is one half of the real patches.

    A metric that is undefined is None, and `reasons` says why, by the metric's name.
    """

    patches: int = Field(
        ge=0, le=LARGEST_COUNT, description="In each of the two sets that are compared."
    )
    kid: float | None = Field(
        description="Kernel distance: unbiased, so about 0, or below, for equal distributions."
    )
    kid_interval: tuple[float, float] | None = Field(
        description="Of kid, 95 %: bootstrap of the patches, not of the patients."
    )
    precision: Share | None = Field(description="Share of the patches that look like real ones.")
    recall: Share | None = Field(description="Share of the real ones that look like the patches.")
    density: float | None = Field(description="As precision, crowded places weighing more; 0 up.")
    coverage: Share | None = Field(description="Share of the real ones with a patch nearby.")
    auroc: Share | None = Field(
        description="Of a classifier that tells the two sets apart: 0.5 if it cannot, 1 if always."
    )
    frechet: float | None = Field(description="Between Gaussians; biased upwards for few patches.")
    frechet_ratio: float | None = Field(description="To the real-real row's; 1 is as close.")
    reasons: dict[str, Text] = Field(default_factory=dict, max_length=len(METRICS))

    @model_validator(mode="after")
    def _none_has_a_reason(self) -> Self:
        undefined = {name for name in METRICS if getattr(self, name) is None}
        if undefined != set(self.reasons):
            raise ValueError(
                f"reasons must be given for what is None and nothing else: {sorted(undefined)}"
            )
        return self


class ModeCollapse(StrictModel):
    """Whether a generator repeats itself, judged by features of its samples.

    Attributes:
        spread_share: Spread of the samples over that of as many real patches; 1 is as varied.
        duplicate_share: Share of the samples that have another one nearer than all but the
            nearest twentieth of real patches have; about 0.05 if as varied as they are.
    """

    verdict: Literal["none seen", "suspected", "not judged"]
    spread_share: float | None
    duplicate_share: Share | None
    statement: Text


class FidelityReport(StrictModel):
    """How close synthetic patches are to real ones, in one kind of features.

    Metrics are means over several random halvings of the real patches. Read every row beside
    `real_real`, the other half of the real patches: no set of patches can be expected to come
    closer than that.

    Attributes:
        extractor_sha256: Of the weights of a classifier whose features these are; None where
            features are computed without weights.
        split_by_patient: Whether no patient is in both halves of the real patches.
    """

    schema_version: Literal[1] = 1
    features: Text
    feature_count: int = Field(ge=1, le=LARGEST_COUNT)
    extractor_sha256: Digest | None
    split_by_patient: bool
    seed: int | None = Field(
        None,
        ge=0,
        le=LARGEST_SEED,
        exclude_if=lambda given: given is None,
        description="Of all that was drawn; not told beyond the centre.",
    )
    frechet_dimensions: int | None = Field(
        ge=0, le=LARGEST_COUNT, description="None: not judged, or not told beyond the centre."
    )
    real_real: FidelityRow
    synthetic: FidelityRow
    other_centre: FidelityRow | None
    mode_collapse: ModeCollapse
