"""PostgreSQL and S3: what holds for a hub with SQLite and a folder holds there too.

The tests are those of SQLite and a folder, collected once more here, where the environment names a
database and a bucket of the test's own. Below them is what only these can do.
"""

# ruff: noqa: F401, F811 (what is imported is collected here)

import hashlib
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import obstore
import pytest

from hub.main import create_app
from hub.registry.bucket import BucketPlace
from hub.settings import Settings
from shared.errors import CannotServeError, HubRefusedError
from shared.serving import read_settings
from tests.command_line import Genshare
from tests.hub.audit_log.test_log import (
    exchange,
    log,
    test_enrolment_publication_and_statement_are_told_with_who_and_what,
    test_many_who_write_at_once_make_one_chain,
    test_the_database_itself_refuses_to_change_an_entry,
    test_weights_are_told_once_an_hour_whichever_part_comes_first_and_cards_never,
    test_what_is_told_and_its_entry_are_both_there_or_neither,
)
from tests.hub.test_aliases import (
    hub,
    owner,
    test_an_alias_is_pointed_on_a_condition_and_tells_where_it_pointed,
)
from tests.hub.test_cleaning import (
    stored,
    test_a_version_that_is_added_while_orphans_are_sought_keeps_its_files,
    test_an_orphan_is_removed_after_the_grace_time_and_its_quota_is_free,
    test_who_asks_whether_a_file_is_there_may_still_publish_it,
)
from tests.hub.test_events import test_nobody_else_hears_of_a_draft_nor_of_its_end
from tests.hub.test_hub import (
    test_a_fetch_that_broke_off_goes_on,
    test_a_published_package_is_listed_and_fetched_unchanged,
    test_files_are_served_whole_in_part_and_not_again,
)
from tests.hub.test_lists import test_a_list_tells_the_same_as_each_version_and_a_summary_less
from tests.hub.test_quotas import (
    test_a_centre_stores_no_more_than_its_quota_also_after_a_restart,
    test_who_keeps_a_file_looks_at_what_is_stored_by_then,
)
from tests.hub.test_racing_changes import (
    both_look_first,
    test_of_two_uploads_that_must_be_the_first_one_is_refused,
)
from tests.hub.test_receipts import (
    received,
    test_a_receipt_is_served_as_it_was_signed_and_listed,
)
from tests.hub.test_signatures import published, test_a_signature_is_served_as_it_was_signed
from tests.hub_server import RunningHub, database_of, running_hub, verified
from tests.packages import write_tiny_package
from tests.storage_servers import KEY, PASSWORD, SECRET, Gate, Servers, servers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.usefixtures("elsewhere")]


