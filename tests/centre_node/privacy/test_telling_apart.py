from typing import Any

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score, roc_curve

from centre_node.privacy.epsilon import epsilon_bound
from centre_node.privacy.figures import attack_figures
from centre_node.privacy.hits import hit_rate
from centre_node.privacy.telling_apart import Scored, Told, tell_apart

REPEATED = 100


def draw(
    members: int, others: int, shift: float, random: np.random.Generator, *, alike: float = 1.0
) -> Scored:
    """Return Gaussian scores of 1 to 3 patches a patient, whose patches are alike."""
    patches = random.integers(1, 4, members + others)
    patients = np.repeat(np.arange(members + others), patches)
    is_member = patients < members
    own = alike * random.normal(size=members + others)
    scores = own[patients] + random.normal(size=len(patients)) + shift * is_member
    return Scored(scores, patients, is_member)


def repeated(members: int, others: int, shift: float) -> list[Told]:
    random = np.random.default_rng(0)
    return [tell_apart(draw(members, others, shift, random), random) for _ in range(REPEATED)]


def test_auroc_is_that_of_all_patches_and_draws_count_as_half() -> None:
    random = np.random.default_rng(0)
    scored = draw(40, 30, 0.5, random)
    rounded = Scored(scored.scores.round(), scored.patients, scored.is_member)

    for given in (scored, rounded):
        found = tell_apart(given, random)

        assert found.auroc == pytest.approx(roc_auc_score(given.is_member, given.scores))


@pytest.mark.slow
@pytest.mark.parametrize(("members", "others"), [(80, 20), (40, 10)])
def test_where_nothing_leaks_no_more_than_the_stated_error_is_flagged(
    members: int, others: int
) -> None:
    told = repeated(members, others, 0.0)
    most = 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / REPEATED)  # 0.5 % of such tests would fail

    assert np.mean([found.p <= 0.05 for found in told]) <= most
    assert np.mean([found.lower > 0.5 for found in told]) <= most
    assert np.mean([found.upper < 0.5 for found in told]) <= most
    assert np.mean([found.control for found in told]) == pytest.approx(0.5, abs=0.01)


@pytest.mark.slow
def test_a_leak_of_known_size_is_measured_and_its_bounds_cover_it() -> None:
    told = repeated(60, 20, 1.0)
    true = norm.cdf(1.0 / 2)  # the difference of two scores varies by 2 * (1 + 1)
    least = 0.95 - 2.6 * np.sqrt(0.05 * 0.95 / REPEATED)

    assert np.mean([found.auroc for found in told]) == pytest.approx(true, abs=0.01)
    assert np.mean([found.upper >= true for found in told]) >= least
    assert np.mean([found.lower <= true for found in told]) >= least


@pytest.mark.slow
def test_the_smallest_visible_leak_is_found_four_times_in_five() -> None:
    visible = np.mean([found.smallest_visible for found in repeated(60, 20, 0.0)])
    shift = 2 * norm.ppf(visible)

    found = np.mean([told.p <= 0.05 for told in repeated(60, 20, shift)])

    assert found == pytest.approx(0.8, abs=0.12)


def test_patches_of_one_patient_are_no_independent_witnesses() -> None:
    random = np.random.default_rng(1)
    scored = draw(60, 20, 0.0, random, alike=3.0)
    alone = Scored(scored.scores, np.arange(len(scored.scores)), scored.is_member)

    assert tell_apart(scored, random).smallest_visible > tell_apart(alone, random).smallest_visible


def test_a_patient_is_as_exposed_as_the_most_exposed_patch() -> None:
    scored = Scored(np.array([1.0, 5.0, 2.0]), np.array([4, 4, 9]), np.array([True, True, False]))

    by_patient = scored.by_patient()

    np.testing.assert_array_equal(by_patient.scores, [5, 2])
    np.testing.assert_array_equal(by_patient.is_member, [True, False])


def test_hits_are_those_of_the_curve() -> None:
    random = np.random.default_rng(0)
    scored = draw(150, 120, 1.0, random)
    wrong, right, _ = roc_curve(scored.is_member, scored.scores, drop_intermediate=False)

    for rate in (0.01, 0.05):
        found = hit_rate(scored, rate, "patch", random)

        assert found.share == pytest.approx(right[wrong <= rate + 1e-12].max())
        assert found.share is not None
        assert found.upper is not None
        assert found.upper > found.share


def test_of_few_others_no_hits_are_told_and_the_reason_is() -> None:
    random = np.random.default_rng(0)

    [by_patch, by_patient] = attack_figures("inversion", draw(60, 30, 0, random), random)

    one_percent, five_percent = by_patch.hits
    assert one_percent.share is None
    assert one_percent.reason is not None
    assert "100 are needed" in one_percent.reason
    assert five_percent.share is not None
    assert "held-out patients" in str(by_patient.hits[0].reason)


def coins(patients: int, random: np.random.Generator) -> dict[str, Any]:
    return {"patients": np.arange(patients), "is_member": random.random(patients) > 0.2}


def test_whoever_knows_all_coins_reaches_about_the_ceiling() -> None:
    of = coins(500, np.random.default_rng(0))

    bound = epsilon_bound(Scored(of["is_member"].astype(float), **of), 0.2)

    assert 3 < bound.at_least <= bound.ceiling < 6


def test_more_patients_could_show_more() -> None:
    ceilings = []
    for patients in (50, 200, 800):
        random = np.random.default_rng(0)
        of = coins(patients, random)
        ceilings.append(epsilon_bound(Scored(random.random(patients), **of), 0.2).ceiling)

    assert ceilings == sorted(ceilings)
    assert ceilings[0] > 1


@pytest.mark.slow
def test_guesses_at_random_show_an_epsilon_no_more_often_than_one_in_twenty() -> None:
    random = np.random.default_rng(0)

    shown = [
        epsilon_bound(Scored(random.random(100), **coins(100, random)), 0.2).at_least > 0
        for _ in range(100)
    ]

    assert np.mean(shown) <= 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / 100)


@pytest.mark.slow
def test_randomised_response_is_never_shown_to_leak_more_than_it_does() -> None:
    """Each coin is told truly with odds of exp(epsilon): epsilon is known, and so is the guess."""
    random, epsilon, above = np.random.default_rng(0), 1.0, 0
    for _ in range(40):
        of = coins(400, random)
        is_true = random.random(400) < 1 / (1 + np.exp(-epsilon))
        answers = np.where(is_true, of["is_member"], ~of["is_member"])
        above += epsilon_bound(Scored(answers + 0.1 * random.random(400), **of), 0.2).at_least > 1

    assert above / 40 <= 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / 40)
