import sqlite3
import stat
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from centre_node.ledger.errors import LedgerError
from centre_node.ledger.store import Decided, LedgerStore, Try
from node_api.release import Spent
from shared.packages import Package
from shared.statements import AuditStatement, StatedWaiver
from tests.packages import TINY, safetensors_bytes, write_tiny_package

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
WAIVER = StatedWaiver(by="Data protection officer", reason="Phantoms only.")


@pytest.fixture
def ledger(tmp_path: Path) -> LedgerStore:
    return LedgerStore(tmp_path / "ledger.sqlite")


def package(folder: Path, value: float, **card: Any) -> Package:
    return write_tiny_package(folder, safetensors_bytes(TINY.generator_tensors(), value), **card)


def decided(
    package: Package,
    patients: Collection[str] | None,
    *,
    audit: str | None = None,
    epsilon: float | None = None,
    released: bool = True,
    tries: int = 1,
) -> Decided:
    statement = AuditStatement(
        subject=package.digest,
        verdict="not required",
        decided_by=(),
        audit=None,
        differential_privacy=None,
        policy_digest="1" * 64,
        waiver=None,
        tries=tries,
        made_on="2026-01-02",
        genshare_version="0.1.0",
    )
    return Decided(
        tried=Try(package, audit),
        verdict="not required" if released else "refused",
        waiver=None,
        patients=patients,
        epsilon=epsilon,
        policy_digest="1" * 64,
        statement=statement if released else None,
    )


def test_what_was_published_of_a_patient_adds_up_over_versions_and_restarts(
    ledger: LedgerStore, tmp_path: Path
) -> None:
    first, second, third = (package(tmp_path / str(n), n) for n in (1, 2, 3))
    ledger.keep(decided(first, ["a", "b"], epsilon=2.0), now=NOW)
    ledger.keep(decided(second, ["b", "c"], epsilon=3.0), now=NOW)
    ledger.keep(decided(third, ["c"], released=False, audit="2" * 64), now=NOW)

    again = LedgerStore(tmp_path / "ledger.sqlite")
    new = Try(package(tmp_path / "new", 4), None)
    assert again.spent(["a"], before=new) == Spent(versions=1, tries=1, epsilon=2.0)
    assert again.spent(["a", "c"], before=new) == Spent(versions=1, tries=2, epsilon=3.0)
    assert again.spent(["b", "nobody"], before=new) == Spent(versions=2, tries=2, epsilon=5.0)
    assert again.spent([], before=new) == Spent()


def test_a_version_without_a_guarantee_leaves_no_bound(ledger: LedgerStore, tmp_path: Path) -> None:
    ledger.keep(decided(package(tmp_path / "1", 1), ["a"]), now=NOW)

    assert ledger.spent(["a"], before=Try(package(tmp_path / "2", 2), None)).epsilon is None


def test_the_same_weights_spend_a_guarantee_once_and_themselves_nothing(
    ledger: LedgerStore, tmp_path: Path
) -> None:
    first = package(tmp_path / "1", 1)
    renamed = package(tmp_path / "2", 1, title="Renamed")
    ledger.keep(decided(first, ["a"], epsilon=2.0), now=NOW)
    ledger.keep(decided(renamed, ["a"], epsilon=2.0), now=NOW)

    other = ledger.spent(["a"], before=Try(package(tmp_path / "3", 3), None))
    itself = ledger.spent(["a"], before=Try(first, None))
    audited_anew = ledger.spent(["a"], before=Try(first, "2" * 64))
    assert other == Spent(versions=2, tries=1, epsilon=2.0)
    assert itself == Spent(versions=1, tries=0, epsilon=0.0)
    assert audited_anew == Spent(versions=1, tries=1, epsilon=0.0)


def test_the_same_decision_again_is_the_one_that_was_made(
    ledger: LedgerStore, tmp_path: Path
) -> None:
    made = package(tmp_path / "1", 1)
    first = ledger.keep(decided(made, ["a"], tries=1), now=NOW)
    again = ledger.keep(decided(made, ["a"], tries=7), now=datetime(2027, 1, 1, tzinfo=UTC))

    assert first == again
    assert len(ledger.read(most=9).entries) == 1


def test_the_table_has_newest_decisions_and_most_spent_patients_first(
    ledger: LedgerStore, tmp_path: Path
) -> None:
    first, second = (package(tmp_path / str(n), n) for n in (1, 2))
    ledger.keep(decided(first, ["a", "b"]), now=NOW)
    ledger.keep(decided(second, ["b"], released=False), now=NOW)
    ledger.published(first.digest, 4)
    ledger.keep(decided(package(tmp_path / "3", 3), None), now=NOW)

    read = ledger.read(most=2)

    assert [(e.version, e.released, e.patients) for e in read.entries] == [
        (None, True, None),
        (None, False, 1),
    ]
    assert (read.entries_left_out, read.patients_left_out) == (1, 0)
    assert [(p.patient, p.versions, p.tries, p.refused) for p in read.patients] == [
        ("b", 1, 2, 1),
        ("a", 1, 1, 0),
    ]
    assert ledger.read(most=3).entries[-1].version == 4


def test_a_waiver_holds_for_its_training_and_policy(ledger: LedgerStore) -> None:
    ledger.waive("job", WAIVER, policy_digest="1" * 64, now=NOW)

    assert ledger.waiver("job", policy_digest="1" * 64) == WAIVER
    assert ledger.waiver("job", policy_digest="2" * 64) is None
    assert ledger.waiver("other", policy_digest="1" * 64) is None


def test_only_its_owner_reads_it(ledger: LedgerStore, tmp_path: Path) -> None:
    assert not (tmp_path / "ledger.sqlite").exists()
    assert ledger.read(most=1).entries == ()
    ledger.waive("job", WAIVER, policy_digest="1" * 64, now=NOW)
    path = tmp_path / "ledger.sqlite"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    path.chmod(0o644)
    with pytest.raises(LedgerError, match="others may read the ledger"):
        ledger.read(most=1)


def test_a_ledger_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    damaged, later = tmp_path / "damaged.sqlite", tmp_path / "later.sqlite"
    damaged.write_text("something else" * 100)
    with sqlite3.connect(later) as database:
        database.execute("PRAGMA user_version=99")
    database.close()
    for path in (damaged, later):
        path.chmod(0o600)
    cases = {
        tmp_path / "no" / "ledger.sqlite": "cannot be used: No such file or directory",
        damaged: "cannot be used: file is not a database",
        tmp_path: "is a folder; name a file in it",
        later: r"is of a later version \(99\)",
    }
    for path, said in cases.items():
        with pytest.raises(LedgerError, match=said):
            LedgerStore(path).waive("job", WAIVER, policy_digest="1" * 64, now=NOW)


def test_a_ledger_of_an_earlier_version_is_read_and_what_it_counts_stays_counted(
    ledger: LedgerStore, tmp_path: Path
) -> None:
    made = package(tmp_path / "1", 1)
    ledger.keep(decided(made, ["a"]), now=NOW)
    with sqlite3.connect(tmp_path / "ledger.sqlite") as database:
        database.execute("ALTER TABLE decisions DROP COLUMN sent")
        database.execute("PRAGMA user_version=1")
    database.close()

    ledger.turned_away(made.digest)

    (entry,) = ledger.read(most=9).entries
    assert (entry.released, entry.turned_away) == (True, False)
