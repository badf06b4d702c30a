"""What a centre says of its own versions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from shared.hub_client import HubClient
from shared.records import GeneratorVersion, NewKey
from signing import own_status
from signing.bundles import LARGEST_BUNDLE_BYTES
from signing.errors import StatusUnusableError
from signing.key_chains import sign_rotation
from signing.keys import make_key
from signing.own_status import OWN_STATUS, OwnStatus
from signing.publishing import Signer
from signing.statuses import (
    HOLDS_FOR,
    MOST_ALIASES,
    MOST_VERSIONS,
    CentreStatus,
    Said,
    StatedAlias,
    StatedVersion,
    next_status,
    read_status,
    sign_status,
)
from tests.hub_server import RunningHub, running_hub
from tests.packages import write_tiny_package
from tests.signing.made_up import CENTRE, a_key

NAME = "lesions-dcgan"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    with running_hub(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def owner(hub: RunningHub) -> HubClient:
    return hub.invited(CENTRE)


@pytest.fixture
def own(owner: HubClient, tmp_path: Path) -> OwnStatus:
    return OwnStatus(make_key(tmp_path / "keys" / "key.pem"), owner, CENTRE)


def published(own: OwnStatus, folder: Path, title: str = "Tiny") -> GeneratorVersion:
    record = own.hub.publish(write_tiny_package(folder, title=title))
    Signer(own.key, own.hub).sign(record, None)
    return record


def at_hub(own: OwnStatus) -> CentreStatus:
    content = own.hub.signing.status(CENTRE)
    assert content is not None
    return read_status(content, own.key.public, centre=CENTRE)


def test_each_publication_is_in_the_next_status_once(own: OwnStatus, tmp_path: Path) -> None:
    first = published(own, tmp_path / "1")
    Signer(own.key, own.hub).sign(first, None)
    second = published(own, tmp_path / "2", title="Another")

    status = at_hub(own)

    assert status.number == 2
    assert [(item.version, item.manifest_digest) for item in status.versions] == [
        (1, first.manifest_digest),
        (2, second.manifest_digest),
    ]
    assert status.expires_at - status.made_at == HOLDS_FOR
    newest = status.newest(NAME)
    assert newest is not None
    assert newest.version == 2


def test_what_was_withdrawn_stays_so_and_is_not_the_newest(own: OwnStatus, tmp_path: Path) -> None:
    record = published(own, tmp_path / "1")

    own.withdraw(NAME, 1)
    own.published(record)

    status = at_hub(own)
    assert [item.withdrawn for item in status.versions] == [True]
    assert (status.number, status.newest(NAME)) == (2, None)
    with pytest.raises(StatusUnusableError, match="has said nothing of version 7"):
        own.withdraw(NAME, 7)


def test_a_hub_that_shows_a_centre_its_old_status_does_not_make_it_forget(
    own: OwnStatus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(own, tmp_path / "1")
    old = own.hub.signing.status(CENTRE)
    own.withdraw(NAME, 1)
    monkeypatch.setattr(own.hub.signing, "status", lambda _centre: old)

    own.published(own.hub.publish(write_tiny_package(tmp_path / "2", title="Another")))

    kept = own_status.OwnStatuses.model_validate_json((tmp_path / "keys" / OWN_STATUS).read_text())
    [status] = kept.of.values()
    assert status.number == 3
    assert [item.withdrawn for item in status.versions] == [True, False]


def test_a_centre_that_lost_its_file_goes_on_from_what_it_signed(
    own: OwnStatus, tmp_path: Path
) -> None:
    published(own, tmp_path / "1")
    own.withdraw(NAME, 1)
    (tmp_path / "keys" / OWN_STATUS).unlink()

    published(own, tmp_path / "2", title="Another")

    assert at_hub(own).number == 3
    assert [item.withdrawn for item in at_hub(own).versions] == [True, False]


def test_the_next_key_goes_on_from_what_the_one_before_said(own: OwnStatus, tmp_path: Path) -> None:
    published(own, tmp_path / "1")
    new = make_key(tmp_path / "elsewhere" / "next.pem")
    rotation = sign_rotation(CENTRE, 2, old=own.key, new=new).decode()
    own.hub.signing.put_key(CENTRE, NewKey(public_key=new.public.pem, rotation=rotation))

    status = OwnStatus(new, own.hub, CENTRE).withdraw(NAME, 1)

    assert (status.number, [item.withdrawn for item in status.versions]) == (2, [True])
    assert at_hub(OwnStatus(new, own.hub, CENTRE)) == status


def test_after_a_lost_key_the_number_grows_and_nothing_is_believed(
    hub: RunningHub, own: OwnStatus, tmp_path: Path
) -> None:
    first = published(own, tmp_path / "1")
    owner, new = hub.invited(CENTRE), make_key(tmp_path / "elsewhere" / "new.pem")
    anew = OwnStatus(new, owner, CENTRE)
    Signer(new, owner).introduce(CENTRE)

    with pytest.raises(StatusUnusableError, match="has said nothing of version 1"):
        anew.withdraw(NAME, 1)
    assert anew.renew() is None
    assert anew.published(first).number == 2


def test_it_is_signed_anew_before_it_ends_and_not_sooner(own: OwnStatus, tmp_path: Path) -> None:
    assert own.renew() is None
    published(own, tmp_path / "1")
    fresh = own.renew()
    long_ago = datetime.now(UTC) - timedelta(days=15)
    old = next_status(1, CENTRE, at_hub(own).said, now=long_ago)
    own.hub.signing.put_status(CENTRE, sign_status(own.key, old))

    renewed = own.renew()

    assert fresh is not None
    assert renewed is not None
    assert (fresh.number, old.number, renewed.number) == (1, 2, 3)
    assert renewed == at_hub(own)
    assert renewed.expires_at > datetime.now(UTC) + timedelta(days=29)


def test_the_hub_takes_only_a_later_status_of_the_centres_own(
    hub: RunningHub, own: OwnStatus, tmp_path: Path
) -> None:
    published(own, tmp_path / "1")
    first = own.hub.signing.status(CENTRE) or b""
    own.withdraw(NAME, 1)
    headers = {"Content-Type": "application/json"}

    def put(centre: str, content: bytes, token: str) -> tuple[int, str | None]:
        answer = httpx.put(
            f"{hub.url}/api/v1/centres/{centre}/status",
            content=content,
            headers=headers | {"Authorization": f"Bearer {token}"},
        )
        return answer.status_code, answer.json().get("code")

    token = hub.client().invite(CENTRE, renew=True)
    others = hub.client().invite("centre-a")
    of_another = next_status(0, "centre-c", Said(), now=datetime.now(UTC))
    assert put(CENTRE, first, token) == (409, "GS-2324")
    assert put(CENTRE, first, others) == (403, "GS-1002")
    assert put(CENTRE, sign_status(own.key, of_another), token) == (422, "GS-2302")


def test_a_status_of_as_many_versions_as_a_centre_may_have_can_be_read() -> None:
    key, names = a_key(), [f"{'n' * 50}-{number:04d}" for number in range(MOST_VERSIONS)]
    versions = tuple(
        StatedVersion(
            name=name,
            version=999_999,
            manifest_digest="a" * 64,
            audit_statement="b" * 64,
            withdrawn=True,
        )
        for name in names
    )
    aliases = tuple(
        StatedAlias(name="n" * 63, alias=f"alias-{number}", version=999_999)
        for number in range(MOST_ALIASES)
    )
    status = next_status(6, CENTRE, Said(versions, aliases), now=datetime.now(UTC))

    content = sign_status(key, status)

    assert read_status(content, key.public, centre=CENTRE) == status
    assert len(content) < LARGEST_BUNDLE_BYTES
    with pytest.raises(StatusUnusableError, match="at most 2000 versions"):
        next_status(7, CENTRE, Said((*versions, versions[0])), now=datetime.now(UTC))
