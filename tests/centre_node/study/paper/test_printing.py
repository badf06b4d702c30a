"""The paper's tables on a terminal."""

import io
from collections.abc import Sequence

import pytest
from rich.console import Console

from centre_node.study.paper.printing import print_paper_tables


@pytest.fixture(scope="module")
def lines() -> Sequence[str]:
    output = io.StringIO()
    print_paper_tables(Console(file=output, width=100))
    return output.getvalue().splitlines()


def test_a_row_reads_as_in_the_paper(lines: Sequence[str]) -> None:
    assert [
        "None",
        "0.942(.005)",
        "0.693(.020)",
        "0.955(.007)",
        "0.880(.014)",
        "6.5%",
    ] in [line.split() for line in lines]


def test_nothing_is_cut_at_100_columns(lines: Sequence[str]) -> None:
    assert not [line for line in lines if "…" in line or len(line) > 100]


def test_every_cell_is_printed_and_one_is_marked(lines: Sequence[str]) -> None:
    rows = [line for line in lines if line.rstrip().endswith(("%", "misfit")) and "(." in line]
    [marked] = [line for line in rows if line.rstrip().endswith("misfit")]

    assert len(rows) == 56
    assert "0.880(.066)" in marked


@pytest.mark.parametrize(
    "sentence",
    [
        "27 of 28 cells fit one test set: 8.0 to 8.9 % of its patches",
        "28 of 28 cells fit one test set: 79.1 to 83.3 % of its patches",
        "Misfit: BCDR (DCGAN), Swin Transformer, 50% of the training data",
        "AUROC: synthetic arms beat the arm None in 36 of 40 cells (equal 1, lower 3).",
        "12 of these gains have p < 0.05 uncorrected, 9 of them for masses with Swin",
    ],
)
def test_the_findings_are_said_in_sentences(lines: Sequence[str], sentence: str) -> None:
    assert sentence in " ".join(line.strip() for line in lines)
