"""`genshare hub verify`: a clean hub is clean, and whatever was changed is named."""

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hub.audit_log.chain import Chain, LogRow
from hub.audit_log.events import Action, Event
from hub.audit_log.store import LogStore
from hub.centres.callers import operator
from hub.database import open_database
from shared.records import LogHead
from tests.command_line import Genshare
from tests.hub.audit_log.test_log import NOW
from tests.hub_server import verified
from tests.signing.made_up import a_key

TRIGGERS = ("no_update_of_audit_log", "no_delete_of_audit_log")
FILES = "blobs/??/*"
RELEASED = Path(__file__).parents[2] / "released" / "0.1.0" / "hub"


def _changed(data_dir: Path, *changes: str) -> None:
    with closing(sqlite3.connect(data_dir / "hub.sqlite")) as database, database:
        for trigger in TRIGGERS:
            database.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        for change in changes:
            database.execute(change)


def _found(data_dir: Path, *heads: LogHead) -> list[str]:
    return [str(fault) for fault in verified(data_dir, *heads).faults]


def test_a_hub_that_nobody_changed_is_clean_and_says_what_was_checked(
    data_dir: Path, genshare: Genshare
) -> None:
    before = _files(data_dir)
    done = genshare("hub", "verify", "--data-dir", str(data_dir))
    as_json = json.loads(genshare("hub", "verify", "--data-dir", str(data_dir), "--json").stdout)
    head = f"{as_json['head']['number']}:{as_json['head']['sha256']}"
    kept = genshare("hub", "verify", "--data-dir", str(data_dir), "--head", head)

    size = sum(path.stat().st_size for path in data_dir.glob(FILES))
    assert (done.code, kept.code) == (0, 0)
    assert done.stdout == (
        "checked log entries: 13, versions with manifest and card: 2, statements: 1, "
        f"signatures: 3, files: 3 ({size} bytes); the log's head is {head}: nothing was changed\n"
    )
    assert as_json["faults"] == []
    assert _files(data_dir) == before


def test_every_byte_of_an_entry_counts(tmp_path: Path) -> None:
    log = LogStore(open_database(tmp_path / "hub.sqlite"))
    for centre in ("centre-a", "centre-b", "centre-c"):
        log.tell(Event.of(operator(), Action.CENTRE_ENROLLED, centre=centre), at=NOW)
    with closing(sqlite3.connect(tmp_path / "hub.sqlite")) as database:
        query = f"SELECT {', '.join(LogRow._fields)} FROM audit_log ORDER BY number"
        rows = [
            LogRow._make(part.encode() if isinstance(part, str) else part for part in row)
            for row in database.execute(query)
        ]

    assert list(Chain().check(rows)) == []
    for column in ("action", "caller", "centre", "content", "sha256"):
        whole = getattr(rows[1], column)
        for at in range(len(whole)):
            for flipped in (1, 0x80):
                changed = whole[:at] + bytes([whole[at] ^ flipped]) + whole[at + 1 :]
                tampered = [rows[0], rows[1]._replace(**{column: changed}), rows[2]]
                faults = list(Chain().check(tampered))
                assert faults, (column, at)
                assert faults[0].place == "entry 2", (column, at)


def test_an_entry_that_was_rewritten_with_a_fitting_sha256_is_named(data_dir: Path) -> None:
    with closing(sqlite3.connect(data_dir / "hub.sqlite")) as database:
        (content,) = database.execute("SELECT content FROM audit_log WHERE number = 3").fetchone()
    lie = content.replace('"caller":"centre-b"', '"caller":"centre-c"')
    fitting = hashlib.sha256(lie.encode()).hexdigest()
    assert lie != content

    _changed(
        data_dir,
        f"UPDATE audit_log SET content = '{lie}', sha256 = '{fitting}', caller = 'centre-c' "
        "WHERE number = 3",
    )

    assert _found(data_dir) == [
        "entry 3: changed as a whole: entry 4 holds another SHA-256 of the one before"
    ]


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ("1", ["entry 1: missing before entry 2"]),
        ("4", ["entry 4: missing before entry 5"]),
        ("3, 4", ["entry 3 to 4: missing before entry 5"]),
    ],
)
def test_entries_that_were_taken_out_are_named(
    data_dir: Path, numbers: str, found: list[str]
) -> None:
    _changed(data_dir, f"DELETE FROM audit_log WHERE number IN ({numbers})")

    assert [fault for fault in _found(data_dir) if fault.startswith("entry")] == found


