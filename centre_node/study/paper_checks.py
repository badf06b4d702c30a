"""What can be recomputed from the paper's tables, as they are printed."""

from collections.abc import Iterator, Sequence
from itertools import product

from scipy.stats import ttest_ind_from_stats

from centre_node.study.findings import Interval
from centre_node.study.paper_tables import METRICS, PaperCell, PaperMetric, PaperValue, paper_cells
from shared.models import StrictModel

SEEDS = 3
LEVEL = 0.05
ROUNDING = 0.0005


class ShareOfHealthy(StrictModel):
    """The share of healthy test patches that a table's accuracies and F1 scores agree on.

    Attributes:
        share: Shares that `consistent` cells all allow.
        outliers: Cells that do not allow any of them.
        highest_f1: What each outlier's F1 can be at most, with its accuracy and such a share.
    """

    lesions: str
    share: Interval
    consistent: int
    cells: int
    outliers: tuple[PaperCell, ...]
    highest_f1: tuple[float, ...]


class Gain(StrictModel):
    """A cell with synthetic patches against the arm None of the same column.

    `p_value` is that of Welch's test for its metric over three seeds, uncorrected.
    """

    lesions: str
    classifier: str
    train_fraction: float
    arm: str
    metric: PaperMetric
    gain: float
    p_value: float

    @property
    def is_significant(self) -> bool:
        """Whether it is a gain at all, with p below 0.05."""
        return self.gain > 0 and self.p_value < LEVEL


class PaperChecks(StrictModel):
    """Everything that is recomputed."""

    shares: tuple[ShareOfHealthy, ...]
    gains: tuple[Gain, ...]

    def of(self, metric: PaperMetric) -> tuple[Gain, ...]:
        """Return the 40 comparisons in a metric."""
        return tuple(gain for gain in self.gains if gain.metric == metric)


def paper_checks() -> PaperChecks:
    """Recompute what the printed tables allow."""
    cells = paper_cells()
    return PaperChecks(
        shares=tuple(
            share_of_healthy([cell for cell in cells if cell.lesions == lesions])
            for lesions in dict.fromkeys(cell.lesions for cell in cells)
        ),
        gains=tuple(_gains(cells)),
    )


def healthy_share(accuracy: float, f1: float) -> Interval:
    """Return which shares of healthy test patches, the positive class, fit a run.

    With e = 1 - accuracy, true positives are a share of e F1 / (2 (1 - F1)), and of the healthy
    patches between none and e are missed. Both numbers may have been rounded to three decimals. A
    table holds means over seeds, for which this is nearly true while the seeds are alike.
    """
    lows, highs = [], []
    for error, f1_score in product(_rounded(1 - accuracy), _rounded(f1)):
        found = error * f1_score / (2 * (1 - f1_score))
        lows.append(found)
        highs.append(found + error)
    return Interval(low=min(lows), high=max(highs))


def highest_f1(accuracy: float, share: float) -> float:
    """Return the F1 of a run that misses no patch of the positive class, whose share is given."""
    return 2 * share / (2 * share + 1 - accuracy)


def share_of_healthy(cells: Sequence[PaperCell]) -> ShareOfHealthy:
    """Return the share that most cells allow, and the cells that do not."""
    allowed = [
        healthy_share(cell.metrics["accuracy"].mean, cell.metrics["f1"].mean) for cell in cells
    ]
    best = max(
        (interval.low for interval in allowed),
        key=lambda share: sum(_holds(interval, share) for interval in allowed),
    )
    agreeing = [interval for interval in allowed if _holds(interval, best)]
    share = Interval(
        low=max(interval.low for interval in agreeing),
        high=min(interval.high for interval in agreeing),
    )
    outliers = [
        cell for cell, interval in zip(cells, allowed, strict=True) if not _holds(interval, best)
    ]
    return ShareOfHealthy(
        lesions=cells[0].lesions,
        share=share,
        consistent=len(agreeing),
        cells=len(cells),
        outliers=tuple(outliers),
        highest_f1=tuple(
            highest_f1(cell.metrics["accuracy"].mean, share.high) for cell in outliers
        ),
    )


def welch_p(first: PaperValue, second: PaperValue) -> float:
    """Return the two-sided p of Welch's test of two means over three seeds each."""
    return float(
        ttest_ind_from_stats(
            first.mean, first.std, SEEDS, second.mean, second.std, SEEDS, equal_var=False
        ).pvalue
    )


def _gains(cells: Sequence[PaperCell]) -> Iterator[Gain]:
    without = {_column(cell): cell for cell in cells if cell.role == "baseline"}
    for cell, metric in product(cells, METRICS):
        if cell.role == "synthetic":
            ours, theirs = cell.metrics[metric], without[_column(cell)].metrics[metric]
            yield Gain(
                lesions=cell.lesions,
                classifier=cell.classifier,
                train_fraction=cell.train_fraction,
                arm=cell.arm,
                metric=metric,
                gain=round(ours.mean - theirs.mean, 3),
                p_value=welch_p(ours, theirs),
            )


def _column(cell: PaperCell) -> tuple[str, str, float]:
    return cell.lesions, cell.classifier, cell.train_fraction


def _rounded(value: float) -> tuple[float, float]:
    return value - ROUNDING, value + ROUNDING


def _holds(interval: Interval, share: float) -> bool:
    return interval.low <= share <= interval.high
