"""Names that a centre points at versions, and what keeps two who do it apart."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from shared.errors import HubRefusedError
from shared.hub_client import HubClient
from shared.states import StateWanted
from tests.hub_server import RunningHub, running_hub
from tests.packages import write_tiny_package

GENERATOR = ("centre-b", "lesions-dcgan")
WITHDRAWN = StateWanted(state="withdrawn", reason="It holds copies")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    with running_hub(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def owner(hub: RunningHub, tmp_path: Path) -> HubClient:
    """The client of a centre that has published two versions."""
    client = hub.invited("centre-b")
    for name in ("one", "two"):
        client.publish(write_tiny_package(tmp_path / name, title=f"Tiny {name}"))
    return client


def test_an_alias_is_pointed_on_a_condition_and_tells_where_it_pointed(owner: HubClient) -> None:
    first = owner.life_cycle.point_alias(*GENERATOR, "stable", 1)
    second = owner.life_cycle.point_alias(*GENERATOR, "stable", 2, before=first)

    assert [change.version for change in second.history] == [2, 1]
    assert (second.version, second.state) == (2, "approved")
    assert owner.life_cycle.alias(*GENERATOR, "stable") == second
    with pytest.raises(HubRefusedError, match="412"):
        owner.life_cycle.point_alias(*GENERATOR, "stable", 1, before=first)
    with pytest.raises(HubRefusedError, match="412"):
        owner.life_cycle.point_alias(*GENERATOR, "stable", 1)


def test_an_alias_is_not_pointed_without_a_condition(hub: RunningHub, tmp_path: Path) -> None:
    token = hub.client().invite("centre-b")
    hub.client(token).publish(write_tiny_package(tmp_path / "package"))
    url = f"{hub.url}/api/v1/generators/centre-b/lesions-dcgan/aliases/stable"
    answer = httpx.put(url, json={"version": 1}, headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["code"]) == (428, "GS-1327")


def test_an_alias_points_at_nothing_that_is_not_served_and_tells_when_it_does(
    owner: HubClient,
) -> None:
    pointed = owner.life_cycle.point_alias(*GENERATOR, "stable", 1)
    owner.life_cycle.change_state(owner.version(*GENERATOR, 1), WITHDRAWN)

    assert owner.life_cycle.alias(*GENERATOR, "stable").state == "withdrawn"
    with pytest.raises(HubRefusedError, match=r"GS-1326\): version 1 .* is withdrawn"):
        owner.life_cycle.point_alias(*GENERATOR, "other", 1)
    with pytest.raises(HubRefusedError, match=r"version 9 of .* is not there"):
        owner.life_cycle.point_alias(*GENERATOR, "other", 9)
    with pytest.raises(HubRefusedError, match="412"):  # what it points at is another thing now
        owner.life_cycle.point_alias(*GENERATOR, "stable", 2, before=pointed)
    seen = owner.life_cycle.alias(*GENERATOR, "stable")
    assert owner.life_cycle.point_alias(*GENERATOR, "stable", 2, before=seen).state == "approved"


def test_latest_is_no_alias(owner: HubClient) -> None:
    with pytest.raises(HubRefusedError, match="GS-0002"):
        owner.life_cycle.point_alias(*GENERATOR, "latest", 1)