def test_entries_that_were_taken_out_and_the_rest_numbered_anew_are_noticed(
    data_dir: Path,
) -> None:
    _changed(
        data_dir,
        "DELETE FROM audit_log WHERE number = 2",
        "UPDATE audit_log SET number = number - 1 WHERE number = 3",
    )

    assert "entry 2: its text is that of entry 3" in _found(data_dir)


def test_a_log_whose_end_was_cut_off_is_noticed_by_a_head_that_was_kept(
    data_dir: Path, genshare: Genshare
) -> None:
    head = verified(data_dir).head
    _changed(data_dir, "DELETE FROM audit_log WHERE number = 13")

    without = genshare("hub", "verify", "--data-dir", str(data_dir))
    kept = f"{head.number}:{head.sha256}"
    done = genshare("hub", "verify", "--data-dir", str(data_dir), "--head", kept)

    assert without.code == 0  # fetches leave no other trace
    assert done.code == 1
    assert "entry 13: it was there once and is missing" in done.stdout
    assert "GS-1301" in done.stderr


def test_a_log_that_was_written_anew_is_noticed_by_a_head_that_was_kept(data_dir: Path) -> None:
    kept = LogHead(number=2, sha256="0" * 64)

    (found,) = _found(data_dir, kept)

    assert found.startswith("entry 2: it has the SHA-256 ")
    assert found.endswith(f"but {'0' * 64} was kept of it")


