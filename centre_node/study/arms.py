"""What an arm adds to a centre's own training patches."""

import math
from collections.abc import Mapping

from pydantic import Field

from centre_node.painting.own_lesions import PaintedFrom
from node_api.findings import ArmFacts, ArmRole
from node_api.studies import Arm
from shared.models import StrictModel


class Addition(StrictModel):
    """Patches that an arm adds.

    Attributes:
        synthetic: Lesions by generator's manifest digest.
        paints_synthetic: Whether these are residuals, painted on own healthy patches.
        donated: Real lesions by donor.
        repeated: Own lesions over again.
        painted: Lesions painted on own healthy patches, and from what.
        own_generated: Lesions of the centre's own generator.
        healthy: Own healthy patches, beyond one for each own lesion that is used.
        sham: Those of `healthy` that have gone through the painting of `painted`.
        own_lesions: Whether the own lesions are used.
    """

    synthetic: dict[str, int] = Field(default_factory=dict)
    paints_synthetic: bool = False
    donated: dict[str, int] = Field(default_factory=dict)
    repeated: int = 0
    painted: dict[PaintedFrom, int] = Field(default_factory=dict)
    own_generated: int = 0
    healthy: int = 0
    sham: int = 0
    own_lesions: bool = True

    @property
    def lesions(self) -> int:
        """Lesions of all sources together."""
        by_source = (self.synthetic, self.donated, self.painted)
        counted = sum(sum(counts.values()) for counts in by_source)
        return counted + self.repeated + self.own_generated


def addition(arm: Arm, *, synthetic_patches: int, donor_lesions: Mapping[str, int]) -> Addition:
    """Return what `arm` adds.

    Generators, or donors, share the added lesions equally (the first ones take the remainder),
    generators in proportions where the arm has them; a donor gives at most what it has. As many
    healthy patches come with the lesions as keep the classes balanced; `extra_healthy` adds as many
    without lesions.

    Args:
        synthetic_patches: Lesions that an arm adds.
        donor_lesions: Real lesions that each donor has.

    Source: paper section 2.4, paragraph 1. The controls are not in the paper.
    """
    synthetic = _shared(synthetic_patches, arm.generators, arm.proportions)
    wanted = _shared(synthetic_patches, arm.real_donors)
    donated = {
        donor: donor_lesions[donor] if arm.every_donated else min(count, donor_lesions[donor])
        for donor, count in wanted.items()
    }
    added = Addition(
        synthetic=synthetic,
        paints_synthetic=arm.painted == "generator",
        donated=donated,
        repeated=synthetic_patches if arm.oversampled else 0,
        painted={} if arm.painted in (None, "generator") else {arm.painted: synthetic_patches},
        own_generated=synthetic_patches if arm.own_generator else 0,
        sham=synthetic_patches if arm.sham_healthy else 0,
        own_lesions=arm.own_lesions,
    )
    alone = synthetic_patches if arm.extra_healthy else 0
    return added.model_copy(update={"healthy": added.lesions + alone})


def facts_of(
    arm: Arm,
    added: Addition,
    *,
    centres: Mapping[str, str],
    augmentation: str,
    harmonised_runs: tuple[int, int] | None = None,
) -> ArmFacts:
    """Return an arm as the findings name it.

    Args:
        centres: The centre that published a generator, by manifest digest.
        augmentation: The study's, where the arm has none of its own.
        harmonised_runs: Of all of its runs, where validation patients chose.
    """
    donors = {*(centres[digest] for digest in arm.generators), *arm.real_donors}
    return ArmFacts(
        name=arm.name,
        role=role_of(arm),
        donors=tuple(sorted(donors)),
        lesions_added=added.lesions,
        healthy_added=added.healthy,
        sham_healthy=arm.sham_healthy,
        own_lesions=arm.own_lesions,
        augmentation=arm.augmentation or augmentation,
        harmonised=arm.harmonised,
        harmonised_by=arm.harmonised_by,
        painted=arm.painted is not None,
        harmonised_runs=harmonised_runs,
    )


def role_of(arm: Arm) -> ArmRole:
    """Return what an arm is for."""
    if arm.generators:
        return "synthetic" if arm.own_lesions else "synthetic only"
    if arm.real_donors:
        return "real donor"
    if arm.oversampled:
        return "matched control"
    if arm.painted:
        return "painted control" if arm.painted == "own" else "blob control"
    if arm.own_generator:
        return "own generator control"
    if arm.extra_healthy:
        return "healthy control"
    is_harder = arm.augmentation in ("classical", "painted")
    return "augmentation control" if is_harder else "baseline"


def _shared(
    total: int, sources: tuple[str, ...], proportions: tuple[float, ...] = ()
) -> dict[str, int]:
    """Share a total out in whole numbers; what is left goes to the largest remainders."""
    parts = proportions or (1.0,) * len(sources)
    exact = [total * part / math.fsum(parts) for part in parts]
    whole = [math.floor(part) for part in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: whole[index] - exact[index])
    for index in by_remainder[: total - sum(whole)]:
        whole[index] += 1
    return dict(zip(sources, whole, strict=True))
