"""Which arm is compared with which."""

from collections.abc import Sequence

from node_api.findings import ArmFacts, ArmRole

WITH_LESIONS: tuple[ArmRole, ...] = ("synthetic", "synthetic only", "real donor")


def comparisons(arms: Sequence[ArmFacts]) -> tuple[tuple[ArmFacts, ArmFacts], ...]:
    """Pair arms with what they are compared with.

    Every arm is compared with the baseline, and an arm with lesions added with its control too:
    only the latter says whether it is the lesions that help, not the healthy patches beside them.
    """
    baseline = next((arm for arm in arms if arm.role == "baseline"), None)
    pairs = [(arm, baseline) for arm in arms if arm.role != "baseline"]
    pairs += [(arm, control_of(arm, arms)) for arm in arms if arm.role in WITH_LESIONS]
    return tuple((arm, against) for arm, against in pairs if against is not None)


def control_of(arm: ArmFacts, arms: Sequence[ArmFacts]) -> ArmFacts | None:
    """Return the matched control with the most similar number of lesions.

    Where there is none it is the healthy control with the most similar number of healthy patches.
    Either is augmented as the arm is: they differ in nothing but what is added.
    """
    alike = [other for other in arms if other.augmentation == arm.augmentation]
    matched = [other for other in alike if other.role == "matched control"]
    healthy = [other for other in alike if other.role == "healthy control"]
    if matched:
        return min(matched, key=lambda other: abs(other.lesions_added - arm.lesions_added))
    return min(
        healthy, key=lambda other: abs(other.healthy_added - arm.healthy_added), default=None
    )


def real_counterpart(arm: ArmFacts, arms: Sequence[ArmFacts]) -> ArmFacts | None:
    """Return the arm with real patches of the same donors, and all else as the arm has it.

    Of several it is the one with the most similar number of lesions; None where there is none.
    """
    real = [
        other
        for other in arms
        if other.role == "real donor"
        and set(other.donors) == set(arm.donors)
        and (other.own_lesions, other.augmentation) == (arm.own_lesions, arm.augmentation)
    ]
    return min(real, key=lambda other: abs(other.lesions_added - arm.lesions_added), default=None)
