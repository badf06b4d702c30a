"""What a study's comparisons show, once they are corrected for being many."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from centre_node.study.analysis.significance import holm, smallest_p
from node_api.findings import Difference, Interval

LEVEL = 0.05


def judged(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """Return all the comparisons of a study with corrected p values and verdicts.

    Those of a column of the tables with the same metric and the same kind of other arm, baseline or
    control, are corrected together: over the arms, and not over classifiers and training shares,
    which ask the same question again. "too few seeds" are too few for the number of comparisons:
    whatever the arms were, no corrected p could have been below 0.05.
    """
    families: dict[tuple[str, float, str, bool], list[tuple[int, float]]] = defaultdict(list)
    for index, difference in enumerate(differences):
        if difference.p_value is not None:
            against_baseline = difference.against_role == "baseline"
            family = (
                difference.classifier,
                difference.train_fraction,
                difference.metric,
                against_baseline,
            )
            families[family].append((index, difference.p_value))
    found = list(differences)
    for members in families.values():
        corrected = holm([p_value for _, p_value in members])
        for (index, _), p_holm in zip(members, corrected, strict=True):
            found[index] = _judged(differences[index], p_holm, comparisons=len(members))
    return tuple(found)


def _judged(difference: Difference, p_holm: float, *, comparisons: int) -> Difference:
    side = _side_of_nought(difference.interval)
    update: dict[str, object] = {"p_holm": p_holm, "verdict": "no difference shown"}
    if p_holm < LEVEL and side is not None:
        update["verdict"] = side
    elif comparisons * smallest_p(difference.seeds) >= LEVEL:
        update["verdict"] = "too few seeds"
        update["reason"] = _too_few(difference.seeds, comparisons)
    return difference.model_copy(update=update)


def _side_of_nought(interval: Interval | None) -> Literal["higher", "lower"] | None:
    if interval is None or interval.low <= 0 <= interval.high:
        return None
    return "higher" if interval.low > 0 else "lower"


def _too_few(seeds: int, comparisons: int) -> str:
    enough = seeds + 1
    while comparisons * smallest_p(enough) >= LEVEL:
        enough += 1
    return (
        f"no corrected p can be below {min(1.0, comparisons * smallest_p(seeds)):.2g} with "
        f"{seeds} seeds and {comparisons} comparison{'' if comparisons == 1 else 's'}; "
        f"below 0.05 it can with {enough} seeds"
    )
