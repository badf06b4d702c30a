import numpy as np
import pytest

from centre_node.study.analysis import predictions
from centre_node.study.analysis.controls import (
    best_control,
    chosen_control,
    comparisons,
    real_counterpart,
)
from centre_node.study.analysis.predictions import ColumnRuns, Predictions
from node_api.findings import CONTROL_ROLES, ArmFacts
from tests.centre_node.study.analysis.simulated import BASELINE, CONTROL, REAL, SYNTHETIC, row

HEALTHY = ArmFacts(name="healthy", role="healthy control", healthy_added=100)
HARDER = ArmFacts(name="harder", role="augmentation control", augmentation="classical")
PAINTED = ArmFacts(name="painted", role="painted control", lesions_added=100)
ONLY = ArmFacts(name="only B", role="synthetic only", donors=("b",), lesions_added=100)

ALL = (BASELINE, HEALTHY, CONTROL, PAINTED, HARDER, SYNTHETIC, ONLY, REAL)


def column(**validation: list[float | None]) -> ColumnRuns:
    """Return runs of arms with these AUROCs on validation patients, one for each seed."""
    test = predictions.TestPatches(np.array([0, 1]), np.array([0, 1]))
    scores = np.array([-1.0, 1.0])
    arms = {
        name: {
            seed: Predictions(row(test, scores, name, seed), scores, value)
            for seed, value in enumerate(values)
        }
        for name, values in validation.items()
    }
    return ColumnRuns("cnn", 1.0, arms)


def named(*arms: ArmFacts, **validation: list[float | None]) -> list[tuple[str, str]]:
    reached: dict[str, list[float | None]] = {arm.name: [0.5] for arm in arms}
    return [
        (arm.name, against.name)
        for arm, against in comparisons(arms, column(**reached | validation))
    ]


def test_every_arm_is_compared_with_the_baseline_and_lesions_of_donors_with_the_best_control() -> (
    None
):
    assert named(*ALL, painted=[0.7]) == [
        ("healthy", "none"),
        ("control", "none"),
        ("painted", "none"),
        ("harder", "none"),
        ("B", "none"),
        ("only B", "none"),
        ("real B", "none"),
        ("B", "painted"),
        ("only B", "painted"),
        ("real B", "painted"),
    ]


def test_without_a_baseline_or_control_nothing_is_compared() -> None:
    assert named(SYNTHETIC, REAL) == []
    assert named(SYNTHETIC, CONTROL) == [("B", "control")]
    assert chosen_control([BASELINE, SYNTHETIC], column(none=[0.9], B=[0.9])) is None


def test_the_best_on_validation_patients_is_chosen_over_all_seeds() -> None:
    runs = column(none=[0.9, 0.9], control=[0.9, 0.5], painted=[0.6, 0.81], B=[0.99, 0.99])

    chosen = chosen_control([BASELINE, CONTROL, PAINTED, SYNTHETIC], runs)

    assert chosen is not None
    assert (chosen.arm, chosen.classifier, chosen.train_fraction) == ("painted", "cnn", 1.0)
    assert chosen.candidates == pytest.approx({"control": 0.7, "painted": 0.705})


def test_seeds_that_a_candidate_lacks_have_no_part_in_the_choice() -> None:
    runs = column(control=[0.6, 0.9], painted=[0.7])

    assert best_control([CONTROL, PAINTED], runs) == PAINTED


def test_of_equal_ones_and_of_unknown_ones_the_first_in_the_tables_is_chosen() -> None:
    assert best_control(ALL, column(control=[0.7], painted=[0.7])) == CONTROL
    assert best_control(ALL, column(control=[None], painted=[None])) == CONTROL
    assert best_control(ALL, column(control=[None], painted=[0.1])) == PAINTED


def test_a_control_without_a_run_in_the_column_is_no_candidate() -> None:
    assert best_control(ALL, column(none=[0.8], painted=[0.5])) == PAINTED


@pytest.mark.parametrize("role", CONTROL_ROLES)
def test_whatever_needs_no_donor_can_be_the_control(role: str) -> None:
    arm = ArmFacts.model_validate({"name": "alone", "role": role})

    assert best_control([BASELINE, arm, REAL], column(alone=[0.5])) == arm


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


def test_the_real_counterpart_is_harmonised_as_the_arm_is() -> None:
    arm, real = (
        one.model_copy(update={"harmonised": True, "name": f"{one.name}, own greys"})
        for one in (SYNTHETIC, REAL)
    )

    by_bands = arm.model_copy(update={"harmonised_by": "greys_and_bands"})

    assert real_counterpart(arm, [REAL, real]) == real
    assert real_counterpart(SYNTHETIC, [real, REAL]) == REAL
    assert real_counterpart(by_bands, [real, REAL]) is None


def test_the_real_counterpart_is_augmented_as_the_arm_is() -> None:
    arm, real = (
        one.model_copy(update={"augmentation": "classical", "name": f"{one.name}, harder"})
        for one in (SYNTHETIC, REAL)
    )

    assert real_counterpart(arm, [REAL, real]) == real
    assert real_counterpart(SYNTHETIC, [real, REAL]) == REAL
