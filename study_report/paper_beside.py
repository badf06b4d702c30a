"""The paper's numbers beside a study's, where classifier and lesions are the paper's."""

from collections.abc import Iterator, Sequence

from node_api.findings import ArmFacts, ArmRole
from node_api.tasks import LESION_OR_HEALTHY
from study_report.paper_tables import FRACTIONS, TABLES, Metric, PaperCell, paper_cells
from study_report.presented import Column, Presented
from study_report.tables import Heading, StudyTable, TableRow, Value
from study_report.wording import UNDEFINED, classifier_name, metric_name, number

BESIDE: dict[str, Metric] = {
    "accuracy": "accuracy",
    "f1_healthy": "f1",
    "auroc": "auroc",
    "auprc_healthy": "auprc",
}
"""Our field by the paper's: the positive class of its F1 and AUPRC was healthy."""

KINDS: tuple[tuple[ArmRole, int, str], ...] = (
    ("baseline", 0, "Own patches alone"),
    ("synthetic", 1, "Synthetic lesions of one centre"),
    ("synthetic", 2, "Synthetic lesions of two centres"),
    ("real donor", 1, "Real lesions of one centre"),
)
NOTE = (
    "Other data sets, other patients, another share of healthy test patches and another way of "
    "cutting them: the paper's numbers are no target, and a difference from them shows nothing. "
    "Arms stand together by what they add. Mean (standard deviation), the paper's over three "
    "seeds; F1 and AUPRC are those of the healthy class here, as in the paper."
)


def paper_beside(study: Presented) -> tuple[StudyTable, ...]:
    """Return a table for each classifier that the paper has for these lesions and shares.

    The paper told lesions from healthy tissue; beside another task its numbers say nothing.
    """
    return tuple(_tables(study)) if study.configuration.task == LESION_OR_HEALTHY else ()


def _tables(study: Presented) -> Iterator[StudyTable]:
    for classifier in study.classifiers:
        cells = [
            cell
            for cell in paper_cells()
            if (cell.lesions, cell.classifier) == (study.configuration.lesions, classifier)
        ]
        ours = {column.train_fraction for column in study.columns_of(classifier)}
        fractions = [fraction for fraction in FRACTIONS if fraction in ours]
        if cells and fractions:
            yield StudyTable(
                f"{classifier_name(classifier)} beside the paper's "
                f"{TABLES[study.configuration.lesions]}",
                tuple(Heading(metric_name(metric, study.classes)) for metric in BESIDE)
                * len(fractions),
                tuple(_rows(study, classifier, cells, fractions)),
                spans=tuple((study.share_title(share), len(BESIDE)) for share in fractions),
                note=NOTE,
            )


def _rows(
    study: Presented, classifier: str, cells: Sequence[PaperCell], fractions: Sequence[float]
) -> Iterator[TableRow]:
    for role, donors, title in KINDS:
        ours = [arm for arm in study.result.arms if (arm.role, len(arm.donors)) == (role, donors)]
        theirs = dict.fromkeys(
            cell.arm for cell in cells if (cell.role, cell.donors) == (role, donors)
        )
        for arm in ours:
            yield TableRow(arm.name, tuple(_ours(study, classifier, arm, fractions)), title)
        for name in theirs if ours else ():
            of_arm = {cell.train_fraction: cell for cell in cells if cell.arm == name}
            values = tuple(_theirs([of_arm[fraction] for fraction in fractions]))
            yield TableRow(f"paper: {name}", values, title)


def _ours(
    study: Presented, classifier: str, arm: ArmFacts, fractions: Sequence[float]
) -> Iterator[Value]:
    for fraction in fractions:
        cell = study.cell(Column(classifier, fraction), arm.name)
        for metric in BESIDE:
            yield Value(UNDEFINED if cell is None else number(cell.metrics[metric]))


def _theirs(cells: Sequence[PaperCell]) -> Iterator[Value]:
    for cell in cells:
        for metric in BESIDE.values():
            value = cell.measured(metric)
            yield Value(f"{value.mean:.3f} ({value.std:.3f})")
