"""Numbers of patients are rounded before they leave."""

import pytest

from shared.fidelity import FidelityReport, FidelityRow
from shared.leaving import told_count, told_fidelity
from tests.packages import a_fidelity_report


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, 0), (4, 0), (5, 5), (9, 5), (99, 95), (100, 100), (109, 100), (612, 610), (1148, 1140)],
)
def test_counts_are_rounded_down(count: int, told: int) -> None:
    assert told_count(count) == told


def test_a_rounded_count_is_never_above_the_count_nor_far_from_it_and_stays_as_it_is() -> None:
    for count in range(3000):
        told = told_count(count)
        assert 0 <= count - told < (5 if count < 100 else 10)
        assert told_count(told) == told


def _report(**synthetic: object) -> FidelityReport:
    report = a_fidelity_report(137)
    row = FidelityRow.model_validate(report.synthetic.model_dump() | synthetic)
    collapse = report.mode_collapse.model_copy(update={"spread_share": 0.98765})
    return report.model_copy(update={"synthetic": row, "mode_collapse": collapse})


def test_a_told_report_has_three_digits_of_each_number_and_no_seed() -> None:
    exact = _report(
        kid=-0.00123, kid_interval=(-0.0123, 6.54321), recall=0.123456, frechet=1234.5678
    )

    told = told_fidelity(exact)

    assert told is not None
    assert (told.seed, told.frechet_dimensions) == (None, None)
    assert "seed" not in told.model_dump()
    row = told.synthetic
    assert (row.patches, told.real_real.patches) == (130, 130)
    assert (row.kid, row.kid_interval) == (0.0, (-0.01, 6.54))
    assert str(row.kid) == "0.0"
    assert (row.recall, row.frechet) == (0.12, 1230.0)
    assert told.mode_collapse.spread_share == 0.99
    assert told.other_centre is None
    assert told_fidelity(told) == told


def test_a_number_is_rounded_once_as_the_sentence_beside_it_rounds_it() -> None:
    report = _report()
    for exact in (0.7351, 0.7349, 0.0951, 1.2345, 9.996):
        collapse = report.mode_collapse.model_copy(update={"spread_share": exact})

        told = told_fidelity(report.model_copy(update={"mode_collapse": collapse}))

        assert told is not None
        assert f"{told.mode_collapse.spread_share:.2f}" == f"{exact:.2f}"


def test_an_undefined_number_stays_so_with_its_reason() -> None:
    told = told_fidelity(_report(auroc=None, reasons={"auroc": "too few patients"}))

    assert told is not None
    assert (told.synthetic.auroc, told.synthetic.reasons) == (None, {"auroc": "too few patients"})


def test_a_report_that_judges_nothing_is_not_told() -> None:
    assert told_fidelity(a_fidelity_report(19)) is None
