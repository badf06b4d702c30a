"""The paper's tables, as typed in."""

from collections import Counter

import pytest

from study_report.paper_tables import METRICS, PaperCell, paper_cells

ARMS = [
    "None",
    "BCDR (WGAN-GP)",
    "BCDR (DCGAN)",
    "OPTIMAM (DCGAN)",
    "Both (a)",
    "Both (b)",
    "Real BCDR",
]

SUMS = {
    ("all", "cnn", "accuracy"): 13343,
    ("all", "cnn", "f1"): 10255,
    ("all", "cnn", "auroc"): 13509,
    ("all", "cnn", "auprc"): 12403,
    ("all", "swin", "accuracy"): 13568,
    ("all", "swin", "f1"): 11330,
    ("all", "swin", "auroc"): 13409,
    ("all", "swin", "auprc"): 12399,
    ("masses", "cnn", "accuracy"): 13087,
    ("masses", "cnn", "f1"): 13453,
    ("masses", "cnn", "auroc"): 13637,
    ("masses", "cnn", "auprc"): 13926,
    ("masses", "swin", "accuracy"): 12792,
    ("masses", "swin", "f1"): 13242,
    ("masses", "swin", "auroc"): 13471,
    ("masses", "swin", "auprc"): 13898,
}


def _cell(*column: object, arm: str) -> PaperCell:
    [found] = [cell for cell in paper_cells() if cell.column == column and cell.arm == arm]
    return found


def test_there_are_seven_arms_in_each_of_eight_columns() -> None:
    cells = paper_cells()
    columns = list(dict.fromkeys(cell.column for cell in cells))

    assert len(columns) == 8
    assert [[cell.arm for cell in cells if cell.column == column] for column in columns] == (
        [ARMS] * 8
    )


def test_five_arms_of_seven_are_synthetic() -> None:
    assert Counter(cell.is_synthetic for cell in paper_cells()) == {True: 40, False: 16}


def test_the_gain_that_the_text_names_is_in_the_table() -> None:
    """Section 3: "an F1-score of 0.734 ... of 0.880 ... improves its F1-score by 0.146"."""
    without = _cell("all", "swin", 0.5, arm="None").f1.mean
    with_synthetic = _cell("all", "swin", 0.5, arm="BCDR (DCGAN)").f1.mean

    assert (without, with_synthetic) == (0.734, 0.880)
    assert with_synthetic - without == pytest.approx(0.146)


def test_the_tables_corners_are_read_with_their_std() -> None:
    first = _cell("all", "cnn", 1.0, arm="None").accuracy
    last = _cell("masses", "swin", 0.5, arm="Real BCDR").auprc

    assert (first.mean, first.std, last.mean, last.std) == (0.942, 0.005, 0.979, 0.001)


def test_every_metric_is_a_share_with_a_small_std() -> None:
    measured = [cell.measured(metric) for cell in paper_cells() for metric in METRICS]

    assert len(measured) == 224
    assert all(0.5 <= one.mean < 1 and 0 <= one.std < 0.2 for one in measured)


def test_the_means_and_stds_add_up_to_those_printed() -> None:
    """Sums in thousandths, by column of the two tables: a digit typed wrong changes one."""
    sums = Counter[tuple[str, str, str]]()
    for cell in paper_cells():
        for metric in METRICS:
            one = cell.measured(metric)
            key = (cell.lesions, cell.classifier, metric)
            sums[key] += round(1000 * one.mean) + round(1000 * one.std)

    assert dict(sums) == SUMS
