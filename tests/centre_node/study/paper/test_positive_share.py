"""What accuracy and F1 betray of a test set."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from centre_node.study.paper.positive_share import (
    common_test_set,
    f1_of,
    highest_mean_f1,
    misfits,
    positive_share,
    true_positives,
)
from study_report.paper_tables import Measured, PaperCell, paper_cells

COUNT = st.integers(1, 500)


def _measured(mean: float) -> Measured:
    return Measured(mean=mean, std=0.001)


def _made_up(arm: str, *, tp: int, fp: int, fn: int, patches: int = 1000) -> PaperCell:
    """Return what a test with these counts would print."""
    return PaperCell(
        lesions="all",
        classifier="cnn",
        train_fraction=1,
        arm=arm,
        accuracy=_measured(round(1 - (fp + fn) / patches, 3)),
        f1=_measured(round(2 * tp / (2 * tp + fp + fn), 3)),
        auroc=_measured(0.9),
        auprc=_measured(0.9),
    )


# 100 positives of 1000 patches.
FITTING = [
    _made_up("None", tp=90, fp=20, fn=10),
    _made_up("Both (a)", tp=60, fp=5, fn=40),
    _made_up("Both (b)", tp=99, fp=150, fn=1),
]


def test_a_tenth_true_positives() -> None:
    assert true_positives(accuracy=0.9, f1=2 / 3) == pytest.approx(0.1)


@given(tp=COUNT, fp=COUNT, fn=COUNT, tn=COUNT)
def test_the_true_positives_of_any_test_come_back(tp: int, fp: int, fn: int, tn: int) -> None:
    truth = [1] * (tp + fn) + [0] * (fp + tn)
    said = [1] * tp + [0] * fn + [1] * fp + [0] * tn
    accuracy, f1 = accuracy_score(truth, said), f1_score(truth, said)

    assert true_positives(accuracy, f1) == pytest.approx(tp / len(truth))
    assert f1_of(tp / len(truth), (fp + fn) / len(truth)) == pytest.approx(f1)


@pytest.mark.parametrize("cell", FITTING, ids=lambda cell: cell.arm)
def test_the_positive_class_lies_in_the_range_of_a_rounded_cell(cell: PaperCell) -> None:
    share = positive_share(cell)

    assert share.low <= 0.1 <= share.high


def test_cells_of_one_test_set_have_a_share_in_common() -> None:
    found = common_test_set(FITTING)

    assert (found.fitting, found.cells) == (3, 3)
    assert found.positive.low <= 0.1 <= found.positive.high
    assert misfits(FITTING, found) == ()


def test_a_cell_of_another_test_set_is_found() -> None:
    foreign = _made_up("Real BCDR", tp=300, fp=20, fn=20)
    cells = [foreign, *FITTING]
    found = common_test_set(cells)
    [misfit] = misfits(cells, found)

    assert found.fitting == 3
    assert misfit.cell == foreign
    assert misfit.true_positives == pytest.approx(0.3, abs=0.005)
    assert misfit.others.high < 0.11
    assert misfit.f1_like_others.high < misfit.highest_f1 < foreign.f1.mean


@given(errors=st.lists(st.floats(0.001, 0.3), min_size=3, max_size=3), share=st.floats(0.01, 0.6))
def test_no_three_seeds_beat_the_highest_f1(errors: list[float], share: float) -> None:
    mean_f1 = sum(f1_of(share, error) for error in errors) / 3

    assert mean_f1 <= highest_mean_f1(_measured(1 - sum(errors) / 3), share)


def test_about_8_percent_of_all_lesions_test_set_are_positive() -> None:
    found = common_test_set([cell for cell in paper_cells() if cell.lesions == "all"])

    assert found.positive.low == pytest.approx(0.080, abs=5e-4)
    assert found.positive.high == pytest.approx(0.089, abs=5e-4)
    assert found.positive_of_steady.low == pytest.approx(0.073, abs=5e-4)


def test_about_80_percent_of_the_masses_test_set_are_positive() -> None:
    found = common_test_set([cell for cell in paper_cells() if cell.lesions == "masses"])

    assert found.positive.low == pytest.approx(0.791, abs=5e-4)
    assert found.positive.high == pytest.approx(0.833, abs=5e-4)
    assert found.positive_of_steady.low == pytest.approx(0.777, abs=5e-4)
