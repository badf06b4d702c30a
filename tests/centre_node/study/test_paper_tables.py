import pytest

from centre_node.study.paper_tables import METRICS, PaperCell, PaperMetric, paper_cells


def cell(lesions: str, classifier: str, fraction: float, arm: str) -> PaperCell:
    (found,) = (
        cell
        for cell in paper_cells()
        if (cell.lesions, cell.classifier, cell.train_fraction, cell.arm)
        == (lesions, classifier, fraction, arm)
    )
    return found


def test_both_tables_have_seven_arms_for_two_classifiers_and_two_shares() -> None:
    cells = paper_cells()
    columns = {(cell.lesions, cell.classifier, cell.train_fraction) for cell in cells}

    assert len(cells) == 56
    assert len(columns) == 8
    assert all(set(cell.metrics) == set(METRICS) for cell in cells)


@pytest.mark.parametrize(
    ("where", "metric", "mean", "std"),
    [
        (("all", "cnn", 1.0, "None"), "accuracy", 0.942, 0.005),
        (("all", "swin", 0.5, "BCDR (DCGAN)"), "f1", 0.880, 0.066),
        (("all", "swin", 0.5, "Real BCDR"), "auprc", 0.873, 0.001),
        (("masses", "cnn", 0.5, "Both (a)"), "auroc", 0.946, 0.026),
        (("masses", "swin", 0.5, "Real BCDR"), "auprc", 0.979, 0.001),
    ],
)
def test_numbers_are_where_the_paper_prints_them(
    where: tuple[str, str, float, str], metric: PaperMetric, mean: float, std: float
) -> None:
    value = cell(*where).metrics[metric]

    assert (value.mean, value.std) == (mean, std)


def test_the_gain_in_f1_that_the_papers_text_names_is_that_of_its_table() -> None:
    with_synthetic = cell("all", "swin", 0.5, "BCDR (DCGAN)").metrics["f1"].mean
    without = cell("all", "swin", 0.5, "None").metrics["f1"].mean

    assert with_synthetic - without == pytest.approx(0.146)


def test_arms_are_called_as_in_our_studies() -> None:
    roles = {(cell.arm, cell.role, cell.donors) for cell in paper_cells()}

    assert roles == {
        ("None", "baseline", 0),
        ("BCDR (WGAN-GP)", "synthetic", 1),
        ("BCDR (DCGAN)", "synthetic", 1),
        ("OPTIMAM (DCGAN)", "synthetic", 1),
        ("Both (a)", "synthetic", 2),
        ("Both (b)", "synthetic", 2),
        ("Real BCDR", "real donor", 1),
    }
