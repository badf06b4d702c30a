"""What accuracy and F1 betray of a test set.

With TP the share of the test patches that are true positives, and FP + FN = 1 - accuracy,

    F1 = 2 TP / (2 TP + FP + FN)    gives    TP = F1 (1 - accuracy) / (2 (1 - F1)).

The positive class's share of the test patches, TP + FN, then lies between TP and TP + 1 - accuracy.
All cells of a table should have been tested on the same patches: then one share lies in all their
ranges. The paper does not say which class is positive; in its published code it is healthy.

The formulas hold for each seed. For means over seeds they hold the better the less the seeds
differ; where TP varies little, F1 is a convex function of the errors and TP comes out too large.
`STEADY` says which cells are little affected.
"""

from collections.abc import Sequence
from statistics import median

from shared.models import StrictModel
from study_report.paper_tables import SEEDS, Measured, PaperCell

STEADY = 0.01
"""The largest std of the accuracy of a cell whose seeds differ little."""

HALF_A_DIGIT = 0.0005
"""What rounding to three decimals can hide."""


class Share(StrictModel):
    """A range of shares of the test patches, 0 to 1, both ends included."""

    low: float
    high: float

    def holds(self, other: "Share") -> bool:
        """Whether all of the other range lies in this one."""
        return self.low <= other.low and other.high <= self.high


class CommonTestSet(StrictModel):
    """The test set that most cells of a table have in common.

    Attributes:
        positive: The share of F1's positive class that fits the most cells.
        positive_of_steady: The same of the cells alone whose seeds differ little.
        fitting: How many of the table's `cells` it fits.
    """

    positive: Share
    positive_of_steady: Share
    fitting: int
    cells: int


class Misfit(StrictModel):
    """A cell whose accuracy and F1 were not measured on its table's test set.

    Attributes:
        true_positives: The share that it implies; `others` is what its column's other arms imply.
        f1_like_others: What F1 would be, with its accuracy and the others' true positives.
        f1_like_median: The same with their median.
        highest_f1: What F1 could be at most with its accuracy, whatever its seeds were.
    """

    cell: PaperCell
    true_positives: float
    others: Share
    f1_like_others: Share
    f1_like_median: float
    highest_f1: float


def true_positives(accuracy: float, f1: float) -> float:
    """Return the share of the test patches that are true positives, from 0.

    Args:
        accuracy: 0 to 1.
        f1: 0 to below 1.
    """
    return f1 * (1 - accuracy) / (2 * (1 - f1))


def f1_of(true_positives: float, errors: float) -> float:
    """Return F1, 0 to 1, of a share of true positives above 0 and a share of errors."""
    return 2 * true_positives / (2 * true_positives + errors)


def positive_share(cell: PaperCell) -> Share:
    """Return between what the positive class's share must be, with room for rounding."""
    accuracy, f1 = cell.accuracy.mean, cell.f1.mean
    lowest = true_positives(accuracy + HALF_A_DIGIT, f1 - HALF_A_DIGIT)
    highest = true_positives(accuracy - HALF_A_DIGIT, f1 + HALF_A_DIGIT)
    return Share(low=lowest, high=highest + 1 - accuracy + HALF_A_DIGIT)


def common_test_set(cells: Sequence[PaperCell]) -> CommonTestSet:
    """Return the test set that fits the most cells of a table; at least one must be steady."""
    shares = [positive_share(cell) for cell in cells]
    steady = [positive_share(cell) for cell in cells if cell.accuracy.std <= STEADY]
    positive = _most_common(shares)
    return CommonTestSet(
        positive=positive,
        positive_of_steady=_most_common(steady),
        fitting=sum(share.holds(positive) for share in shares),
        cells=len(cells),
    )


def misfits(cells: Sequence[PaperCell], test_set: CommonTestSet) -> tuple[Misfit, ...]:
    """Return the cells of a table that its test set does not fit."""
    return tuple(
        _misfit(cell, [other for other in cells if other.column == cell.column], test_set.positive)
        for cell in cells
        if not positive_share(cell).holds(test_set.positive)
    )


def highest_mean_f1(accuracy: Measured, positive: float) -> float:
    """Return an upper bound of the F1's mean over the seeds, 0 to 1.

    At best every positive is found, so that F1 is 2 p / (2 p + errors). That is convex in the
    errors: for a given sum of them its mean is largest where one seed makes them all.

    Args:
        positive: The positive class's share of the test patches, above 0.
    """
    errors = SEEDS * (1 - accuracy.mean - HALF_A_DIGIT)
    return (SEEDS - 1 + f1_of(positive, errors)) / SEEDS


def _misfit(cell: PaperCell, column: Sequence[PaperCell], positive: Share) -> Misfit:
    others = [_true_positives(other) for other in column if other != cell]
    errors = 1 - cell.accuracy.mean
    return Misfit(
        cell=cell,
        true_positives=_true_positives(cell),
        others=Share(low=min(others), high=max(others)),
        f1_like_others=Share(low=f1_of(min(others), errors), high=f1_of(max(others), errors)),
        f1_like_median=f1_of(median(others), errors),
        highest_f1=highest_mean_f1(cell.accuracy, positive.high),
    )


def _true_positives(cell: PaperCell) -> float:
    return true_positives(cell.accuracy.mean, cell.f1.mean)


def _most_common(shares: Sequence[Share]) -> Share:
    """Return the range that lies in the most of the given ones; of several, the lowest."""
    low = max(
        sorted(share.low for share in shares),
        key=lambda start: sum(share.low <= start <= share.high for share in shares),
    )
    return Share(low=low, high=min(s.high for s in shares if s.low <= low <= s.high))
