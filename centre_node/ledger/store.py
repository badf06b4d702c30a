"""The ledger's file: SQLite, for its owner alone; what is written is on the disk at once.

A decision is a row, whether it let a package go or not, and has a row for each of its patients.
The same decision on the same package is one row, however often it is made. What was let go counts
as published, for the hub may have it although no answer came; it does not where the hub turned the
sender away before anything was sent.
"""

import hashlib
import os
import sqlite3
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from centre_node.ledger.errors import LedgerError
from node_api.ledger import Ledger, LedgerEntry, PatientSpent
from node_api.release import Spent
from shared.packages import Package
from shared.statements import AuditStatement, StatedWaiver, Verdict

LEDGER = "ledger.sqlite"
SCHEMA_VERSION = 2
OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO
TABLES = """
CREATE TABLE decisions (
    number INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, subject TEXT NOT NULL,
    weights TEXT NOT NULL, trial TEXT NOT NULL, centre TEXT NOT NULL, name TEXT NOT NULL,
    verdict TEXT NOT NULL, waived_by TEXT, waiver_reason TEXT, epsilon REAL, audit_digest TEXT,
    policy_digest TEXT NOT NULL, released INTEGER NOT NULL, statement TEXT,
    version INTEGER, decided_at TEXT NOT NULL, sent INTEGER);
CREATE TABLE decided_patients (
    number INTEGER NOT NULL REFERENCES decisions, patient TEXT NOT NULL,
    PRIMARY KEY (patient, number)) WITHOUT ROWID;
CREATE INDEX decisions_by_subject ON decisions (subject);
CREATE TABLE waivers (
    number INTEGER PRIMARY KEY, training TEXT NOT NULL, waived_by TEXT NOT NULL,
    reason TEXT NOT NULL, policy_digest TEXT NOT NULL, given_at TEXT NOT NULL);
"""
FROM_VERSION_1 = "ALTER TABLE decisions ADD COLUMN sent INTEGER"
"""Whether sending began; NULL: it may have, as of every row of an earlier version."""
SPENT = """
SELECT patient,
       count(DISTINCT CASE WHEN released AND subject IS NOT :subject THEN subject END) AS versions,
       count(DISTINCT CASE WHEN trial IS NOT :trial THEN trial END) AS tries,
       sum(statement IS NULL OR waived_by IS NOT NULL) AS refused,
       max(released AND epsilon IS NULL AND weights IS NOT :weights) AS unbounded,
       (SELECT coalesce(sum(epsilon), 0) FROM (
            SELECT DISTINCT d.weights, d.epsilon FROM decisions AS d
            JOIN decided_patients AS p USING (number)
            WHERE p.patient = outside.patient AND d.released AND d.weights IS NOT :weights
       )) AS epsilon
FROM decided_patients AS outside JOIN decisions USING (number)
"""
SPENT_MOST = f"""
SELECT max(versions), max(tries), max(unbounded), max(epsilon)
FROM ({SPENT} WHERE patient IN (SELECT patient FROM asked) GROUP BY patient)
"""  # noqa: S608 (all of it ours)
COUNTED_AGAIN = """
UPDATE decisions SET released = 1 WHERE identity = ? AND statement IS NOT NULL
"""
COUNTED_NO_MORE = """
UPDATE decisions SET released = 0 WHERE subject = :subject
AND NOT EXISTS (SELECT 1 FROM decisions WHERE subject = :subject AND released AND sent IS NOT 0)
"""
NOBODYS = {"subject": None, "trial": None, "weights": None}


