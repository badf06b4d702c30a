"""The paper's tables and their checks on a terminal of 100 columns."""

from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from centre_node.study.paper.checks import CheckedCell, Gains, PaperChecks, paper_checks
from centre_node.study.paper.positive_share import CommonTestSet, Misfit, Share
from study_report.paper_tables import METRICS, Lesions, Measured, Metric, PaperCell

TITLES: dict[Lesions, str] = {
    "all": "Table 1: all lesion types",
    "masses": "Table 2: tumour masses",
}
LABELS: dict[Metric, str] = {
    "accuracy": "Accuracy",
    "f1": "F1",
    "auroc": "AUROC",
    "auprc": "AUPRC",
}
CLASSIFIERS = {"cnn": "CNN", "swin": "Swin Transformer"}


def print_paper_tables(console: Console) -> None:
    """Print tables 1 and 2 of the paper, what each cell implies, and the counts in sentences."""
    checks = paper_checks()
    for lesions, test_set in checks.test_sets.items():
        cells = [checked for checked in checks.cells if checked.cell.lesions == lesions]
        console.print(_table(TITLES[lesions], cells))
        console.print(_test_set_in_words(test_set), highlight=False)
        console.print()
    for sentence in _sentences(checks):
        console.print(sentence, highlight=False)


def _table(title: str, cells: list[CheckedCell]) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )
    table.add_column("Arm", no_wrap=True)
    for metric in METRICS:
        table.add_column(LABELS[metric], justify="right", no_wrap=True)
    table.add_column("TP share", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for column, members in groupby(cells, key=lambda checked: checked.cell.column):
        _, classifier, fraction = column
        table.add_row(f"[bold]{CLASSIFIERS[classifier]}, {fraction:.0%}[/bold]")
        for checked in members:
            table.add_row(*_row(checked))
        table.add_section()
    return table


def _row(checked: CheckedCell) -> list[str]:
    return [
        escape(checked.cell.arm),
        *(_number(checked.cell.measured(metric)) for metric in METRICS),
        f"{checked.true_positives:.1%}",
        "" if checked.fits else "[bold red]misfit[/bold red]",
    ]


def _number(measured: Measured) -> str:
    """Return a metric as the paper prints it, "0.942(.005)"."""
    return f"{measured.mean:.3f}({f'{measured.std:.3f}'.removeprefix('0')})"


def _test_set_in_words(test_set: CommonTestSet) -> str:
    return (
        f"{test_set.fitting} of {test_set.cells} cells fit one test set: "
        f"{_range(test_set.positive)} of its patches are of F1's positive class, which is healthy "
        "in the published code. The cells whose accuracy has a std of at most .010 alone say "
        f"{_range(test_set.positive_of_steady)}."
    )


def _sentences(checks: PaperChecks) -> list[str]:
    return [
        "TP share: the true positives' share of the test patches that accuracy and F1 imply, "
        "F1 (1 - accuracy) / (2 (1 - F1)). It cannot exceed the positive class's share. Where the "
        "seeds differ much it comes out too large.",
        *(_misfit_in_words(misfit) for misfit in checks.misfits),
        *(_gains_in_words(gains) for gains in checks.gains),
    ]


def _misfit_in_words(misfit: Misfit) -> str:
    cell = misfit.cell
    return (
        f"Misfit: {_name(cell)}. Its F1 of {cell.f1.mean:.3f} and accuracy of "
        f"{cell.accuracy.mean:.3f} imply {misfit.true_positives:.1%} true positives, its column's "
        f"other arms {_range(misfit.others)}. With theirs its F1 would be "
        f"{misfit.f1_like_others.low:.3f} to {misfit.f1_like_others.high:.3f} "
        f"({misfit.f1_like_median:.3f} with their median), and no three seeds with its accuracy "
        f"could reach more than {misfit.highest_f1:.3f}: it looks like a misprint."
    )


def _name(cell: PaperCell) -> str:
    return (
        f"{escape(cell.arm)}, {CLASSIFIERS[cell.classifier]}, {cell.train_fraction:.0%} of the "
        f"training data, {TITLES[cell.lesions].lower()}"
    )


def _gains_in_words(gains: Gains) -> str:
    total = len(gains.gains)
    return (
        f"{LABELS[gains.metric]}: synthetic arms beat the arm None in {gains.higher} of {total} "
        f"cells (equal {gains.equal}, lower {gains.lower}). By Welch's t-test on three seeds "
        f"{gains.significant} of these gains have p < 0.05 uncorrected, "
        f"{gains.significant_masses_swin} of them for masses with Swin; after Holm's correction "
        f"over the {total}: {gains.significant_holm}."
    )


def _range(share: Share) -> str:
    return f"{100 * share.low:.1f} to {100 * share.high:.1f} %"
