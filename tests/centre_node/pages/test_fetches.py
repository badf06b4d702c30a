"""Who fetched a centre's generators: from the hub, over REST and on the page."""

from pathlib import Path

import pytest

from centre_node.connection.errors import FetchesNotToldError
from centre_node.connection.service import fetches_told
from centre_node.connection.store import ConnectionStore
from node_api.connection import HubConnection
from tests.centre_node.pages.browsed import browsed_node
from tests.hub_server import running_hub
from tests.lying_hub import lying
from tests.packages import write_tiny_package


@pytest.mark.slow
def test_page_and_rest_tell_who_fetched_ours(tmp_path: Path) -> None:
    with running_hub(tmp_path / "hub") as hub, browsed_node(tmp_path / "data") as node:
        token = hub.client().invite("centre-b")
        connection = HubConnection(centre="centre-b", url=hub.url, token=token)
        ConnectionStore(node.engine).put(connection)
        record = hub.client(token).publish(write_tiny_package(tmp_path / "package"))
        browser = node.browser()

        before = browser.get("/generators?ask=hub").text
        hub.client(token).fetch(record, tmp_path / "own")
        hub.invited("centre-a").fetch(record, tmp_path / "in")
        after = browser.get("/generators?ask=hub").text
        staff = {"Authorization": f"Bearer {(node.data_dir / 'token').read_text().strip()}"}
        told = browser.get("/api/v1/hub-connection/fetches", headers=staff).json()

    assert "Nobody else has fetched a generator of centre-b yet." in before
    assert '<td data-name="Fetched by">centre-a</td>' in after
    assert '<td data-name="Fetched by">centre-b</td>' not in after
    assert [one["by"] for one in told["items"]] == ["centre-a", "centre-b"]


def test_a_hub_of_before_is_said_not_to_tell(tmp_path: Path) -> None:
    with (
        lying(write_tiny_package(tmp_path / "package")) as hub,
        pytest.raises(FetchesNotToldError, match="does not tell yet"),
    ):
        fetches_told(hub.client, "centre-b")