def test_every_file_with_a_changed_byte_is_named(data_dir: Path) -> None:
    for path in sorted(data_dir.glob(FILES)):
        content = path.read_bytes()
        for at in (0, len(content) // 2, len(content) - 1):
            path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            (found,) = _found(data_dir)
            assert found.startswith(f"file {path}: it was changed"), at
        path.write_bytes(content)
    assert _found(data_dir) == []


def test_a_file_that_is_missing_is_named(data_dir: Path) -> None:
    with closing(sqlite3.connect(data_dir / "hub.sqlite")) as database:
        (manifest,) = database.execute("SELECT manifest FROM versions WHERE id = 2").fetchone()
    (card,) = (file["sha256"] for file in json.loads(manifest)["files"] if "json" in file["name"])
    path = data_dir / "blobs" / card[:2] / card
    path.unlink()

    assert _found(data_dir) == [f"file {path}: it is missing, and {TWO} has it"]


ONE, TWO = (f"version {number} of centre-b/lesions-dcgan" for number in (1, 2))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE versions SET card = replace(card, 'Tiny', 'Tine') WHERE id = 1", "its card"),
        ("UPDATE versions SET title = 'Other' WHERE id = 1", "the column title is not"),
        ("UPDATE versions SET architecture = 'wgan-gp' WHERE id = 1", "the column architecture"),
        ("UPDATE versions SET manifest = manifest || ' ' WHERE id = 1", "its manifest was changed"),
        ("UPDATE versions SET manifest_digest = 'x' WHERE id = 1", "the log tells that it had"),
        ("UPDATE versions SET version = 9 WHERE id = 1", "missing; the log tells"),
        ("UPDATE version_kinds SET kind = 'other' WHERE version_id = 1", "the kinds of lesions"),
        ("UPDATE audit_statements SET content = replace(content, '1', '2')", "its audit statement"),
        ("DELETE FROM audit_statements", "its audit statement is missing"),
        ("UPDATE versions SET audit_statement = NULL WHERE id = 1", "the log tells of the stat"),
        ("DELETE FROM version_kinds WHERE version_id = 1", "the kinds of lesions"),
    ],
)
def test_a_record_that_was_changed_is_named(data_dir: Path, change: str, found: str) -> None:
    _changed(data_dir, change)

    assert any(fault.startswith(f"{ONE}: {found}") for fault in _found(data_dir))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            "UPDATE signatures SET content = replace(content, 'ME', 'MF') WHERE kind = 'package'",
            f"package signature of {ONE}: it is wrong",
        ),
        ("DELETE FROM signatures WHERE kind = 'audit'", f"audit signature of {ONE}: missing"),
        ("UPDATE signatures SET version_id = 2", f"audit signature of {TWO}: it is wrong"),
        ("UPDATE centre_keys SET fingerprint = 'x'", "key 1 of centre-b: it has another"),
        ("UPDATE centre_keys SET public_key = 'x'", "key 1 of centre-b: it is no key"),
        ("DELETE FROM centre_keys", "key 1 of centre-b: missing; the log tells of it"),
        ("DELETE FROM centre_statuses", "signed status of centre-b: missing; the log"),
        ("UPDATE centre_statuses SET content = '{}'", "signed status of centre-b: it is wrong"),
    ],
)
def test_a_key_a_signature_or_a_status_that_was_changed_is_named(
    data_dir: Path, change: str, found: str
) -> None:
    _changed(data_dir, change)

    assert any(fault.startswith(found) for fault in _found(data_dir)), _found(data_dir)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("DELETE FROM version_states", "it is approved, and the log tells that it became"),
        ("UPDATE version_states SET state = 'deprecated'", "it is deprecated (Too few patients)"),
        ("UPDATE version_states SET reason = NULL", "it is withdrawn, instead version 2 of"),
        ("UPDATE version_states SET replacement = '{}'", "it is withdrawn (Too few patients)"),
        ("INSERT INTO version_states VALUES (2, 'draft', NULL, NULL)", "it is draft, and the log"),
    ],
)
def test_a_state_that_somebody_changed_is_named(data_dir: Path, change: str, found: str) -> None:
    _changed(data_dir, change)

    (told,) = _found(data_dir)
    assert told.startswith(f"state of {TWO if 'draft' in change else ONE}: {found}")


LATER = "'2030-01-01 00:00:00.000000'"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            f"INSERT INTO centres VALUES ('centre-x', 'x', {LATER}, NULL, NULL)",
            "centre centre-x: the log does not tell that it was enrolled",
        ),
        ("UPDATE centres SET name = 'centre-x' WHERE name = 'centre-a'", "centre centre-a: miss"),
        ("UPDATE centres SET token_sha256 = 'x' WHERE name = 'centre-a'", "centre centre-a: its"),
        (f"UPDATE centres SET removed_at = {LATER}", "centre centre-a: it was removed at 2030"),
        (f"UPDATE centres SET enrolled_at = {LATER}", "centre centre-a: it was enrolled at 2"),
        (f"UPDATE versions SET published_at = {LATER}", f"{ONE}: it was published at 2030-01-01"),
        (f"UPDATE audit_statements SET received_at = {LATER}", f"{ONE}: its audit statement came"),
        (f"UPDATE centre_keys SET registered_at = {LATER}", "key 1 of centre-b: it came at 2030"),
        (f"UPDATE signatures SET received_at = {LATER}", f"audit signature of {ONE}: it came at"),
        ("UPDATE state_changes SET changed_by = 'centre-x'", f"changes of {ONE}: there is withdr"),
        ("DELETE FROM state_changes", f"changes of {ONE}: there is none more, and the log tells"),
        ("UPDATE alias_changes SET changed_at = 'x'", "changes of alias best of centre-b/lesions"),
    ],
)
def test_a_centre_a_time_or_a_name_that_the_log_does_not_tell_is_named(
    data_dir: Path, change: str, found: str
) -> None:
    _changed(data_dir, change)

    assert any(fault.startswith(found) for fault in _found(data_dir)), _found(data_dir)


