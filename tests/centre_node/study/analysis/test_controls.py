from centre_node.study.analysis.controls import comparisons, control_of, real_counterpart
from node_api.findings import ArmFacts
from tests.centre_node.study.analysis.simulated import BASELINE, CONTROL, REAL, SYNTHETIC

HEALTHY = ArmFacts(name="healthy", role="healthy control", healthy_added=100)
HARDER = ArmFacts(name="harder", role="augmentation control")
ONLY = ArmFacts(name="only B", role="synthetic only", donors=("b",), lesions_added=100)


def named(*arms: ArmFacts) -> list[tuple[str, str]]:
    return [(arm.name, against.name) for arm, against in comparisons(arms)]


def test_every_arm_is_compared_with_the_baseline_and_lesions_with_their_control() -> None:
    assert named(BASELINE, HEALTHY, CONTROL, HARDER, SYNTHETIC, ONLY, REAL) == [
        ("healthy", "none"),
        ("control", "none"),
        ("harder", "none"),
        ("B", "none"),
        ("only B", "none"),
        ("real B", "none"),
        ("B", "control"),
        ("only B", "control"),
        ("real B", "control"),
    ]


def test_without_a_matched_control_the_healthy_one_stands_in() -> None:
    assert ("B", "healthy") in named(BASELINE, HEALTHY, SYNTHETIC)


def test_without_a_baseline_or_control_nothing_is_compared() -> None:
    assert named(SYNTHETIC, REAL) == []
    assert named(SYNTHETIC, CONTROL) == [("B", "control")]


def test_the_control_has_the_most_similar_number_of_lesions() -> None:
    few, many = (
        CONTROL.model_copy(update={"name": name, "lesions_added": count})
        for name, count in (("few", 50), ("many", 1200))
    )
    thousand = SYNTHETIC.model_copy(update={"lesions_added": 1000})

    assert control_of(SYNTHETIC, [few, CONTROL, many]) == CONTROL
    assert control_of(thousand, [few, CONTROL, many]) == many


def test_the_healthy_control_has_the_most_similar_number_of_healthy_patches() -> None:
    more = HEALTHY.model_copy(update={"name": "more", "healthy_added": 1000})
    arm = SYNTHETIC.model_copy(update={"healthy_added": 900})

    assert control_of(arm, [HEALTHY, more]) == more


def test_the_real_counterpart_has_the_same_donors() -> None:
    of_both = SYNTHETIC.model_copy(update={"donors": ("b", "c")})
    real_of_both = REAL.model_copy(update={"name": "real", "donors": ("b", "c")})

    assert real_counterpart(SYNTHETIC, [real_of_both, REAL]) == REAL
    assert real_counterpart(of_both, [REAL, real_of_both]) == real_of_both
    assert real_counterpart(of_both, [REAL]) is None


def test_of_real_counterparts_the_one_with_as_many_lesions_is_chosen() -> None:
    all_of_them = REAL.model_copy(update={"name": "all", "lesions_added": 1148})

    assert real_counterpart(SYNTHETIC, [all_of_them, REAL]) == REAL


def test_the_real_counterpart_has_own_lesions_where_the_arm_has_them() -> None:
    alone = REAL.model_copy(update={"name": "real B alone", "own_lesions": False})
    only = ONLY.model_copy(update={"own_lesions": False})

    assert real_counterpart(SYNTHETIC, [alone, REAL]) == REAL
    assert real_counterpart(only, [REAL, alone]) == alone
    assert real_counterpart(SYNTHETIC, [alone]) is None


def test_control_and_counterpart_are_augmented_as_the_arm_is() -> None:
    harder = {"augmentation": "classical"}
    arm, control, real = (
        one.model_copy(update={**harder, "name": f"{one.name}, harder"})
        for one in (SYNTHETIC, CONTROL, REAL)
    )
    arms = [BASELINE, CONTROL, REAL, control, real]

    assert control_of(arm, arms) == control
    assert real_counterpart(arm, arms) == real
    assert control_of(SYNTHETIC, arms) == CONTROL
    assert control_of(arm, [CONTROL, HEALTHY]) is None
