"""How much privacy noisy steps spend, and how much noise a budget needs.

Source: Gopi et al. 2021 (arXiv 2106.02848), privacy random variables, as Opacus computes them;
the upper end of its error bounds is taken. A step is the Poisson-sampled Gaussian mechanism.
"""

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from centre_node.generators.errors import PrivacyError
from node_api.patient_privacy import LARGEST_EPSILON, LEAST_NOISE, PatientPrivacy

MOST_NOISE = 1e4
PRECISION = 1e-3
"""Share of a noise multiplier by which it may be larger than its budget needs."""

DELTA_POWER = -1.1


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps that are to be accounted for.

    Attributes:
        sampling_rate: Probability that a patient is in a step.
        delta: Probability that epsilon does not hold.
    """

    count: int
    sampling_rate: float
    delta: float


def delta_for(privacy: PatientPrivacy, patients: int) -> float:
    """Return the delta that is given, or that of so many patients, rounded down to one digit.

    It stands on a card, and unrounded it would tell the number of patients exactly.
    """
    if privacy.delta is not None:
        return privacy.delta
    exact = patients**DELTA_POWER
    place = math.floor(math.log10(exact))
    return float(f"{math.floor(exact / 10.0**place)}e{place}")


def spent_epsilon(steps: Steps, noise_multiplier: float) -> float:
    """Return the epsilon that steps with such noise spend, rounded up by the accountant's error."""
    from opacus.accountants import PRVAccountant  # takes seconds, and few trainings need it

    accountant = PRVAccountant()
    accountant.history = [(noise_multiplier, steps.sampling_rate, steps.count)]
    with _without_warnings():
        return float(accountant.get_epsilon(delta=steps.delta))


def needed_noise(steps: Steps, epsilon: float) -> float:
    """Return the least noise multiplier with which steps spend no more than `epsilon`.

    Raises:
        PrivacyError: Even very much noise spends more.
    """

    def suffices(noise: float) -> bool:
        return spent_epsilon(steps, noise) <= epsilon

    enough = _enough_by_renyi(steps, epsilon)
    if not suffices(enough):
        raise PrivacyError(
            f"epsilon {epsilon} with delta {steps.delta:.2g} cannot be kept over {steps.count} "
            f"steps at a sampling_rate of {steps.sampling_rate}: lower epochs or sampling_rate, "
            "or raise epsilon or delta"
        )
    too_little = enough
    while too_little > LEAST_NOISE:
        too_little = max(LEAST_NOISE, too_little * 0.9)
        if not suffices(too_little):
            return _least(suffices, too_little, enough)
        enough = too_little
    return LEAST_NOISE


def _least(suffices: Callable[[float], bool], too_little: float, enough: float) -> float:
    while enough - too_little > PRECISION * enough:
        middle = (enough + too_little) / 2
        if suffices(middle):
            enough = middle
        else:
            too_little = middle
    return enough


def check_countable(steps: Steps, noise_multiplier: float) -> None:
    """Check that noise that was given promises something.

    Raises:
        PrivacyError: Epsilon would be so large that it says nothing, and takes minutes to count.
    """
    bound = _epsilon_by_renyi(steps, noise_multiplier)
    if bound > LARGEST_EPSILON:
        raise PrivacyError(
            f"noise_multiplier {noise_multiplier} over {steps.count} steps at a sampling_rate of "
            f"{steps.sampling_rate} has an epsilon above {LARGEST_EPSILON}, which promises "
            "nothing: raise it, or lower epochs or sampling_rate"
        )


def _enough_by_renyi(steps: Steps, epsilon: float) -> float:
    """Return a little more noise than is needed, by an accountant that is quick and less exact."""
    noise = LEAST_NOISE
    while noise < MOST_NOISE and _epsilon_by_renyi(steps, noise) > epsilon:
        noise *= 1.1
    return noise


def _epsilon_by_renyi(steps: Steps, noise_multiplier: float) -> float:
    from opacus.accountants import RDPAccountant

    accountant = RDPAccountant()
    accountant.history = [(noise_multiplier, steps.sampling_rate, steps.count)]
    with _without_warnings():
        return float(accountant.get_epsilon(delta=steps.delta))


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keep what the accountants say of overflows in tails that they then leave out, and of orders.

    The result is an upper bound all the same.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
