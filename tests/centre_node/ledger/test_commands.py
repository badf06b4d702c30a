"""`genshare ledger` and `waiver-key` as a user types them."""

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from typer.testing import CliRunner

from centre_node.ledger.commands import app
from centre_node.ledger.store import LedgerStore
from centre_node.privacy.waivers import check_waiver
from node_api.release import ReleasePolicy
from tests.centre_node.ledger.test_store import decided, package


def test_the_table_tells_versions_and_what_is_spent_of_each_patient(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger, now = LedgerStore(path), datetime(2026, 1, 2, tzinfo=UTC)
    made = package(tmp_path / "1", 1)
    ledger.keep(decided(made, ["set/A", "set/B"], epsilon=2.5), now=now)
    ledger.published(made.digest, 7)

    runner = CliRunner(env={"COLUMNS": "160"})
    table, read = (runner.invoke(app, ["ledger", str(path), *rest]) for rest in ([], ["--json"]))

    assert table.exit_code == read.exit_code == 0
    line = next(line for line in table.output.splitlines() if "lesions-dcgan" in line)
    assert [cell.strip() for cell in line.split("│")[1:7]] == [
        "2026-01-02 00:00 UTC",
        "centre-b/lesions-dcgan",
        "7",
        "not required",
        "2",
        "2.5",
    ]
    assert "set/A" in table.output
    assert json.loads(read.stdout)["patients"][0]["epsilon"] == 2.5


def test_there_is_no_ledger_before_anything_was_published(tmp_path: Path) -> None:
    done = CliRunner(env={"COLUMNS": "160"}).invoke(app, ["ledger", str(tmp_path / "none")])

    assert done.exit_code == 2
    assert "publishing makes one" in done.output


def test_the_lines_of_a_new_key_are_those_of_a_policy_and_the_key_is_not_in_them() -> None:
    done = CliRunner().invoke(app, ["waiver-key", "The officer"])

    key = done.stderr.splitlines()[1]
    policy = ReleasePolicy.model_validate(tomllib.loads(done.stdout))
    assert check_waiver(policy, key=key, reason="Phantoms only.").by == "The officer"
    assert key not in done.stdout


def test_a_name_that_no_statement_can_have_gets_no_key() -> None:
    done = CliRunner(env={"COLUMNS": "160"}).invoke(app, ["waiver-key", 'A "B"'])

    assert done.exit_code == 2
    assert "gsw_" not in done.output
