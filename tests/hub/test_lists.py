"""Lists: whole and in summary, by filters that cost nothing, with links that trust no header."""

import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from sqlalchemy import select

from hub.database import open_database
from hub.registry.store import SUMMARY, WHOLE, VersionFilter, VersionStore, _listed
from shared.records import GeneratorPage, GeneratorSummaries
from shared.states import APPROVED, State
from tests.hub_server import RunningHub, running_hub
from tests.packages import write_tiny_package

API = "/api/v1"
MANY = 10_000
FILTERS = [
    VersionFilter(centre, kind, architecture)
    for centre in (None, "centre-a", "centre-0", "centre-z")
    for kind in (None, "mass", "calcification", "other")
    for architecture in (None, "dcgan", "wgan-gp", "none")
]
BY_STATE = [
    VersionFilter(centre, kind, None, state, viewer)
    for centre in (None, "centre-a")
    for kind in (None, "mass")
    for state in (None, *get_args(State))
    for viewer in (None, "centre-a")
]


def test_a_list_tells_the_same_as_each_version_and_a_summary_less(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "package", title="Ünüsual: masses & more")
    with running_hub(tmp_path / "hub") as hub, _reader(hub) as http:
        client = hub.invited("centre-b")
        client.publish(package)
        client.publish(write_tiny_package(tmp_path / "two", title="Two"))
        each = [client.version("centre-b", "lesions-dcgan", number) for number in (2, 1)]
        whole, summary = (http.get("/generators", params={"fields": f}) for f in ("all", "summary"))
        versions = http.get("/generators/centre-b/lesions-dcgan/versions")
        single = http.get("/generators/centre-b/lesions-dcgan/versions/1")
        wrong = http.get("/generators?fields=some")

    page = GeneratorPage.model_validate_json(whole.content)
    assert list(page.items) == each
    assert versions.json() == whole.json()["items"]
    assert whole.json()["items"][1] == single.json()
    told = GeneratorSummaries.model_validate_json(summary.content)
    assert [item.title for item in told.items] == ["Two", "Ünüsual: masses & more"]
    assert [item.lesion_kinds for item in told.items] == [("mass",)] * 2
    assert [item.manifest_digest for item in told.items] == [one.manifest_digest for one in each]
    assert len(summary.content) < len(whole.content) / 3
    assert wrong.status_code == 422


def test_times_have_a_zone(tmp_path: Path) -> None:
    with running_hub(tmp_path / "hub") as hub, _reader(hub) as http:
        hub.invited("centre-b").publish(write_tiny_package(tmp_path / "package"))
        http.headers["Authorization"] = f"Bearer {hub.client().invite('centre-a')}"
        times = [
            http.get("/centres").json()[0]["enrolled_at"],
            http.get("/generators").json()["items"][0]["published_at"],
            http.get("/generators?fields=summary").json()["items"][0]["published_at"],
            http.get("/generators/centre-b/lesions-dcgan/versions/1").json()["published_at"],
        ]

    assert [datetime.fromisoformat(text).utcoffset() is not None for text in times] == [True] * 4


