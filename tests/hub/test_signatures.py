"""The centres' keys at the hub, and what they signed."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.signatures import errors
from shared.errors import HubRefusedError
from shared.hub_client import HubClient
from shared.packages import Package
from shared.records import GeneratorVersion, NewKey
from shared.signing_calls import SigningCalls
from signing.errors import OwnKeyReplacedError
from signing.key_chains import sign_rotation
from signing.keys import SigningKey, make_key
from signing.own_status import OwnStatus
from signing.packages import check_package, sign_audit, sign_package
from signing.publishing import Signer
from signing.withdrawals import sign_withdrawal
from signing.withdrawing import change_state
from tests.hub_server import RunningHub, running_hub, verified
from tests.lying_hub import NO_SUCH_ROUTE
from tests.packages import write_tiny_package
from tests.signing.made_up import CENTRE, a_key
from tests.statements import a_statement
from tests.withdrawals import WITHDRAWN_SO, a_withdrawal

API = "/api/v1"


@dataclass(frozen=True)
class Published:
    hub: RunningHub
    package: Package
    record: GeneratorVersion
    owner: HubClient
    key: SigningKey

    def put(self, content: bytes, part: str = "signature") -> httpx.Response:
        record = self.record
        path = f"{API}/generators/{record.centre}/{record.name}/versions/{record.version}/{part}"
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        return httpx.put(self.hub.url + path, content=content, headers=headers)

    token: str = ""


@pytest.fixture
def published(tmp_path: Path) -> Iterator[Published]:
    with running_hub(tmp_path / "hub") as hub:
        token = hub.client().invite(CENTRE)
        owner, package = hub.client(token), write_tiny_package(tmp_path / "made")
        key = make_key(tmp_path / "key.pem")
        yield Published(hub, package, owner.publish(package), owner, key, token)


def register(owner: HubClient, key: SigningKey, rotation: bytes | None = None) -> int:
    new = NewKey(public_key=key.public.pem, rotation=rotation.decode() if rotation else None)
    return owner.signing.put_key(CENTRE, new).number


def refused(code: str) -> AbstractContextManager[object]:
    return pytest.raises(HubRefusedError, match=code)


def test_a_signature_is_served_as_it_was_signed(published: Published) -> None:
    register(published.owner, published.key)
    content = sign_package(published.key, published.package.card, published.package.manifest)

    first, again = published.put(content), published.put(content)
    read = published.hub.invited("centre-a").signing.package_signature(published.record)

    assert (first.status_code, again.status_code) == (201, 200)
    assert read == first.content == content
    check_package(read, published.key.public, published.record.manifest)


def test_publishing_again_keeps_the_signatures_that_are_there(published: Published) -> None:
    signer, statement = (
        Signer(published.key, published.owner),
        a_statement(subject=published.package.digest),
    )
    record = published.owner.state(published.record, statement)
    calls = published.owner.signing

    assert signer.sign(record, statement)
    kept = calls.package_signature(record), calls.audit_signature(record)
    assert signer.sign(record, statement)

    assert None not in kept
    assert (calls.package_signature(record), calls.audit_signature(record)) == kept
    with pytest.raises(OwnKeyReplacedError, match="the hub has centre-b sign with another key"):
        Signer(a_key(), published.owner).sign(record, statement)


def test_only_what_the_centres_own_key_signed_of_that_very_version_is_kept(
    published: Published, tmp_path: Path
) -> None:
    package, key = published.package, published.key
    good = sign_package(key, package.card, package.manifest)
    assert published.put(good).json()["code"] == "GS-2322"
    register(published.owner, key)
    other = write_tiny_package(tmp_path / "other", title="Another")
    bundle = json.loads(good)
    bundle["dsseEnvelope"]["payload"] = bundle["dsseEnvelope"]["payload"][:-8] + "AAAAAAA="
    wrong = {
        "GS-2302": sign_package(key, other.card, other.manifest),
        "GS-2322": sign_package(a_key(), package.card, package.manifest),
        "GS-0002": b'{"mediaType": "x"}',
    }

    for code, content in wrong.items():
        assert published.put(content).json()["code"] == code
    assert published.put(json.dumps(bundle).encode()).json()["code"] == "GS-2302"
    assert published.put(b"0" * 2_000_000).status_code == 413
    audit = sign_audit(key, package.card, package.manifest, a_statement(subject=package.digest))
    assert published.put(audit, "statements/audit/signature").json()["code"] == "GS-1104"
    assert published.owner.signing.package_signature(published.record) is None


def test_a_statement_is_signed_with_the_words_that_the_hub_has(published: Published) -> None:
    package, key, part = published.package, published.key, "statements/audit/signature"
    register(published.owner, key)
    statement = a_statement(subject=package.digest)
    published.owner.state(published.record, statement)
    others = a_statement(subject=package.digest, tries=2)

    right = published.put(sign_audit(key, package.card, package.manifest, statement), part)
    wrong = published.put(sign_audit(key, package.card, package.manifest, others), part)

    assert right.status_code == 201
    assert wrong.json()["code"] == "GS-2302"
    assert "another audit statement" in wrong.json()["detail"]


def test_a_withdrawal_is_signed_of_what_is_withdrawn_in_words_that_may_be_read(
    published: Published, tmp_path: Path
) -> None:
    key, record, part = published.key, published.record, "withdrawal"
    register(published.owner, key)

    def signed(**changes: Any) -> bytes:
        said = a_withdrawal(record, **changes)
        return sign_withdrawal(key, said, published.package.manifest)

    early = published.put(signed(), part)
    published.owner.life_cycle.change_state(record, WITHDRAWN_SO)
    other = write_tiny_package(tmp_path / "other", title="Another")
    wrong = {
        "GS-1420": signed(reason="Patient 20586908 withdrew"),
        "GS-2302": signed(version=2),
        "GS-2322": sign_withdrawal(a_key(), a_withdrawal(record), published.package.manifest),
    }
    of_another = sign_withdrawal(key, a_withdrawal(record, subject=other.digest), other.manifest)

    assert (
        early.json()["detail"] == "version 1 of centre-b/lesions-dcgan is approved, not withdrawn"
    )
    for code, content in wrong.items():
        assert published.put(content, part).json()["code"] == code
    assert published.put(of_another, part).json()["code"] == "GS-2302"
    good = signed()
    assert [published.put(good, part).status_code for _ in range(2)] == [201, 200]
    assert published.hub.invited("centre-a").signing.withdrawal(record) == good
    page = published.hub.browser("centre-a").get("/generators/centre-b/lesions-dcgan/1").text
    assert "Its withdrawal, and why" in page
    assert faults(published.hub.data_dir) == []
    with closing(sqlite3.connect(published.hub.data_dir / "hub.sqlite")) as database, database:
        database.execute(
            "UPDATE signatures SET content = ? WHERE kind = 'withdrawal'", (of_another.decode(),)
        )
    assert any("it withdraws another version" in fault for fault in faults(published.hub.data_dir))


def faults(data_dir: Path) -> list[str]:
    """Return what `genshare hub verify` finds wrong."""
    return [str(fault) for fault in verified(data_dir).faults]


def test_a_hub_of_before_withdraws_without_keeping_why(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    Signer(published.key, published.owner).sign(published.record, None)

    def nowhere(*_: object) -> None:
        raise HubRefusedError(NO_SUCH_ROUTE)

    monkeypatch.setattr(SigningCalls, "put_withdrawal", nowhere)
    own = OwnStatus(published.key, published.owner, CENTRE)
    state = change_state(published.owner, published.record, WITHDRAWN_SO, own)

    assert state.state == "withdrawn"
    assert published.owner.signing.withdrawal(published.record) is None


def test_a_key_is_followed_only_by_one_that_it_hands_over_to(published: Published) -> None:
    first, second, third = published.key, a_key(), a_key()
    owner, reader = published.owner, published.hub.invited("centre-a")

    assert (register(owner, first), register(owner, first)) == (1, 1)
    with refused("GS-2323"):
        register(owner, second)
    with refused("GS-2302"):
        register(owner, second, sign_rotation(CENTRE, 3, old=first, new=second))
    with refused("GS-2302"):
        register(owner, third, sign_rotation(CENTRE, 2, old=first, new=second))
    assert register(owner, second, sign_rotation(CENTRE, 2, old=first, new=second)) == 2
    with refused("GS-2323"):
        register(owner, first, sign_rotation(CENTRE, 3, old=second, new=first))
    with refused("GS-1002"):
        register(reader, third)
    assert [key.number for key in reader.signing.keys(CENTRE)] == [1, 2]
    assert reader.signing.keys("centre-x") == ()


def test_one_person_may_sign_for_two_centres_with_one_key(published: Published) -> None:
    register(published.owner, published.key)
    other = published.hub.invited("centre-c")

    other.signing.put_key("centre-c", NewKey(public_key=published.key.public.pem))

    assert len(other.signing.keys("centre-c")) == len(other.signing.keys(CENTRE)) == 1


def test_a_newer_key_signs_anew_and_an_older_one_does_not(published: Published) -> None:
    first, second, package = published.key, a_key(), published.package
    register(published.owner, first)
    published.put(sign_package(first, package.card, package.manifest))
    register(published.owner, second, sign_rotation(CENTRE, 2, old=first, new=second))

    anew = published.put(sign_package(second, package.card, package.manifest))
    back = published.put(sign_package(first, package.card, package.manifest))

    assert anew.status_code == 201
    assert (back.status_code, back.json()["code"]) == (409, errors.SignatureExistsError.code)


def test_a_lost_key_is_replaced_soon_after_the_operator_renewed_the_token(
    published: Published,
) -> None:
    register(published.owner, published.key)
    owner = published.hub.invited(CENTRE)
    with sqlite3.connect(published.hub.data_dir / "hub.sqlite") as database:
        database.execute("UPDATE centres SET new_key_until = '2020-01-01 00:00:00.000000'")
    database.close()
    with refused("GS-2323"):
        register(owner, a_key())

    owner = published.hub.invited(CENTRE)

    assert register(owner, a_key()) == 2
    with refused("GS-2323"):
        register(owner, a_key())


def test_what_was_registered_and_signed_is_in_the_audit_log(published: Published) -> None:
    Signer(published.key, published.owner).sign(published.record, None)
    headers = {"Authorization": "Bearer admin-of-the-tests"}

    items = httpx.get(f"{published.hub.url}{API}/log", headers=headers).json()["items"]

    told = [(item["entry"]["action"], item["entry"]["caller"]) for item in items[:3]]
    assert told == [("status_signed", CENTRE), ("signed", CENTRE), ("key_registered", CENTRE)]
    assert items[2]["entry"]["subject"] == published.key.public.fingerprint