def test_a_centre_that_was_removed_and_let_in_again_by_hand_is_named(
    data_dir: Path, genshare: Genshare
) -> None:
    assert genshare("hub", "remove", "centre-a", "--data-dir", str(data_dir)).code == 0
    assert _found(data_dir) == []

    _changed(data_dir, "UPDATE centres SET removed_at = NULL")

    (found,) = _found(data_dir)
    assert found.startswith("centre centre-a: it was removed at no time, and the log tells of")


@pytest.mark.parametrize(
    ("change", "points"),
    [
        ("DELETE FROM alias_changes WHERE version = 2", 1),
        ("UPDATE alias_changes SET version = 1", 1),
        ("DELETE FROM alias_changes", None),
    ],
)
def test_an_alias_that_somebody_pointed_elsewhere_is_named(
    data_dir: Path, change: str, points: int | None
) -> None:
    _changed(data_dir, change)

    alias = "alias best of centre-b/lesions-dcgan"
    assert _found(data_dir)[0] == f"{alias}: it points at {points}, and the log tells of 2"


def test_a_key_that_somebody_exchanged_with_all_that_it_signed_is_named(data_dir: Path) -> None:
    other = a_key().public
    _changed(
        data_dir,
        f"UPDATE centre_keys SET public_key = '{other.pem}', fingerprint = '{other.fingerprint}'",
    )

    assert any(
        fault.startswith("key 1 of centre-b: the log tells of another one")
        for fault in _found(data_dir)
    )


def test_a_version_that_somebody_put_in_or_took_out_is_named(data_dir: Path) -> None:
    columns = "id, centre, name, version, manifest_digest, architecture, lesion_kinds, manifest"
    columns += ", card, published_at, title, audit_statement"
    copied = columns.replace("id, centre, name, version", "7, centre, name, 7")
    copied = copied.replace("manifest_digest", "'x'")
    _changed(
        data_dir,
        f"INSERT INTO versions ({columns}) SELECT {copied} FROM versions WHERE id = 2",
        "DELETE FROM version_kinds WHERE version_id = 2",
        "DELETE FROM versions WHERE id = 2",
    )

    found = _found(data_dir)

    assert f"{ONE.replace('1', '7')}: the log does not tell that it was published" in found
    assert f"{TWO}: missing; the log tells that it was published" in found


def test_a_database_with_a_spoilt_page_is_a_finding_and_no_crash(data_dir: Path) -> None:
    path = data_dir / "hub.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'audit_log'"
        (page,) = database.execute(query).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    content = bytearray(path.read_bytes())
    content[(page - 1) * size] ^= 0xFF
    path.write_bytes(content)

    assert any(fault.startswith("database: ") for fault in _found(data_dir))


