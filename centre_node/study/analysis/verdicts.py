"""What a study's comparisons show, once they are tested together."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import numpy as np

from centre_node.study.analysis.differences import Comparison
from centre_node.study.analysis.significance import LEVEL, JointTest, joint_test
from node_api.findings import Difference, Interval

FEWEST_SEEDS = 5
"""With fewer the spread of seeds is known too badly for a verdict."""
POWER_80 = 0.84
"""Standard errors beyond what is needed, at which four of five studies show a difference."""


def judged(comparisons: Sequence[Comparison]) -> tuple[Difference, ...]:
    """Return the comparisons of a column with p values and verdicts, in the same order.

    Those with the same metric and the same kind of other arm, baseline or control, are tested
    together: over the arms, and not over classifiers and training shares, which ask the same
    question again. Were all arms alike, at most one study in twenty would call any of them "higher"
    or "lower".
    """
    families: dict[tuple[str, bool], list[int]] = defaultdict(list)
    found = [comparison.difference for comparison in comparisons]
    for index, one in enumerate(found):
        if one.difference is not None and np.isfinite(comparisons[index].resampled).any():
            families[one.metric, one.against_role == "baseline"].append(index)
    for members in families.values():
        tested = joint_test(
            np.array([found[index].difference for index in members], dtype=np.float64),
            np.stack([comparisons[index].resampled for index in members]),
        )
        for place, index in enumerate(members):
            found[index] = _judged(found[index], tested, place)
    return tuple(found)


def _judged(difference: Difference, tested: JointTest, place: int) -> Difference:
    if difference.seeds < FEWEST_SEEDS:
        reason = f"a verdict needs {FEWEST_SEEDS} seeds, and there {_seeds(difference.seeds)}"
        return difference.model_copy(update={"verdict": "too few seeds", "reason": reason})
    adjusted = float(tested.adjusted[place])
    side = _side_of_nought(difference.interval)
    is_shown = adjusted < LEVEL and side is not None
    return difference.model_copy(
        update={
            "p_patients": float(tested.alone[place]),
            "p_adjusted": adjusted,
            "smallest_detectable": float((tested.critical + POWER_80) * tested.errors[place]),
            "verdict": side if is_shown else "no difference shown",
        }
    )


def _side_of_nought(interval: Interval | None) -> Literal["higher", "lower"] | None:
    if interval is None or interval.low <= 0 <= interval.high:
        return None
    return "higher" if interval.low > 0 else "lower"


def _seeds(count: int) -> str:
    return "is one" if count == 1 else f"are {count}"
