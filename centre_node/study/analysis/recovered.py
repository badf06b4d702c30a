"""How much of the gain from real donor patches synthetic ones bring."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from centre_node.study.analysis.controls import best_control, real_counterpart
from centre_node.study.analysis.predictions import Matrix
from centre_node.study.analysis.resampled_metrics import MeasuredColumn
from node_api.findings import ArmFacts, RecoveredShare, ShareInterval

METRIC = "auroc"
STANDARD_ERRORS = 1.96
DEVIATION = 0.8
"""Of such a gain over other patients and seeds, in standard errors, where it is near the bound.

Resamples of patients and seeds overstate it there: taken as 1, shares would be corrected too far.
Source: the simulated studies of tests/centre_node/study/analysis/test_error_rates.py.
"""
LEAST_GAIN = 0.5
"""Standard errors that a gain which is shown is taken for at least: a smaller one tells nothing."""
UNBOUNDED = (
    "the real patches' own gain may be none in other patients and seeds, so any share fits the data"
)


def recovered_shares(
    arms: Sequence[ArmFacts], measured: MeasuredColumn
) -> tuple[RecoveredShare, ...]:
    """Return the share of each synthetic arm that has a control and a real counterpart.

    Arms of synthetic lesions only are not among them: their counterpart adds to the own lesions.
    """
    present = [arm for arm in arms if arm.name in measured.column.arms]
    control = best_control(present, measured.column)
    found = []
    for arm in present:
        real = real_counterpart(arm, present)
        if arm.role == "synthetic" and control is not None and real is not None:
            found.append(_recovered(arm, control, real, measured))
    return tuple(found)


def _recovered(
    arm: ArmFacts, control: ArmFacts, real: ArmFacts, measured: MeasuredColumn
) -> RecoveredShare:
    names = arm.name, control.name, real.name
    seeds = measured.seeds_with(METRIC, *names)
    nothing = RecoveredShare(
        classifier=measured.column.classifier,
        train_fraction=measured.column.train_fraction,
        arm=arm.name,
        control=control.name,
        real=real.name,
        share=None,
        interval=None,
        gain_of_real=None,
        reason="no seed has an AUROC of all three arms",
    )
    if not seeds:
        return nothing
    synthetic, without, with_real = (
        float(measured.values(name, METRIC, seeds).mean()) for name in names
    )
    gain, gain_of_real = synthetic - without, with_real - without
    resamples = [measured.resampled_mean(name, METRIC, seeds) for name in names]
    ratio = Ratio.of(gain, gain_of_real, np.stack([part - resamples[1] for part in resamples[::2]]))
    found = {"gain_of_real": gain_of_real, "interval": ratio.interval, "share": None}
    if gain_of_real <= 0:
        reason = (
            f"real patches of {', '.join(real.donors)} gained nothing over the control here, so "
            "there is no share to speak of"
        )
        return nothing.model_copy(update={**found, "reason": reason})
    if ratio.interval.low is None:
        return nothing.model_copy(update={**found, "reason": UNBOUNDED})
    return nothing.model_copy(update={**found, "share": ratio.middle, "reason": None})


@dataclass(frozen=True)
class Ratio:
    """A ratio of two differences that both have errors, and share some of them.

    Attributes:
        variance, variance_below: Of `above` and of `below`, above 0.
        covariance: Of both.
    """

    above: float
    below: float
    variance: float
    variance_below: float
    covariance: float

    @classmethod
    def of(cls, above: float, below: float, resampled: Matrix) -> "Ratio":
        """Take the errors from resamples.

        Args:
            resampled: `above` and `below` in each resample, shape (2, resamples); resamples that
                are not finite are left out.
        """
        kept = resampled[:, np.isfinite(resampled).all(axis=0)]
        (variance, covariance), (_, variance_below) = np.cov(kept, bias=True)
        return cls(above, below, float(variance), float(variance_below), float(covariance))

    @property
    def interval(self) -> ShareInterval:
        """Every ratio r for which above - r below is within 1.96 standard errors of 0.

        Unlike quantiles of resampled ratios it holds the truth as often as it says also where
        `below` is near 0; there it has no bounds.

        Source: Fieller 1954.
        """
        reach = STANDARD_ERRORS**2
        square = self.below**2 - reach * self.variance_below
        if square <= 0:
            return ShareInterval(low=None, high=None)
        middle = self.above * self.below - reach * self.covariance
        root = math.sqrt(max(middle**2 - square * (self.above**2 - reach * self.variance), 0.0))
        return ShareInterval(low=(middle - root) / square, high=(middle + root) / square)

    @property
    def middle(self) -> float:
        """The ratio, corrected for being told only where `below` is 1.96 standard errors above 0.

        Where that is so, `below` was lucky, and with it the plain ratio of a useless generator is
        too high, for it shares the control's bad luck, and that of a perfect one too low. So the
        part of `above` that has nothing to do with `below`'s luck is measured by what `below` would
        be without it. It stays within `interval`.
        """
        if not self.variance_below:
            return self.above / self.below
        slope, error = self.covariance / self.variance_below, math.sqrt(self.variance_below)
        lasting = error * unselected(self.below / error)
        middle = slope + (self.above - slope * self.below) / lasting
        found = self.interval
        assert found.low is not None, "there is no middle where any ratio fits"
        assert found.high is not None, "both ends or none"
        return min(max(middle, found.low), found.high)


def unselected(shown: float) -> float:
    """Return the mean of a normal of deviation 0.8 that is shown only where it is above 1.96.

    It is the mean with which half of what is shown lies above `shown`: right in the median. It is
    0.5 at least.

    Args:
        shown: Above 1.96.
    """

    def excess(mean: float) -> float:
        beyond = norm.logsf(shown, mean, DEVIATION)
        return float(beyond - norm.logsf(STANDARD_ERRORS, mean, DEVIATION) - math.log(0.5))

    if excess(LEAST_GAIN) >= 0:
        return LEAST_GAIN
    return float(brentq(excess, LEAST_GAIN, shown))
