from dataclasses import replace

from node_api.findings import ShareInterval
from node_api.tasks import BENIGN_OR_MALIGNANT
from study_report.paper_beside import paper_beside
from study_report.presented import Presented
from study_report.tables import (
    StudyTable,
    arms_table,
    balance_table,
    difference_tables,
    metric_tables,
    recovered_table,
)
from tests.study_report.made_up import NONE, REAL_B, REPEATED, B, a_difference, a_study

NBSP = "\N{NO-BREAK SPACE}"


def row(table: StudyTable, label: str, section: str = "") -> list[str]:
    (found,) = (found for found in table.rows if (found.label, found.section) in {(label, section)})
    return [value.text for value in found.values]


def test_the_first_table_has_the_papers_layout() -> None:
    table = metric_tables(a_study(classifiers=("cnn", "swin")))[0]

    assert [heading.text for heading in table.headings] == ["Accuracy", "F1", "AUROC", "AUPRC"] * 2
    assert table.spans == (
        (f"100{NBSP}% of the training patients", 4),
        (f"50{NBSP}% of the training patients", 4),
    )
    assert len(table.rows) == 20
    assert {found.section for found in table.rows} == {"CNN", "Swin"}


def test_a_cell_is_mean_deviation_and_interval() -> None:
    study = a_study(arms=(NONE, B), fractions=(1.0,), seeds=2)
    auroc = study.result.findings.cells[1].metrics["auroc"]
    assert auroc.interval is not None
    table = metric_tables(study)[0]
    value = table.rows[1].values[2]

    assert value.text == f"{auroc.mean:.3f} ({auroc.std:.3f})"
    assert value.beneath == f"{auroc.interval.low:.3f} to {auroc.interval.high:.3f}"


def test_every_table_of_measures_states_the_prevalence() -> None:
    for table in metric_tables(a_study()):
        assert f"240 test patches, of which 50{NBSP}% show a lesion" in table.note


def test_three_shares_of_the_training_data_take_two_tables() -> None:
    tables = metric_tables(a_study(fractions=(0.15, 1.0, 0.5)))

    assert [len(table.spans) for table in tables[:2]] == [2, 1]
    assert tables[0].spans[0][0].startswith("100")
    assert tables[1].spans[0][0].startswith("15")


def test_columns_with_healthy_as_the_positive_class_stand_beside() -> None:
    beside = metric_tables(a_study())[1]

    assert [heading.text for heading in beside.headings[:2]] == ["F1, healthy", "AUPRC, healthy"]


def test_differences_with_a_control_come_before_those_with_the_own_patches() -> None:
    (table,) = difference_tables(a_study(fractions=(1.0,)), "auroc")
    sections = list(dict.fromkeys(found.section for found in table.rows))

    assert sections == [
        "Against the control: own lesions repeated",
        "Against own patches alone: none",
    ]
    assert row(table, "B", sections[0]) == [
        "+0.040",
        "+0.016 to +0.064",
        "0.021",
        "0.042",
        "0.031",
        f"<{NBSP}0.001",
        "0.034",
        "higher",
    ]


def test_a_reason_that_many_rows_have_is_said_once() -> None:
    few = tuple(
        a_difference(arm, verdict="too few seeds", reason="six seeds would do", seeds=3)
        for arm in ("B", "C")
    )
    (table,) = difference_tables(a_study(fractions=(1.0,), differences=few), "auroc")

    assert table.note == "Too few seeds: six seeds would do."


def test_delong_is_a_cross_check_of_the_auroc_alone() -> None:
    (table,) = difference_tables(a_study(fractions=(1.0,)), "auprc")

    assert "p, DeLong" not in [heading.text for heading in table.headings]
    assert all(len(found.values) == len(table.headings) for found in table.rows)


def test_recovered_shares_that_are_undefined_say_why() -> None:
    table = recovered_table(a_study(fractions=(1.0,)))
    assert table is not None

    title = f"CNN, 100{NBSP}% of the training patients"

    assert row(table, "B", title)[-2:] == [f"67{NBSP}% (37 to 93)", ""]
    assert row(table, "C", title)[-2] == "undefined"
    assert "no share to speak of" in row(table, "C", title)[-1]


def test_a_share_without_bounds_has_no_number() -> None:
    study = a_study(fractions=(1.0,))
    told = study.result.findings.recovered
    unbounded = told[0].model_copy(
        update={"share": None, "interval": ShareInterval(low=None, high=None), "reason": "why"}
    )

    table = recovered_table(a_study(fractions=(1.0,), recovered=(unbounded, *told[1:])))

    assert table is not None
    title = f"CNN, 100{NBSP}% of the training patients"
    assert row(table, "B", title)[-2:] == ["not told (unbounded)", "why"]


def test_without_a_recovered_share_there_is_no_table_of_them() -> None:
    assert recovered_table(a_study(arms=(NONE, B))) is None


def test_arms_say_what_they_add_and_count() -> None:
    table = arms_table(a_study())

    assert row(table, "own lesions repeated") == [
        "200 own lesions over again, 200 own healthy patches",
        "772",
        "0",
    ]


def test_shares_of_patients_are_whole_percent() -> None:
    study = a_study()
    part = study.result.balance[0].model_copy(update={"densities": {"1": 1 / 14, "2": 13 / 14}})
    result = study.result.model_copy(update={"balance": (part,)})

    (found,) = balance_table(Presented(study.configuration, result)).rows

    assert found.values[-1].text == f"1: 7{NBSP}%, 2: 93{NBSP}%"


def test_the_papers_numbers_stand_beside_arms_that_add_the_same() -> None:
    (table,) = paper_beside(a_study())
    by_section: dict[str, list[str]] = {}
    for found in table.rows:
        by_section.setdefault(found.section, []).append(found.label)

    assert by_section == {
        "Own patches alone": ["none", "paper: None"],
        "Synthetic lesions of one centre": [
            "B",
            "C",
            "paper: BCDR (WGAN-GP)",
            "paper: BCDR (DCGAN)",
            "paper: OPTIMAM (DCGAN)",
        ],
        "Synthetic lesions of two centres": ["B + C", "paper: Both (a)", "paper: Both (b)"],
        "Real lesions of one centre": ["Real B", "Real C", "paper: Real BCDR"],
    }
    assert "no target" in table.note
    assert row(table, "paper: None", "Own patches alone")[:2] == ["0.895 (0.019)", "0.935 (0.015)"]


def test_the_papers_f1_stands_beside_that_of_our_healthy_class() -> None:
    study = a_study(arms=(NONE,), fractions=(1.0,))
    healthy = study.result.findings.cells[0].metrics["f1_healthy"].mean
    (table,) = paper_beside(study)

    assert row(table, "none", "Own patches alone")[1].startswith(f"{healthy:.3f}")


def test_shares_that_the_paper_lacks_are_left_out() -> None:
    (table,) = paper_beside(a_study(fractions=(1.0, 0.15)))

    assert [text for text, _ in table.spans] == [f"100{NBSP}% of the training patients"]


def test_there_are_no_papers_numbers_for_other_lesions_or_shares() -> None:
    arms = (NONE, REPEATED, B, REAL_B)

    assert paper_beside(a_study(arms=arms, lesions="calcifications")) == ()
    assert paper_beside(a_study(arms=arms, fractions=(0.25,))) == ()
    study = a_study(arms=arms)
    other = study.configuration.model_copy(update={"task": BENIGN_OR_MALIGNANT})
    assert paper_beside(replace(study, configuration=other)) == ()