def _files(folder: Path) -> dict[str, bytes]:
    """Return what lies there, without the memory that SQLite's processes share."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in paths if not path.name.endswith("-shm")}


@pytest.mark.parametrize("is_empty", [True, False])
def test_an_empty_or_foreign_database_is_no_hub_and_nothing_is_written(
    data_dir: Path, genshare: Genshare, is_empty: bool
) -> None:
    database = data_dir / "hub.sqlite"
    database.unlink()
    with closing(sqlite3.connect(database)) as foreign, foreign:
        foreign.execute("CREATE TABLE centres (name TEXT)")
    if is_empty:
        database.write_bytes(b"")
    before = _files(data_dir)

    for command in (("verify",), ("export", "--out", str(data_dir / "out.tar")), ("login",)):
        done = genshare("hub", *command, "--data-dir", str(data_dir))

        assert (done.code, done.stdout) == (1, "")
        assert "hub.sqlite is no hub's: it is empty, or the database of" in done.stderr
        assert "GS-1302" in done.stderr
    assert _files(data_dir) == before


def test_stored_files_without_any_log_are_a_finding(tmp_path: Path) -> None:
    open_database(tmp_path / "hub.sqlite").dispose()
    content = b"weights"
    digest = hashlib.sha256(content).hexdigest()
    (tmp_path / "blobs" / digest[:2]).mkdir(parents=True)
    (tmp_path / "blobs" / digest[:2] / digest).write_bytes(content)

    assert _found(tmp_path) == ["database: it tells of nothing, and 1 file is stored beside it"]


def test_a_hub_of_an_earlier_version_is_told_and_not_changed(
    tmp_path: Path, genshare: Genshare
) -> None:
    folder = shutil.copytree(RELEASED, tmp_path / "hub")
    before = _files(folder)

    done = genshare("hub", "verify", "--data-dir", str(folder))

    assert (done.code, done.stdout) == (1, "")
    assert "was made by another version of genshare" in done.stderr
    assert _files(folder) == before


def test_writes_that_a_killed_hub_left_beside_its_database_are_read_and_stay(
    data_dir: Path, genshare: Genshare, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(data_dir / "hub.sqlite")) as served, served:
        served.execute("UPDATE centres SET token_sha256 = 'x' WHERE name = 'centre-a'")
        served.commit()
        killed = Path(shutil.copytree(data_dir, tmp_path / "killed 100%41?#"))
    before = _files(killed)

    done = genshare("hub", "verify", "--data-dir", str(killed))

    assert done.stdout.startswith("centre centre-a: its token is not")
    assert done.stderr.count("its token") == 0
    assert _files(killed) == before


def test_a_folder_that_may_only_be_read_is_checked(
    data_dir: Path, genshare: Genshare, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(data_dir / "hub.sqlite")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for left in data_dir.glob("hub.sqlite-*"):
        left.unlink()
    before = {path.name for path in data_dir.iterdir()}
    monkeypatch.setattr("hub.reading._may_write", lambda _path: False)

    done = genshare("hub", "verify", "--data-dir", str(data_dir))

    assert done.code == 0, done.stdout
    assert {path.name for path in data_dir.iterdir()} == before


def test_a_database_with_a_spoilt_beginning_is_a_finding(
    data_dir: Path, genshare: Genshare
) -> None:
    path = data_dir / "hub.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(b"\0" * 16 + path.read_bytes()[16:])

    done = genshare("hub", "verify", "--data-dir", str(data_dir))

    assert done.code == 1
    assert done.stdout.startswith("database: it cannot be read on: file is not a database\n")
    assert done.stdout.count("database: ") == 1
    assert "--port" not in done.stderr


def test_what_an_older_hub_published_before_the_log_began_is_checked_without_it(
    tmp_path: Path,
) -> None:
    folder = shutil.copytree(RELEASED, tmp_path / "hub")

    found = verified(folder)

    assert (found.entries, found.versions, found.files) == (0, 1, 3)
    assert found.faults == ()
    assert f"centres older than the log: {found.older_centres};" in str(found)
    assert found.older_centres > 0


def test_a_folder_without_a_hub_and_a_head_that_is_none_are_one_sentence(
    tmp_path: Path, data_dir: Path, genshare: Genshare
) -> None:
    nothing = genshare("hub", "verify", "--data-dir", str(tmp_path / "nowhere"))
    wrong = genshare("hub", "verify", "--data-dir", str(data_dir), "--head", "6-abc")

    assert (nothing.code, wrong.code) == (1, 2)
    assert "there is no hub.sqlite in it" in nothing.stderr
    assert not (tmp_path / "nowhere").exists()
    assert "it must be NUMBER:SHA256" in wrong.stderr
