"""The tables of a study, whatever they are written as afterwards."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from node_api.findings import Cell, Difference
from node_api.summaries import SubsetBalance
from shared.counts import counted
from study_report.presented import Column, Presented, belongs
from study_report.wording import (
    UNDEFINED,
    added,
    classifier_name,
    interval,
    metric_name,
    number,
    percentage,
    probability,
    sentence,
    share_in_words,
    signed,
    signed_interval,
    unsigned,
)

PAPERS_METRICS = ("accuracy", "f1", "auroc", "auprc")
BESIDE = ("f1_healthy", "auprc_healthy", "auroc_patients", "auprc_patients")
FURTHER = ("sensitivity_at_90_specificity", "brier", "calibration_error")
SIDE_BY_SIDE = 2


@dataclass(frozen=True)
class Heading:
    """Of a column; numbers stand at the right."""

    text: str
    is_number: bool = True


@dataclass(frozen=True)
class Value:
    """What a cell says, and smaller beneath it."""

    text: str
    beneath: str = ""


@dataclass(frozen=True)
class TableRow:
    """A row; `section` is what it and its neighbours have in common."""

    label: str
    values: tuple[Value, ...]
    section: str = ""


@dataclass(frozen=True)
class StudyTable:
    """A table.

    Attributes:
        spans: Headings above headings, each with the number of columns that it covers.
        corner: Heading of the rows' labels.
        note: What the numbers are, in a sentence or two.
    """

    caption: str
    headings: tuple[Heading, ...]
    rows: tuple[TableRow, ...]
    spans: tuple[tuple[str, int], ...] = ()
    corner: str = "Arm"
    note: str = ""


def arms_table(study: Presented) -> StudyTable:
    """Return what each arm adds and what it trains on at the largest share."""
    column = study.columns[0]
    rows = []
    for arm in study.result.arms:
        cell = study.cell(column, arm.name)
        counts = (
            (f"{cell.n_train_real:,}", f"{cell.n_train_synthetic:,}")
            if cell
            else (UNDEFINED, UNDEFINED)
        )
        rows.append(TableRow(arm.name, (Value(added(arm)), *map(Value, counts))))
    headings = (Heading("Adds", is_number=False), Heading("Real"), Heading("Synthetic"))
    note = (
        "Real and synthetic count the training patches with "
        f"{study.share_title(column.train_fraction)}."
    )
    return StudyTable("What each arm adds to the own patches", headings, tuple(rows), note=note)


def recovered_table(study: Presented) -> StudyTable | None:
    """Return every recovered share, or None where there is none to speak of."""
    shares = study.result.findings.recovered
    if not shares:
        return None
    rows = tuple(
        TableRow(
            share.arm,
            (
                Value(share.control),
                Value(share.real),
                Value(signed(share.gain_of_real)),
                Value(share_in_words(share)),
                Value(share.reason or ""),
            ),
            section=study.column_title(column),
        )
        for column in study.columns
        for share in shares
        if belongs(share, column)
    )
    headings = (
        Heading("Control", is_number=False),
        Heading("Real patches", is_number=False),
        Heading("Their gain"),
        Heading("Recovered"),
        Heading("Why not told", is_number=False),
    )
    note = (
        "(AUROC of the arm - of the control) / (AUROC with real patches - of the control): 0 % is "
        "nothing, 100 % is as good as the real patches. 95 % interval in brackets. It is told only "
        "where the real patches' gain is 1.96 standard errors or more, and corrected for that."
    ).replace(" - ", " \N{MINUS SIGN} ")
    return StudyTable("Recovered share", headings, rows, note=note)


def metric_tables(study: Presented) -> tuple[StudyTable, ...]:
    """Return each metric of each arm, first in the layout of the paper's Tables 1 and 2.

    Source: paper section 3, Tables 1 and 2.
    """
    positive, other = sentence(study.classes.positive), sentence(study.classes.other)
    return (
        *_metric_tables(study, f"{positive} is the positive class", PAPERS_METRICS),
        *_metric_tables(study, f"{other} is the positive class, and patients", BESIDE),
        *_metric_tables(study, "Sensitivity and calibration", FURTHER),
    )


def difference_tables(study: Presented, metric: str) -> tuple[StudyTable, ...]:
    """Return the comparisons of arms in a metric, a table for each column of the grid."""
    tables = []
    for column in study.columns:
        rows = tuple(
            _difference_row(difference) for difference in study.differences(column, metric)
        )
        if rows:
            tables.append(
                StudyTable(
                    f"{metric_name(metric, study.classes)}: {study.column_title(column)}",
                    _difference_headings(metric),
                    rows,
                    note=_reasons(study.differences(column, metric)),
                )
            )
    return tuple(tables)


def balance_table(study: Presented) -> StudyTable:
    """Return what the subsets of the split hold."""
    headings = (
        Heading("Patients"),
        Heading("Share"),
        Heading("Images"),
        Heading("With lesions"),
        Heading("Lesions", is_number=False),
        Heading("Breast density of the images", is_number=False),
    )
    rows = tuple(
        TableRow(
            part.subset,
            (
                Value(f"{part.patients:,}"),
                Value(_whole(part.share_of_patients)),
                Value(f"{part.images:,}"),
                Value(f"{part.images_with_lesions:,}"),
                Value(_lesions(part)),
                Value(", ".join(f"{d}: {_whole(s)}" for d, s in part.densities.items())),
            ),
        )
        for part in study.result.balance
    )
    note = " ".join(
        f"Left out, of the own and the donors' data: {counted(count, 'time')} {reason}."
        for reason, count in study.result.left_out.items()
    )
    return StudyTable("The patients of each subset", headings, rows, corner="Subset", note=note)


def _lesions(part: SubsetBalance) -> str:
    counts = [*part.lesions.items(), *part.pathologies.items()]
    return ", ".join(f"{name} {count:,}" for name, count in counts)


def _whole(share: float) -> str:
    return percentage(round(share, 2))


def _metric_tables(study: Presented, title: str, metrics: Sequence[str]) -> Iterator[StudyTable]:
    fractions = sorted({column.train_fraction for column in study.columns}, reverse=True)
    for start in range(0, len(fractions), SIDE_BY_SIDE):
        shown = fractions[start : start + SIDE_BY_SIDE]
        yield StudyTable(
            title,
            tuple(Heading(metric_name(metric, study.classes)) for metric in metrics) * len(shown),
            tuple(_metric_rows(study, shown, metrics)),
            spans=tuple((study.share_title(fraction), len(metrics)) for fraction in shown),
            note=_metric_note(study),
        )


def _metric_note(study: Presented) -> str:
    first = study.result.findings.cells[0]
    spread = "Mean (standard deviation)" if study.seeds > 1 else "Value"
    return (
        f"{spread} over {counted(study.seeds, 'seed')}, 95 % interval of the mean beneath. "
        f"{counted(first.n_test, 'test patch', 'test patches')}, of which "
        f"{percentage(first.prevalence)} {study.classes.are_positive}."
    )


def _metric_rows(
    study: Presented, fractions: Sequence[float], metrics: Sequence[str]
) -> Iterator[TableRow]:
    for classifier in study.classifiers:
        for arm in study.result.arms:
            values = [
                _metric_value(study.cell(Column(classifier, fraction), arm.name), metric)
                for fraction in fractions
                for metric in metrics
            ]
            if any(study.cell(Column(classifier, share), arm.name) for share in fractions):
                yield TableRow(arm.name, tuple(values), section=classifier_name(classifier))


def _metric_value(cell: Cell | None, metric: str) -> Value:
    if cell is None or metric not in cell.metrics:
        return Value(UNDEFINED)
    estimate = cell.metrics[metric]
    return Value(number(estimate), interval(estimate.interval) if estimate.interval else "")


def _difference_headings(metric: str) -> tuple[Heading, ...]:
    delong = (Heading("p, DeLong"),) if metric == "auroc" else ()
    return (
        Heading("Difference"),
        Heading("95 % interval"),
        Heading("p"),
        Heading("p, corrected"),
        Heading("p, seeds alone"),
        *delong,
        Heading("Smallest detectable"),
        Heading("Verdict", is_number=False),
    )


def _difference_row(found: Difference) -> TableRow:
    delong = (Value(probability(found.p_delong)),) if found.metric == "auroc" else ()
    return TableRow(
        found.arm,
        (
            Value(signed(found.difference)),
            Value(signed_interval(found.interval)),
            Value(probability(found.p_patients)),
            Value(probability(found.p_adjusted)),
            Value(probability(found.p_seeds)),
            *delong,
            Value(unsigned(found.smallest_detectable)),
            Value(found.verdict),
        ),
        section=_against(found),
    )


def _reasons(found: Sequence[Difference]) -> str:
    """Say once why verdicts are missing, however many rows have that reason."""
    reasons = dict.fromkeys((one.verdict, one.reason) for one in found if one.reason)
    return " ".join(f"{sentence(verdict)}: {reason}." for verdict, reason in reasons)


def _against(found: Difference) -> str:
    kind = "own patches alone" if found.against_role == "baseline" else "the control"
    return f"Against {kind}: {found.against}"
