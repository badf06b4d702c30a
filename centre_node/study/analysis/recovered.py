"""How much of the gain from real donor patches synthetic ones bring."""

from collections.abc import Sequence

import numpy as np

from centre_node.study.analysis.controls import best_control, real_counterpart
from centre_node.study.analysis.predictions import Matrix
from centre_node.study.analysis.resampled_metrics import MeasuredColumn
from node_api.findings import ArmFacts, RecoveredShare, ShareInterval

METRIC = "auroc"
STANDARD_ERRORS = 1.96


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
    found = {
        "gain_of_real": gain_of_real,
        "interval": ratio_interval(
            gain, gain_of_real, np.stack([part - resamples[1] for part in resamples[::2]])
        ),
    }
    if gain_of_real <= 0:
        reason = (
            f"real patches of {', '.join(real.donors)} gained nothing over the control here, so "
            "there is no share to speak of"
        )
        return nothing.model_copy(update={**found, "reason": reason})
    return nothing.model_copy(update={**found, "share": gain / gain_of_real, "reason": None})


def ratio_interval(above: float, below: float, resampled: Matrix) -> ShareInterval:
    """Return every ratio r for which above - r below is within 1.96 standard errors of 0.

    Unlike quantiles of resampled ratios it holds the truth as often as it says also where `below`
    is near 0; there it has no bounds.

    Args:
        resampled: `above` and `below` in each resample, shape (2, resamples); resamples that are
            not finite are left out.

    Source: Fieller 1954.
    """
    kept = resampled[:, np.isfinite(resampled).all(axis=0)]
    (variance, shared), (_, variance_below) = STANDARD_ERRORS**2 * np.cov(kept, bias=True)
    square, middle = below**2 - variance_below, above * below - shared
    root = middle**2 - square * (above**2 - variance)
    if square <= 0:
        return ShareInterval(low=None, high=None)
    reach = np.sqrt(max(root, 0.0))
    return ShareInterval(
        low=float((middle - reach) / square), high=float((middle + reach) / square)
    )
