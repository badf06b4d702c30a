"""What a centre states of its audits, at the hub and on the way to a receiver."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from shared.canonical import canonical_json, digest_of
from shared.errors import HubRefusedError, StatementRefusedError
from shared.packages import Package, open_package
from shared.statements import STATEMENT, AuditStatement, StatedWaiver
from tests.hub_server import RunningHub, running_hub
from tests.packages import write_tiny_package
from tests.statements import a_statement

PATH = "/api/v1/generators/centre-b/lesions-dcgan/versions/1/statements/audit"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Published:
    hub: RunningHub
    package: Package
    token: str

    def put(self, content: bytes, token: str | None = None) -> httpx.Response:
        headers = {**JSON, "Authorization": f"Bearer {token or self.token}"}
        return httpx.put(self.hub.url + PATH, content=content, headers=headers)

    def get(self, **headers: str) -> httpx.Response:
        told = {"Authorization": f"Bearer {self.token}", **headers}
        return httpx.get(self.hub.url + PATH, headers=told)

    @property
    def statement(self) -> AuditStatement:
        return a_statement(subject=self.package.digest)


@pytest.fixture
def published(tmp_path: Path) -> Iterator[Published]:
    with running_hub(tmp_path / "hub") as hub:
        token = hub.client().invite("centre-b")
        package = write_tiny_package(tmp_path / "made")
        hub.client(token).publish(package)
        yield Published(hub, package, token)


def test_a_statement_is_kept_once_and_read_as_it_was_sent(published: Published) -> None:
    content = canonical_json(published.statement)

    before = published.get()
    first, again = published.put(content), published.put(content)
    other = published.put(canonical_json(a_statement(subject=published.package.digest, tries=2)))
    read = published.get()

    assert (before.status_code, before.json()["code"]) == (404, "GS-1104")
    assert (first.status_code, again.status_code) == (201, 200)
    assert (other.status_code, other.json()["code"]) == (409, "GS-1208")
    assert read.content == first.content == again.content == content
    assert published.get(**{"If-None-Match": read.headers["ETag"]}).status_code == 304


def test_a_statement_of_another_digest_or_not_in_its_one_text_is_refused(
    published: Published,
) -> None:
    content = canonical_json(published.statement)
    waived = {
        "verdict": "refused",
        "decided_by": ("AUROC",),
        "waiver": StatedWaiver(by="A", reason="Agreed on 2024-05-06 for patient id 7"),
    }
    wrong = {
        "speaks of the package": canonical_json(a_statement(subject="0" * 64)),
        "not written as genshare": content.replace(b":", b": ", 1),
        "the waiver's reason": canonical_json(
            a_statement(subject=published.package.digest, **waived)
        ),
    }
    for said, sent in wrong.items():
        answer = published.put(sent)
        assert (answer.status_code, answer.json()["code"]) == (422, "GS-2013")
        assert said in answer.json()["detail"]
    unknown = published.put(content[:-1] + b',"patients":7}')
    assert (unknown.status_code, unknown.json()["code"]) == (422, "GS-0002")
    assert published.get().status_code == 404


def test_nobody_states_something_of_a_foreign_generator(published: Published) -> None:
    token = published.hub.client().invite("centre-a")

    answer = published.put(canonical_json(published.statement), token)

    assert (answer.status_code, answer.json()["code"]) == (403, "GS-1002")


def test_a_receiver_gets_the_statement_beside_the_package(
    published: Published, tmp_path: Path
) -> None:
    owner, reader = published.hub.client(published.token), published.hub.invited("centre-a")
    sent = owner.state(owner.version("centre-b", "lesions-dcgan", 1), published.statement)
    listed = next(reader.generators())

    fetched = reader.fetch(listed, tmp_path / "in")

    assert listed == sent == reader.version("centre-b", "lesions-dcgan", None)
    assert listed.audit_statement == digest_of(published.statement)
    assert (tmp_path / "in" / STATEMENT).read_bytes() == canonical_json(published.statement)
    assert open_package(tmp_path / "in") == fetched
    assert reader.fetch(listed, tmp_path / "in") == fetched


def test_a_statement_that_was_edited_at_the_receiver_is_refused(
    published: Published, tmp_path: Path
) -> None:
    client = published.hub.client(published.token)
    record = client.state(client.version("centre-b", "lesions-dcgan", 1), published.statement)
    client.fetch(record, tmp_path / "in")
    edited = a_statement(subject=published.package.digest, tries=2)
    (tmp_path / "in" / STATEMENT).write_bytes(canonical_json(edited))

    with pytest.raises(StatementRefusedError, match="not the statement that the hub has"):
        client.fetch(record, tmp_path / "in")


def test_a_hub_whose_statement_was_changed_is_not_believed(
    published: Published, tmp_path: Path
) -> None:
    client = published.hub.client(published.token)
    record = client.state(client.version("centre-b", "lesions-dcgan", 1), published.statement)
    database = sqlite3.connect(published.hub.data_dir / "hub.sqlite")
    for changed, said in (
        (a_statement(subject=published.package.digest, tries=2), "it was changed"),
        (a_statement(subject="0" * 64), "speaks of the package 0000"),
    ):
        with database:
            database.execute(
                "UPDATE audit_statements SET content = ?", (canonical_json(changed).decode(),)
            )
        with pytest.raises(StatementRefusedError, match=said):
            client.fetch(record, tmp_path / "in")
        assert not (tmp_path / "in").exists()
    database.close()


def test_a_client_sends_no_statement_of_another_package(published: Published) -> None:
    client = published.hub.client(published.token)
    record = client.version("centre-b", "lesions-dcgan", 1)

    with pytest.raises(StatementRefusedError, match="speaks of the package"):
        client.state(record, a_statement(subject="0" * 64))
    client.state(record, published.statement)
    with pytest.raises(HubRefusedError, match="GS-1208"):
        client.state(record, a_statement(subject=published.package.digest, tries=2))
