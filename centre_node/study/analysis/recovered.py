"""How much of the gain from real donor patches synthetic ones bring."""

from collections.abc import Sequence

import numpy as np

from centre_node.study.analysis.controls import control_of, real_counterpart
from centre_node.study.analysis.resampled_metrics import MeasuredColumn
from centre_node.study.analysis.resampling import interval_of
from node_api.findings import ArmFacts, RecoveredShare

METRIC = "auroc"


def recovered_shares(
    arms: Sequence[ArmFacts], measured: MeasuredColumn
) -> tuple[RecoveredShare, ...]:
    """Return the share of each synthetic arm that has a control and a real counterpart.

    Arms of synthetic lesions only are not among them: their counterpart adds to the own lesions.
    """
    present = [arm for arm in arms if arm.name in measured.column.arms]
    found = []
    for arm in present:
        control, real = control_of(arm, present), real_counterpart(arm, present)
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
    resamples = [measured.resampled_mean(name, METRIC, seeds) for name in names]
    gains, gains_of_real = resamples[0] - resamples[1], resamples[2] - resamples[1]
    interval_of_real = interval_of(gains_of_real)
    gain_of_real = with_real - without
    if interval_of_real is None or min(interval_of_real.low, gain_of_real) <= 0:
        reason = (
            f"real patches of {', '.join(real.donors)} show no gain over the control here, so "
            "there is nothing to recover"
        )
        return nothing.model_copy(update={"gain_of_real": gain_of_real, "reason": reason})
    ratios = np.divide(
        gains, gains_of_real, out=np.full_like(gains, np.nan), where=gains_of_real != 0
    )
    return nothing.model_copy(
        update={
            "share": (synthetic - without) / gain_of_real,
            "interval": interval_of(ratios),
            "gain_of_real": gain_of_real,
            "reason": None,
        }
    )
