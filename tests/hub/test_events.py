"""What a centre reads of what happened, in pages and as a stream."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from hub.events import routes
from hub.events.service import MOST_OF_A_CALLER
from shared.errors import HubUnreadableError
from shared.events import GeneratorEvent
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
    client = hub.invited("centre-b")
    client.publish(write_tiny_package(tmp_path / "package"))
    return client


def _said(events: tuple[GeneratorEvent, ...]) -> list[tuple[str, str | None]]:
    return [(event.kind, event.alias or event.state) for event in events]


def test_another_centre_reads_what_happened_once(hub: RunningHub, owner: HubClient) -> None:
    reader = hub.invited("centre-a")
    first = reader.life_cycle.events(0)
    owner.life_cycle.point_alias(*GENERATOR, "stable", 1)
    owner.life_cycle.change_state(owner.version(*GENERATOR, 1), WITHDRAWN)
    second = reader.life_cycle.events(first.last)

    assert _said(first.items) == [("published", "approved")]
    assert _said(second.items) == [("alias pointed", "stable"), ("state changed", "withdrawn")]
    assert reader.life_cycle.events(second.last).items == ()
    assert reader.life_cycle.events(10**9).last == second.last


def test_nobody_else_hears_of_a_draft_nor_of_its_end(
    hub: RunningHub, owner: HubClient, tmp_path: Path
) -> None:
    reader = hub.invited("centre-a")
    before = owner.life_cycle.events(0).last
    draft = owner.publish(write_tiny_package(tmp_path / "draft", title="Draft"), draft=True)
    owner.life_cycle.change_state(draft, WITHDRAWN)

    assert reader.life_cycle.events(before).items == ()
    assert [state for _, state in _said(owner.life_cycle.events(before).items)] == [
        "draft",
        "draft",
        "withdrawn",
    ]


def test_a_client_does_not_believe_events_from_before(owner: HubClient) -> None:
    page = owner.life_cycle.events(0)
    content = page.model_dump_json().encode()
    answer = httpx.MockTransport(lambda _: httpx.Response(200, content=iter([content])))
    liar = HubClient(httpx.Client(base_url="http://hub", transport=answer))

    with pytest.raises(HubUnreadableError, match="not in order"):
        liar.life_cycle.events(page.last)


def test_a_stream_goes_on_after_the_last_event_id_and_has_a_limit(
    hub: RunningHub, owner: HubClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "POLL_SECONDS", 0.02)
    token = hub.client().invite("centre-a")
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    url = f"{hub.url}/api/v1/events"
    last = hub.client(token).life_cycle.events(0).last

    with ExitStack() as open_streams:
        streams = []
        for _ in range(MOST_OF_A_CALLER):
            stream = httpx.stream("GET", url, headers={**headers, "Last-Event-ID": str(last)})
            streams.append(open_streams.enter_context(stream))
        refused = httpx.get(url, headers=headers)
        owner.life_cycle.change_state(owner.version(*GENERATOR, 1), WITHDRAWN)
        lines = streams[0].iter_lines()
        event, data, number = (next(lines) for _ in range(3))

    assert streams[0].headers["Content-Type"].startswith("text/event-stream")
    assert (refused.status_code, refused.json()["code"]) == (429, "GS-1328")
    assert event == "event: generators"
    items = json.loads(data.removeprefix("data: "))["items"]
    assert [item["state"] for item in items] == ["withdrawn"]
    assert int(number.removeprefix("id: ")) > last
