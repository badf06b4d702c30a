import json

from typer.testing import CliRunner

from centre_node.study.commands import app


def test_the_papers_tables_are_printed_with_what_is_recomputed() -> None:
    done = CliRunner().invoke(app, ["paper-tables"], env={"COLUMNS": "200"})

    assert done.exit_code == 0
    assert "Table 2: masses, 50 % of the training data" in done.stdout
    assert "0.880(.066)" in done.stdout
    assert "accuracy and F1 of 27 of 28 cells fit one share" in done.stdout
    assert "AUROC 36, AUPRC 31, F1 33, Accuracy 31" in done.stdout
    assert "12 of the 40 AUROC gains" in done.stdout


def test_the_papers_tables_fit_a_terminal_of_80_columns() -> None:
    done = CliRunner().invoke(app, ["paper-tables"], env={"COLUMNS": "80"})

    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "…" not in done.stdout


def test_json_holds_cells_and_checks() -> None:
    done = CliRunner().invoke(app, ["paper-tables", "--json"])
    printed = json.loads(done.stdout)

    assert len(printed["cells"]) == 56
    assert len(printed["checks"]["gains"]) == 160
    assert [share["lesions"] for share in printed["checks"]["shares"]] == ["all", "masses"]


def test_help_has_an_example() -> None:
    done = CliRunner().invoke(app, ["paper-tables", "--help"])

    assert "genshare study paper-tables --json" in done.stdout
