"""How far the paper's tables bear out that synthetic patches help."""

from collections.abc import Sequence

from scipy.stats import ttest_ind_from_stats

from centre_node.study.analysis.significance import holm
from centre_node.study.paper.positive_share import (
    CommonTestSet,
    Misfit,
    common_test_set,
    misfits,
    positive_share,
    true_positives,
)
from node_api.classifier_training import ClassifierName
from shared.models import StrictModel
from study_report.paper_tables import (
    METRICS,
    NOT_AUGMENTED,
    SEEDS,
    Lesions,
    Metric,
    PaperCell,
    paper_cells,
)

SIGNIFICANT = 0.05


class CheckedCell(StrictModel):
    """A cell, and whether it fits its table's test set.

    Attributes:
        true_positives: Share of the test patches that its accuracy and F1 imply.
    """

    cell: PaperCell
    true_positives: float
    fits: bool


class Gain(StrictModel):
    """A synthetic arm's mean against that of the arm "None" of the same column.

    Attributes:
        p_welch: Two-sided, of Welch's t-test on three seeds each, uncorrected.
        p_holm: The same corrected over the 40 comparisons of the metric.
    """

    lesions: Lesions
    classifier: ClassifierName
    train_fraction: float
    arm: str
    gain: float
    p_welch: float
    p_holm: float

    @property
    def is_significant(self) -> bool:
        """Whether it is a gain that the uncorrected test finds."""
        return self.gain > 0 and self.p_welch < SIGNIFICANT


class Gains(StrictModel):
    """All comparisons of a metric.

    Attributes:
        higher: Synthetic arms above "None"; `equal` and `lower` are the others.
        significant: Of those, p below 0.05 uncorrected; `significant_holm` is corrected.
        significant_masses_swin: Of the uncorrected ones, masses with the Swin Transformer.
    """

    metric: Metric
    higher: int
    equal: int
    lower: int
    significant: int
    significant_masses_swin: int
    significant_holm: int
    gains: tuple[Gain, ...]


class PaperChecks(StrictModel):
    """What the paper's own numbers show, recomputed from them."""

    cells: tuple[CheckedCell, ...]
    test_sets: dict[Lesions, CommonTestSet]
    misfits: tuple[Misfit, ...]
    gains: tuple[Gains, ...]


def paper_checks() -> PaperChecks:
    """Return the paper's tables and what follows from them.

    Source: paper section 3, tables 1 and 2.
    """
    cells = paper_cells()
    tables: dict[Lesions, list[PaperCell]] = {}
    for cell in cells:
        tables.setdefault(cell.lesions, []).append(cell)
    test_sets = {lesions: common_test_set(table) for lesions, table in tables.items()}
    return PaperChecks(
        cells=tuple(_checked(cell, test_sets[cell.lesions]) for cell in cells),
        test_sets=test_sets,
        misfits=tuple(
            misfit
            for lesions, table in tables.items()
            for misfit in misfits(table, test_sets[lesions])
        ),
        gains=tuple(_gains(cells, metric) for metric in METRICS),
    )


def _checked(cell: PaperCell, test_set: CommonTestSet) -> CheckedCell:
    return CheckedCell(
        cell=cell,
        true_positives=true_positives(cell.accuracy.mean, cell.f1.mean),
        fits=positive_share(cell).holds(test_set.positive),
    )


def _gains(cells: Sequence[PaperCell], metric: Metric) -> Gains:
    baselines = {cell.column: cell for cell in cells if cell.arm == NOT_AUGMENTED}
    arms = [cell for cell in cells if cell.is_synthetic]
    p_values = [_welch_p(arm, baselines[arm.column], metric) for arm in arms]
    gains = tuple(
        Gain(
            lesions=arm.lesions,
            classifier=arm.classifier,
            train_fraction=arm.train_fraction,
            arm=arm.arm,
            gain=_gain(arm, baselines[arm.column], metric),
            p_welch=p_welch,
            p_holm=p_holm,
        )
        for arm, p_welch, p_holm in zip(arms, p_values, holm(p_values), strict=True)
    )
    significant = [gain for gain in gains if gain.is_significant]
    return Gains(
        metric=metric,
        higher=sum(gain.gain > 0 for gain in gains),
        equal=sum(gain.gain == 0 for gain in gains),
        lower=sum(gain.gain < 0 for gain in gains),
        significant=len(significant),
        significant_masses_swin=sum(
            (gain.lesions, gain.classifier) == ("masses", "swin") for gain in significant
        ),
        significant_holm=sum(gain.p_holm < SIGNIFICANT for gain in significant),
        gains=gains,
    )


def _gain(arm: PaperCell, baseline: PaperCell, metric: Metric) -> float:
    """Return the difference to the paper's three decimals."""
    return round(arm.measured(metric).mean - baseline.measured(metric).mean, 3)


def _welch_p(arm: PaperCell, baseline: PaperCell, metric: Metric) -> float:
    one, other = arm.measured(metric), baseline.measured(metric)
    test = ttest_ind_from_stats(
        one.mean, one.std, SEEDS, other.mean, other.std, SEEDS, equal_var=False
    )
    return float(test.pvalue)
