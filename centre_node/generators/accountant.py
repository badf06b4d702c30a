"""How much privacy noisy steps spend, and how much noise a budget needs.

Source: Gopi et al. 2021 (arXiv 2106.02848), privacy random variables, as Opacus computes them;
the upper end of its error bounds is taken. A step is the Poisson-sampled Gaussian mechanism.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from centre_node.generators.errors import PrivacyError
from node_api.patient_privacy import LEAST_NOISE, PatientPrivacy

MOST_NOISE = 1e4
PRECISION = 1e-3
"""Share of a noise multiplier by which it may be larger than its budget needs."""

DELTA_POWER = -1.1


def delta_for(privacy: PatientPrivacy, patients: int) -> float:
    """Return the delta that is given, or that of so many patients."""
    return patients**DELTA_POWER if privacy.delta is None else privacy.delta


def spent_epsilon(
    *, noise_multiplier: float, sampling_rate: float, steps: int, delta: float
) -> float:
    """Return the epsilon that so many steps spend, rounded up by the accountant's error."""
    from opacus.accountants import PRVAccountant  # takes seconds, and few trainings need it

    accountant = PRVAccountant()
    accountant.history = [(noise_multiplier, sampling_rate, steps)]
    with _without_warnings():
        return float(accountant.get_epsilon(delta=delta))


def needed_noise(*, epsilon: float, sampling_rate: float, steps: int, delta: float) -> float:
    """Return the least noise multiplier with which so many steps spend no more than `epsilon`.

    Renyi's accountant, which is quick and never below, brackets it.

    Raises:
        PrivacyError: Even very much noise spends more.
    """
    rate_and_steps = {"sampling_rate": sampling_rate, "steps": steps}

    def spends_too_much(noise: float) -> bool:
        spent = spent_epsilon(noise_multiplier=noise, delta=delta, **rate_and_steps)
        return not spent <= epsilon

    enough = max(LEAST_NOISE, _noise_by_renyi(epsilon, sampling_rate, steps, delta))
    if spends_too_much(enough):
        raise PrivacyError(
            f"epsilon {epsilon} with delta {delta:.2g} cannot be kept over {steps} steps at a "
            f"sampling rate of {sampling_rate}: lower epochs or sampling_rate, or raise epsilon"
        )
    too_little = enough
    while too_little > LEAST_NOISE and not spends_too_much(too_little):
        enough, too_little = too_little, max(LEAST_NOISE, too_little * 0.9)
    if not spends_too_much(too_little):
        return too_little
    while enough - too_little > PRECISION * enough:
        middle = (enough + too_little) / 2
        if spends_too_much(middle):
            too_little = middle
        else:
            enough = middle
    return enough


def _noise_by_renyi(epsilon: float, sampling_rate: float, steps: int, delta: float) -> float:
    from opacus.accountants import RDPAccountant

    accountant = RDPAccountant()

    def spent(noise: float) -> float:
        accountant.history = [(noise, sampling_rate, steps)]
        return float(accountant.get_epsilon(delta=delta))

    noise = LEAST_NOISE
    with _without_warnings():
        while noise < MOST_NOISE and not spent(noise) <= epsilon:
            noise *= 1.1
    return noise


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keep what the accountants say of overflows in tails that they then leave out, and of orders.

    The result is an upper bound all the same.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
