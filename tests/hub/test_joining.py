"""A node joins once, with a token that soon ends and a key of its own."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from hub.commands import app as hub_commands
from shared.errors import HubRefusedError
from tests.hub_server import RunningHub, running_hub
from tests.signing.made_up import a_key


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    with running_hub(tmp_path / "hub") as running:
        yield running


def invited(hub: RunningHub, centre: str = "centre-b") -> str:
    arguments = ["invite", centre, "--join", "--data-dir", str(hub.data_dir)]
    return CliRunner().invoke(hub_commands, arguments).stdout.strip()


def test_a_node_joins_with_its_key_and_gets_its_token(hub: RunningHub) -> None:
    key, token = a_key(), invited(hub)

    given = hub.client(token).signing.join(key.public.pem)

    assert given.name == "centre-b"
    member = hub.client(given.token)
    assert list(member.generators()) == []
    assert [k.public_key for k in member.signing.keys("centre-b")] == [key.public.pem]
    database = sqlite3.connect(hub.data_dir / "hub.sqlite")
    assert database.execute("SELECT count(*) FROM join_tokens").fetchone() == (0,)
    database.close()


def test_a_join_token_works_once_and_only_for_joining(hub: RunningHub) -> None:
    token = invited(hub)
    joining = hub.client(token)

    with pytest.raises(HubRefusedError, match="a join token is for joining only"):
        list(joining.generators())
    with pytest.raises(HubRefusedError, match="GS-2301"):
        joining.signing.join("no key")
    joining.signing.join(a_key().public.pem)
    with pytest.raises(HubRefusedError, match="GS-1001"):
        joining.signing.join(a_key().public.pem)


def test_a_join_token_ends(hub: RunningHub) -> None:
    token = invited(hub)
    with sqlite3.connect(hub.data_dir / "hub.sqlite") as database:
        database.execute("UPDATE join_tokens SET expires_at = '2020-01-01 00:00:00.000000'")
    database.close()

    with pytest.raises(HubRefusedError, match="GS-1001"):
        hub.client(token).signing.join(a_key().public.pem)


def test_the_token_is_not_in_the_database_and_a_second_one_replaces_it(hub: RunningHub) -> None:
    first, second = invited(hub), invited(hub)

    kept = b"".join(path.read_bytes() for path in hub.data_dir.glob("hub.sqlite*"))

    assert second.encode() not in kept
    with pytest.raises(HubRefusedError, match="GS-1001"):
        hub.client(first).signing.join(a_key().public.pem)
    hub.client(second).signing.join(a_key().public.pem)


def test_a_centre_that_joins_again_keeps_its_name_and_may_have_another_key(
    hub: RunningHub,
) -> None:
    before, after = a_key(), a_key()
    old = hub.client(invited(hub)).signing.join(before.public.pem).token

    new = hub.client(invited(hub)).signing.join(after.public.pem).token

    keys = hub.client(new).signing.keys("centre-b")
    assert [(key.public_key, key.rotation) for key in keys] == [
        (before.public.pem, None),
        (after.public.pem, None),
    ]
    refused = httpx.get(f"{hub.url}/api/v1/centres", headers={"Authorization": f"Bearer {old}"})
    assert refused.status_code == 401