@pytest.fixture
def elsewhere(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every hub and command of a test use an empty database and a new part of a bucket."""
    for name, value in servers.empty_place().items():
        monkeypatch.setenv(name, value)


@dataclass(frozen=True)
class Replicas:
    """Two hubs on one database and one bucket, each with a folder of its own."""

    one: RunningHub
    two: RunningHub
    database: Gate
    files: Gate

    def readiness(self) -> int:
        return httpx.get(f"{self.one.url}/api/v1/readyz").status_code


@pytest.fixture
def replicas(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Replicas]:
    """The first goes through gates."""
    database, files = Gate(servers.postgres.port), Gate(servers.s3.port)
    limits = {"max_versions_per_centre": 7, "max_files_per_centre": 9}
    with running_hub(tmp_path / "two", **limits) as two:
        monkeypatch.setenv("HUB_DATABASE_URL", servers.postgres.url("hub", port=database.port))
        monkeypatch.setenv("HUB_S3_ENDPOINT", f"http://127.0.0.1:{files.port}")
        with running_hub(tmp_path / "one", **limits) as one:
            monkeypatch.setenv("HUB_DATABASE_URL", servers.postgres.url("hub"))
            monkeypatch.setenv("HUB_S3_ENDPOINT", servers.s3.url)
            yield Replicas(one, two, database, files)
    database.shut()
    files.shut()


def test_what_is_published_at_one_replica_is_found_at_the_other_and_races_are_none(
    replicas: Replicas, tmp_path: Path, genshare: Genshare
) -> None:
    token = replicas.one.client().invite("centre-b")
    owners = [hub.client(token) for hub in (replicas.one, replicas.two)]
    packages = [write_tiny_package(tmp_path / str(n), title=f"Number {n}") for n in range(7)]
    before = owners[1].life_cycle.events(0).last

    first = owners[0].publish(packages[0])
    fetched = owners[1].fetch(owners[1].version("centre-b", "lesions-dcgan", None), tmp_path / "in")
    with ThreadPoolExecutor(6) as threads:
        published = list(
            threads.map(lambda n: owners[n % 2].publish(packages[n]).version, range(1, 7))
        )
    with pytest.raises(HubRefusedError, match="GS-1206"):
        owners[0].publish(write_tiny_package(tmp_path / "more", title="One too many"))
    owners[0].life_cycle.point_alias("centre-b", "lesions-dcgan", "best", 3)

    assert fetched.digest == packages[0].digest
    assert (first.version, sorted(published)) == (1, [2, 3, 4, 5, 6, 7])
    assert list(owners[0].generators()) == list(owners[1].generators())
    assert len(owners[1].life_cycle.events(before).items) == 8
    done = genshare("hub", "verify")
    assert (done.code, done.stdout.endswith("nothing was changed\n")) == (0, True)
    link = httpx.URL(genshare("hub", "login").stdout.strip()).params["once"]
    here = {"Origin": replicas.two.url}
    opened = httpx.post(f"{replicas.two.url}/login", data={"once": link}, headers=here)
    session = opened.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    behind = f"genshare-{httpx.URL(replicas.one.url).port}={session}"  # both have one port there
    as_browser = {"Cookie": behind, "Accept": "text/html"}
    page = httpx.get(f"{replicas.one.url}/generators", headers=as_browser)
    assert "lesions-dcgan" in page.text


def test_what_goes_away_is_said_and_used_again_when_it_is_back(
    replicas: Replicas, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = replicas.one.client().invite("centre-b")
    replicas.one.client(token).publish(write_tiny_package(tmp_path / "package"))
    headers = {"Authorization": f"Bearer {token}"}
    generators = f"{replicas.one.url}/api/v1/generators"
    file = f"{generators}/centre-b/lesions-dcgan/versions/1/files/weights.safetensors"

    def answers() -> list[tuple[int, str | None]]:
        each = [httpx.get(url, headers=headers) for url in (generators, file)]
        return [(a.status_code, None if a.is_success else a.json()["code"]) for a in each]

    replicas.files.shut()
    without_files, not_ready = answers(), replicas.readiness()
    replicas.files.open()
    again = answers(), replicas.readiness()
    replicas.database.shut()
    without_database, not_ready_again = answers(), replicas.readiness()
    replicas.database.open()

    assert (without_files, not_ready) == ([(200, None), (503, "GS-1400")], 503)
    assert again == ([(200, None)] * 2, 200)
    assert (without_database, not_ready_again) == ([(503, "GS-2202")] * 2, 503)
    assert (answers(), replicas.readiness()) == again
    assert not any(secret in caplog.text for secret in (PASSWORD, SECRET, token))


def test_what_was_changed_beside_the_hub_is_named(servers: Servers, tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "package")
    with running_hub(tmp_path / "hub") as hub:
        hub.invited("centre-b").publish(package)
    place = os.environ["HUB_FILES_URL"]
    weights, card = sorted(package.manifest.files, key=lambda file: file.name == "card.json")
    bucket = BucketPlace(place, servers.s3.url, "us-east-1", KEY, SECRET).store()
    obstore.put(bucket, f"{weights.sha256[:2]}/{weights.sha256}", b"x")
    obstore.delete(bucket, f"{card.sha256[:2]}/{card.sha256}")
    with database_of(tmp_path).begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("UPDATE audit_log SET caller = 'centre-c' WHERE number = 2")
        connection.exec_driver_sql("UPDATE versions SET published_at = '2020-01-01'")

    found = [str(fault) for fault in verified(tmp_path).faults]

    version = "version 1 of centre-b/lesions-dcgan"
    assert [text.partition(", and the log tells")[0] for text in found] == [
        "entry 2: the column caller is not what its text says",
        f"{version}: it was published at 2020-01-01 00:00:00+00:00",
        f"file {place}/{card.sha256[:2]}/{card.sha256}: it is missing, and {version} has it",
        f"file {place}/{weights.sha256[:2]}/{weights.sha256}: it was changed: its SHA-256 is "
        f"{hashlib.sha256(b'x').hexdigest()}; {version} has it",
    ]


@pytest.mark.parametrize("command", [["verify"], ["remove", "centre-a"], ["login"]])
def test_a_command_on_a_database_without_a_hub_is_one_sentence(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, genshare: Genshare, command: list[str]
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", servers.postgres.url("postgres"))

    done = genshare("hub", *command)

    assert done.code == 1
    assert "/postgres is no hub's: it is empty, or the database of something else" in done.stderr
    assert PASSWORD not in done.stderr


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"DATABASE_URL": "{postgres}/none"}, 'database "none" does not exist'),
        ({"DATABASE_URL": "postgresql://hub:wrong-words@127.0.0.1:{port}/hub"}, "authentication"),
        ({"DATABASE_URL": "postgresql://hub:wrong-words@127.0.0.1:1/hub"}, "Connection refused"),
        ({"DATABASE_URL": "mysql://hub:wrong-words@x/hub"}, "HUB_DATABASE_URL must be such as"),
        ({"FILES_URL": "s3://no-bucket"}, "s3://no-bucket cannot be used: there is no such bucket"),
        ({"S3_ENDPOINT": "http://127.0.0.1:1"}, "cannot be used: it does not answer"),
        ({"S3_SECRET_ACCESS_KEY": ""}, "HUB_S3_SECRET_ACCESS_KEY is not"),
        ({"FILES_URL": "https://wrong-words@x"}, "HUB_FILES_URL: "),
        ({"FILES_URL": ""}, "HUB_DATABASE_URL is set and HUB_FILES_URL is not"),
    ],
)
def test_a_wrong_setting_is_one_sentence_without_secrets(
    servers: Servers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wrong: dict[str, str],
    sentence: str,
) -> None:
    for name, value in wrong.items():
        base = servers.postgres.url("").rstrip("/")
        text = value.replace("{postgres}", base).replace("{port}", str(servers.postgres.port))
        monkeypatch.setenv(f"HUB_{name}", text)

    with pytest.raises(CannotServeError, match=re.escape(sentence)) as caught:
        create_app(read_settings(Settings, data_dir=tmp_path))

    assert "\n" not in str(caught.value)
    assert not any(secret in str(caught.value) for secret in (PASSWORD, SECRET, "wrong-words"))


def test_a_hub_with_another_database_is_kept_from_a_bucket_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, genshare: Genshare
) -> None:
    """It would take every file there for an orphan."""
    with running_hub(tmp_path / "one"):
        pass
    with running_hub(tmp_path / "one"):  # the same is let in again
        archive = tmp_path / "hub.tar"
        assert genshare("hub", "export", "--data-dir", tmp_path / "one", "--out", archive).code == 0
    url = os.environ["HUB_FILES_URL"]
    monkeypatch.delenv("HUB_DATABASE_URL")

    with pytest.raises(CannotServeError, match=f"{url} holds the files of a hub with another"):
        create_app(read_settings(Settings, data_dir=tmp_path / "two"))
    copied = genshare("hub", "import", archive, "--data-dir", tmp_path / "three")

    assert (copied.code, f"remove {url}/owner first" in copied.stderr) == (1, True)


def test_a_hub_moves_from_a_folder_to_postgres_and_s3_and_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, genshare: Genshare
) -> None:
    there, back = tmp_path / "there.tar", tmp_path / "back.tar"
    old, new, returned = (tmp_path / name for name in ("old", "new", "returned"))
    with monkeypatch.context() as at_home:
        for name in [name for name in os.environ if name.startswith("HUB_")]:
            at_home.delenv(name)
        with running_hub(old) as hub:
            token = hub.client().invite("centre-b")
            first = hub.client(token).publish(write_tiny_package(tmp_path / "one"))
        genshare("hub", "export", "--data-dir", old, "--out", there)
        before = genshare("hub", "verify", "--data-dir", old)

    taken, twice = (genshare("hub", "import", there, "--data-dir", new) for _ in range(2))
    after = genshare("hub", "verify", "--data-dir", new)
    with running_hub(new) as hub:
        reader = hub.client(token)
        fetched = reader.fetch(first, tmp_path / "in")
        second = reader.publish(write_tiny_package(tmp_path / "two", title="Two"))
    exported = genshare("hub", "export", "--data-dir", new, "--out", back)
    with monkeypatch.context() as at_home:
        for name in [name for name in os.environ if name.startswith("HUB_")]:
            at_home.delenv(name)
        brought_back = genshare("hub", "import", back, "--data-dir", returned)

    assert (taken.code, exported.code, brought_back.code) == (0, 0, 0)
    assert after.stdout == before.stdout
    assert (fetched.digest, second.version) == (first.manifest_digest, 2)
    assert "versions with manifest and card: 2" in brought_back.stdout
    assert (twice.code, "holds a hub already" in twice.stderr) == (1, True)
    assert [path.name for path in new.iterdir()] == ["blobs"]
