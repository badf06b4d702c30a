import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from study_report.text_tables import (
    LATEX_PARAGRAPH,
    escaped,
    study_latex,
    study_markdown,
    terminal_tables,
)
from tests.study_report.made_up import NONE, B, a_study


def test_markdown_rows_have_as_many_cells_as_their_heading() -> None:
    text = study_markdown(a_study(classifiers=("cnn", "swin")), title="Study")
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)

    assert len(tables) > 10
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1


def test_markdown_shows_names_as_they_are() -> None:
    arm = B.model_copy(update={"name": "a|b *c* [d]"})

    assert r"| a\|b \*c\* \[d\] |" in study_markdown(
        a_study(arms=(NONE, arm), recovered=(), differences=(), curves=(), reliability=()),
        title="Study",
    )


def test_latex_prints_every_special_character() -> None:
    assert escaped(r"50 % & _x_ #1 $ {a} ~ ^ \ <") == (
        r"50 \% \& \_x\_ \#1 \$ \{a\} \textasciitilde{} \textasciicircum{} \textbackslash{} "
        r"\textless{}"
    )


def test_latex_is_balanced_and_has_nothing_that_it_cannot_print() -> None:
    text = study_latex(a_study(classifiers=("cnn", "swin")))
    bare = re.sub(r"\\[{}%&_#$]", "", text)

    assert bare.count("{") == bare.count("}")
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") > 10
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}")
    assert text.isascii()
    assert not re.search(r"(?<!\\)[#$]", text)


def test_latex_rows_have_as_many_cells_as_the_tabular() -> None:
    for body in re.findall(r"\\begin\{tabular\}(.*?)\\end", study_latex(a_study()), re.DOTALL):
        columns, *lines = body.splitlines()
        columns = columns.replace(LATEX_PARAGRAPH, "l")
        for line in lines:
            if "&" in line and r"\multicolumn" not in line:
                assert len(re.findall(r"(?<!\\)&", line)) == len(columns.strip("{}")) - 1


def test_latex_sets_tables_with_booktabs() -> None:
    text = study_latex(a_study())

    assert text.startswith("% Needs \\usepackage{adjustbox,array,booktabs}.\n")
    assert r"\cmidrule(lr){2-5}" in text
    assert r"\cmidrule(lr){6-9}" in text
    assert "|" not in text


def test_a_terminal_gets_a_table_for_each_column_of_the_grid() -> None:
    study = a_study(classifiers=("cnn", "swin"))
    console = Console(width=100, file=io.StringIO(), record=True)
    tables = list(terminal_tables(study, title="centre-a, masses"))
    console.print(*tables)

    assert len(tables) == 4
    assert "centre-a, masses: Swin, 50" in str(tables[3].title)
    assert "572 + 200" in console.export_text()


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
def test_latex_compiles_and_no_table_is_wider_than_the_text(tmp_path: Path) -> None:
    (tmp_path / "tables.tex").write_text(study_latex(a_study(classifiers=("cnn", "swin"))))
    (tmp_path / "paper.tex").write_text(
        r"\documentclass{article}\usepackage{adjustbox,array,booktabs}"
        r"\begin{document}\input{tables.tex}\end{document}"
    )

    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-2000:]
    assert r"Overfull \hbox" not in done.stdout