@dataclass(frozen=True, slots=True)
class Try:
    """A package and its audit: the same two are the same try, by whatever policy they are judged.

    Attributes:
        audit_digest: None: no audit was made.
    """

    package: Package
    audit_digest: str | None

    @property
    def keys(self) -> Mapping[str, str]:
        """Digests of the package, of its weight files alone, and of these with the audit."""
        files = " ".join(sorted(file.sha256 for file in self.package.card.weights))
        return {
            "subject": self.package.digest,
            "weights": _sha256(files),
            "trial": _sha256(f"{files} {self.audit_digest}"),
        }


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision to be written down.

    Attributes:
        patients: Whose patches the generator was trained on; None: not known.
        statement: What is said of the package where it may leave; None: it may not.
    """

    tried: Try
    verdict: Verdict
    waiver: StatedWaiver | None
    patients: Collection[str] | None
    epsilon: float | None
    policy_digest: str
    statement: AuditStatement | None

    @property
    def identity(self) -> str:
        """The same for the same decision on the same package.

        Earlier versions let nothing go that was inconclusive and not waived: what they held back
        is not what is let go now.
        """
        waived = None if self.waiver is None else (self.waiver.by, self.waiver.reason)
        verdict: str = self.verdict
        if verdict == "inconclusive" and waived is None and self.statement is not None:
            verdict = "inconclusive, let go"
        keys = self.tried.keys
        return _sha256(repr((keys["subject"], keys["trial"], verdict, self.policy_digest, waived)))


class LedgerStore:
    """Reads and writes one ledger; a file that is not there is made when something is written.

    Every method raises `LedgerError` where the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def spent(self, patients: Collection[str], *, before: Try) -> Spent:
        """Return the most that was released of any one of these patients before a try."""
        if not self._path.exists():
            return Spent()
        with self._opened() as database:
            database.execute("CREATE TEMP TABLE asked (patient TEXT PRIMARY KEY) WITHOUT ROWID")
            database.executemany("INSERT OR IGNORE INTO asked VALUES (?)", ((p,) for p in patients))
            rows = database.execute(SPENT_MOST, before.keys).fetchone()
        versions, tries, unbounded, epsilon = rows
        return Spent(
            versions=versions or 0,
            tries=tries or 0,
            epsilon=None if unbounded else float(epsilon or 0),
        )

    def keep(self, decided: Decided, *, now: datetime) -> AuditStatement | None:
        """Write a decision down, and return the statement that goes with it.

        The same decision made before keeps its number, its date and what it said.
        """
        with self._opened(may_make=True) as database:
            database.execute("BEGIN IMMEDIATE")
            query = "SELECT statement FROM decisions WHERE identity = ?"
            known = database.execute(query, (decided.identity,)).fetchone()
            if known is not None:
                database.execute(COUNTED_AGAIN, (decided.identity,))
                database.execute("COMMIT")
                return None if known[0] is None else AuditStatement.model_validate_json(known[0])
            number = database.execute(*_inserted(decided, now)).lastrowid
            database.executemany(
                "INSERT INTO decided_patients VALUES (?, ?)",
                ((number, patient) for patient in sorted(set(decided.patients or ()))),
            )
            database.execute("COMMIT")
        return decided.statement

    def sending(self, subject: str) -> None:
        """Write down that a package is being sent, before anything of it is."""
        with self._opened(may_make=True) as database, database:
            database.execute("UPDATE decisions SET sent = 1 WHERE subject = ?", (subject,))

    def turned_away(self, subject: str) -> None:
        """Count a package no more that no hub was ever sent anything of."""
        with self._opened(may_make=True) as database, database:
            database.execute(COUNTED_NO_MORE, {"subject": subject})

    def published(self, subject: str, version: int) -> None:
        """Write down which number the hub gave a package."""
        with self._opened(may_make=True) as database, database:
            database.execute(
                "UPDATE decisions SET version = ? WHERE subject = ? AND released",
                (version, subject),
            )

    def has_released(self, subject: str) -> bool:
        """Tell whether a package was let go, and may be at a hub."""
        if not self._path.exists():
            return False
        with self._opened() as database:
            query = "SELECT 1 FROM decisions WHERE subject = ? AND released"
            return database.execute(query, (subject,)).fetchone() is not None

    def waive(
        self, training: str, waiver: StatedWaiver, *, policy_digest: str, now: datetime
    ) -> None:
        """Write down that someone lets a training's generator leave against a policy."""
        with self._opened(may_make=True) as database, database:
            database.execute(
                "INSERT INTO waivers (training, waived_by, reason, policy_digest, given_at) "
                "VALUES (?, ?, ?, ?, ?)",
                (training, waiver.by, waiver.reason, policy_digest, now.isoformat()),
            )

    def waiver(self, training: str, *, policy_digest: str) -> StatedWaiver | None:
        """Return the newest waiver of a training under a policy."""
        if not self._path.exists():
            return None
        with self._opened() as database:
            row = database.execute(
                "SELECT waived_by, reason FROM waivers WHERE training = ? AND policy_digest = ? "
                "ORDER BY number DESC LIMIT 1",
                (training, policy_digest),
            ).fetchone()
        return None if row is None else StatedWaiver(by=row[0], reason=row[1])

    def read(self, *, most: int) -> Ledger:
        """Return the newest decisions and the patients of whom most was released.

        Args:
            most: Of each.
        """
        if not self._path.exists():
            return Ledger(entries=(), entries_left_out=0, patients=(), patients_left_out=0)
        with self._opened() as database:
            database.row_factory = sqlite3.Row
            entries = database.execute(
                "SELECT *, (SELECT count(*) FROM decided_patients AS p WHERE p.number = "
                "decisions.number) AS patients FROM decisions ORDER BY number DESC LIMIT ?",
                (most,),
            ).fetchall()
            patients = database.execute(
                SPENT + "GROUP BY patient ORDER BY versions DESC, tries DESC, patient LIMIT :most",
                {**NOBODYS, "most": most},
            ).fetchall()
            counts = "SELECT (SELECT count(*) FROM decisions), count(DISTINCT patient)"
            decisions, people = database.execute(f"{counts} FROM decided_patients").fetchone()
        return Ledger(
            entries=tuple(map(_entry, entries)),
            entries_left_out=decisions - len(entries),
            patients=tuple(map(_patient, patients)),
            patients_left_out=people - len(patients),
        )

    @contextmanager
    def _opened(self, *, may_make: bool = False) -> Iterator[sqlite3.Connection]:
        try:
            if self._path.is_dir():
                raise LedgerError(f"the ledger {self._path} is a folder; name a file in it")
            if may_make:
                _make(self._path)
            if self._path.stat().st_mode & OF_OTHERS:
                raise LedgerError(f"others may read the ledger {self._path}; chmod 600 it")
            with closing(sqlite3.connect(self._path, timeout=10, isolation_level=None)) as database:
                database.execute("PRAGMA synchronous=FULL")
                database.execute("PRAGMA foreign_keys=ON")
                _prepare(database, self._path)
                yield database
        except sqlite3.Error as error:
            raise LedgerError(f"the ledger {self._path} cannot be used: {error}") from error
        except OSError as error:
            reason = f"the ledger {self._path} cannot be used: {error.strerror}"
            raise LedgerError(reason) from error