@pytest.mark.parametrize(
    ("settings", "beginning"),
    [
        ({}, "/api/v1/generators?"),
        ({"public_url": "https://hub.example/x/"}, "https://hub.example/x/api/v1/generators?"),
    ],
)
def test_links_begin_with_the_public_url_and_never_with_the_host_that_was_sent(
    tmp_path: Path, settings: dict[str, str], beginning: str
) -> None:
    with running_hub(tmp_path / "hub", **settings) as hub, _reader(hub) as http:
        client = hub.invited("centre-b")
        for number in range(2):
            client.publish(write_tiny_package(tmp_path / str(number), title=f"Number {number}"))
        sent = {"Host": "x", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
        answer = http.get("/generators?limit=1&kind=mass", headers=sent)

    assert answer.links["next"]["url"] == f"{beginning}limit=1&kind=mass&cursor=2"


def test_head_is_answered_wherever_there_is_a_get(tmp_path: Path) -> None:
    with running_hub(tmp_path / "hub") as hub, _reader(hub) as http:
        hub.invited("centre-b").publish(write_tiny_package(tmp_path / "package"))
        version = "/generators/centre-b/lesions-dcgan/versions/1"
        paths = ("/healthz", "/version", "/centres", "/generators", version, f"{version}/files/x")
        pairs = [(http.get(path), http.head(path)) for path in paths]
        refused = httpx.head(f"{hub.url}{API}/generators")

    for get, head in pairs:
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers["Content-Type"] == get.headers["Content-Type"]
        assert head.headers["Content-Length"] == get.headers["Content-Length"]
    assert refused.status_code == 401


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VersionStore]:
    """A hub's database with 10,000 versions, most of the filters' values rare or long ago."""
    folder = tmp_path_factory.mktemp("many")
    path = folder / "hub.sqlite"
    package = write_tiny_package(folder / "package")
    engine = open_database(path)
    store = VersionStore(engine, most_of_a_centre=MANY)
    manifest = (package.folder / "manifest.json").read_text()
    card = (package.folder / "card.json").read_text()
    with sqlite3.connect(path) as database:
        for name in ("centre-a", "centre-0"):
            database.execute(
                "INSERT INTO centres (name, token_sha256, enrolled_at) "
                "VALUES (?, ?, '2026-01-01 00:00:00')",
                [name, name],
            )
        for number in range(1, MANY + 1):
            centre = "centre-0" if number <= 60 else "centre-a"
            architecture = "wgan-gp" if number <= 55 else "dcgan"
            kind = "calcification" if number <= 70 else "mass"
            database.execute(
                "INSERT INTO versions "
                "VALUES (?,?,?,?,?,?,?,?,?,'2026-01-01 00:00:00.000000','Tiny',NULL)",
                (number, centre, "n", number, f"{number:064d}", architecture, kind, manifest, card),
            )
            database.execute(
                "INSERT INTO version_kinds VALUES (?,?,?,?)", (number, kind, centre, architecture)
            )
    yield store
    engine.dispose()


@pytest.mark.parametrize("columns", [WHOLE, SUMMARY], ids=["whole", "summary"])
def test_no_filter_looks_at_what_it_leaves_out(many: VersionStore, columns: tuple[object]) -> None:
    """Every list is read from an index in its own order: none is scanned, none sorted."""
    for wanted in (*FILTERS, *BY_STATE):
        for cursor in (None, 5_000):
            query = _listed(select(*columns), wanted, cursor).limit(51)  # type: ignore[call-overload]
            with many._engine.connect() as connection:
                compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}").all()
            steps = [row[3] for row in plan]
            chosen = (wanted.centre, wanted.kind, wanted.architecture)
            everything = chosen == (None, None, None)
            unfiltered = everything and wanted.state in {None, APPROVED} and cursor is None
            assert not [step for step in steps if "TEMP B-TREE" in step], (wanted, steps)
            assert unfiltered or not [step for step in steps if step.startswith("SCAN")], steps


@pytest.mark.nightly
def test_every_filter_is_within_a_fifth_of_the_time_without(many: VersionStore) -> None:
    def seconds(wanted: VersionFilter) -> float:
        taken = []
        for _ in range(30):
            begun = time.perf_counter()
            many.page(wanted, cursor=None, limit=50, summary=False)
            taken.append(time.perf_counter() - begun)
        return min(taken)

    without = seconds(VersionFilter())
    shares = {wanted: seconds(wanted) / without for wanted in FILTERS}

    assert {wanted: share for wanted, share in shares.items() if share > 1.2} == {}


def test_filters_find_what_they_say(many: VersionStore) -> None:
    def found(**wanted: Any) -> int:
        page = many.page(VersionFilter(**wanted), cursor=None, limit=200, summary=True)
        return len(GeneratorSummaries.model_validate_json(page.json).items)

    assert found(centre="centre-0") == 60
    assert found(architecture="wgan-gp") == 55
    assert found(kind="calcification") == 70
    assert found(kind="calcification", centre="centre-a") == 10
    assert found(kind="calcification", centre="centre-0", architecture="dcgan") == 5
    assert found(kind="mass", architecture="wgan-gp") == 0
    assert found() == 200


def _reader(hub: RunningHub) -> httpx.Client:
    return httpx.Client(
        base_url=hub.url + API,
        headers={"Authorization": f"Bearer {hub.client().invite('centre-r')}"},
    )
