"""What steps spend: by two accountants of other people, and by an attack."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from dp_accounting import GaussianDpEvent, PoissonSampledDpEvent
from dp_accounting.pld import PLDAccountant
from scipy.stats import beta

from centre_node.generators.accountant import Steps, check_countable, needed_noise, spent_epsilon
from centre_node.generators.errors import PrivacyError
from centre_node.generators.patient_gradients import clipped_sum, hidden
from centre_node.generators.secret_draws import secret_sample


def by_dp_accounting(steps: Steps, noise: float) -> float:
    event = PoissonSampledDpEvent(steps.sampling_rate, GaussianDpEvent(noise))
    accountant = PLDAccountant()
    accountant.compose(event, steps.count)
    return float(accountant.get_epsilon(steps.delta))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "sampling_rate", "noise"),
    [(1, 1.0, 2.0), (1000, 0.032, 0.72), (4000, 0.05, 8.2)],
)
def test_the_accountant_agrees_with_another_one(
    count: int, sampling_rate: float, noise: float
) -> None:
    steps = Steps(count, sampling_rate, 500**-1.1)

    spent, again = spent_epsilon(steps, noise), by_dp_accounting(steps, noise)

    assert again <= spent + 0.01  # ours is the upper end of its error
    assert spent == pytest.approx(again, rel=0.01, abs=0.02)


@pytest.mark.slow
def test_the_noise_for_a_budget_keeps_it_and_is_not_much_more_than_needed() -> None:
    steps = Steps(200, 0.1, 500**-1.1)

    noise = needed_noise(steps, 10.0)

    assert spent_epsilon(steps, noise) <= 10.0 < spent_epsilon(steps, noise * 0.99)
    assert by_dp_accounting(steps, noise) == pytest.approx(10.0, rel=0.02)


def test_a_budget_that_no_noise_keeps_is_refused() -> None:
    with pytest.raises(PrivacyError, match=r"cannot be kept over 10 steps .* lower epochs"):
        needed_noise(Steps(10, 1.0, 1e-9), 1e-4)


def test_noise_that_promises_nothing_is_refused() -> None:
    check_countable(Steps(100, 0.1, 1e-3), 1.0)

    with pytest.raises(PrivacyError, match="above 1000, which promises nothing"):
        check_countable(Steps(4000, 1.0, 1e-3), 0.5)


class Canary(NamedTuple):
    """A patient whose gradient is as long as it may be, among others who pull elsewhere."""

    steps: Steps
    noise: float
    clip: float = 0.5
    patients: int = 4

    def trials(self, count: int, *, there: bool, weakened: float = 1.0) -> np.ndarray:
        """How far all steps of each trial went in the canary's direction."""
        return np.array([self._trial(there, weakened) for _ in range(count)])

    def _trial(self, there: bool, weakened: float) -> float:
        went = 0.0
        for _ in range(self.steps.count):
            chosen = secret_sample(self.patients, self.steps.sampling_rate)
            gradients = torch.zeros(self.patients, 2)
            gradients[:, 1] = 1.0
            gradients[0] = torch.tensor([1e6 if there else 0.0, 0.0])
            step = hidden(
                clipped_sum(gradients[torch.from_numpy(chosen)], self.clip),
                clip=self.clip,
                noise_multiplier=self.noise * weakened,
                expected=self.patients * self.steps.sampling_rate,
            )
            went += float(step[0])
        return went


def shown_epsilon(with_it: np.ndarray, without: np.ndarray, delta: float) -> float:
    """Epsilon that an attack shows with 95 % confidence, its threshold chosen on other trials.

    Source: Clopper and Pearson 1934; Jagielski et al. 2020 (arXiv 2006.07709), section 4.
    """
    (fit_in, test_in), (fit_out, test_out) = np.split(with_it, 2), np.split(without, 2)

    def bound(inside: np.ndarray, outside: np.ndarray, threshold: float) -> float:
        found, wrong = int((inside > threshold).sum()), int((outside > threshold).sum())
        if found == 0:
            return 0.0
        least_found = beta.ppf(0.025, found, len(inside) - found + 1)
        most_wrong = beta.ppf(0.975, wrong + 1, len(outside) - wrong)
        return float(np.log(max(least_found - delta, 1e-12) / most_wrong))

    thresholds = np.quantile(fit_out, np.linspace(0.5, 0.97, 50))
    best = max(thresholds, key=lambda threshold: bound(fit_in, fit_out, threshold))
    return max(0.0, bound(test_in, test_out, best))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "sampling_rate", "noise"), [(1, 1.0, 1.0), (4, 1.0, 2.0), (4, 0.5, 1.0)]
)
def test_a_canary_shows_no_more_than_the_accountant_says(
    count: int, sampling_rate: float, noise: float
) -> None:
    canary = Canary(Steps(count, sampling_rate, 1e-3), noise)
    promised = spent_epsilon(canary.steps, noise)
    without = canary.trials(1200, there=False)

    shown = shown_epsilon(canary.trials(1200, there=True), without, canary.steps.delta)

    assert 0.1 * promised < shown <= promised


@pytest.mark.slow
def test_a_canary_finds_noise_that_is_too_weak() -> None:
    canary = Canary(Steps(4, 1.0, 1e-3), 6.0)
    without = canary.trials(600, there=False, weakened=0.2)
    inside = canary.trials(600, there=True, weakened=0.2)

    assert shown_epsilon(inside, without, 1e-3) > spent_epsilon(canary.steps, canary.noise)