def _make(path: Path) -> None:
    """Make the file for its owner alone, if it is not there; SQLite would let others read it."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    (found,) = database.execute("PRAGMA user_version").fetchone()
    if found == SCHEMA_VERSION:
        return
    if found > SCHEMA_VERSION:
        raise LedgerError(f"the ledger {path} is of a later version ({found})")
    database.execute("BEGIN IMMEDIATE")
    (found,) = database.execute("PRAGMA user_version").fetchone()  # another may have been faster
    if found < SCHEMA_VERSION:
        for step in filter(None, map(str.strip, (FROM_VERSION_1 if found else TABLES).split(";"))):
            database.execute(step)
        database.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    database.execute("COMMIT")


def _inserted(decided: Decided, now: datetime) -> tuple[str, tuple[object, ...]]:
    card, waiver, statement = decided.tried.package.card, decided.waiver, decided.statement
    values: dict[str, object] = {
        "identity": decided.identity,
        **decided.tried.keys,
        "centre": card.centre,
        "name": card.name,
        "verdict": decided.verdict,
        "waived_by": None if waiver is None else waiver.by,
        "waiver_reason": None if waiver is None else waiver.reason,
        "epsilon": decided.epsilon,
        "audit_digest": decided.tried.audit_digest,
        "policy_digest": decided.policy_digest,
        "released": statement is not None,
        "sent": False,
        "statement": None if statement is None else statement.model_dump_json(),
        "decided_at": now.isoformat(),
    }
    places = ", ".join("?" * len(values))
    return f"INSERT INTO decisions ({', '.join(values)}) VALUES ({places})", tuple(values.values())  # noqa: S608 (names of ours)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _entry(row: sqlite3.Row) -> LedgerEntry:
    waived = row["waived_by"] is not None
    return LedgerEntry(
        number=row["number"],
        subject=row["subject"],
        centre=row["centre"],
        name=row["name"],
        verdict=row["verdict"],
        waiver=StatedWaiver(by=row["waived_by"], reason=row["waiver_reason"]) if waived else None,
        patients=row["patients"] or None,
        epsilon=row["epsilon"],
        audit_digest=row["audit_digest"],
        policy_digest=row["policy_digest"],
        released=bool(row["released"]),
        turned_away=row["statement"] is not None and not row["released"],
        version=row["version"],
        decided_at=datetime.fromisoformat(row["decided_at"]).replace(tzinfo=UTC),
    )


def _patient(row: sqlite3.Row) -> PatientSpent:
    return PatientSpent(
        patient=row["patient"],
        versions=row["versions"],
        tries=row["tries"],
        refused=row["refused"],
        epsilon=None if row["unbounded"] else float(row["epsilon"]),
    )
