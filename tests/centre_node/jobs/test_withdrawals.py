"""A generator is withdrawn while a receiver's node runs a study with it."""

from pathlib import Path

import pytest

from centre_node.study.lineage import WITHDRAWN, uses_of
from shared.states import StateWanted
from tests.centre_node.jobs.test_jobs import STUDY, connected
from tests.centre_node.node_server import Node
from tests.centre_node.study.made_up import untrained_package
from tests.hub_server import running_hub
from tests.waiting import wait_for

REASON = "Its training set held copies"


@pytest.mark.slow
def test_it_is_marked_within_a_poll_its_results_are_named_and_the_study_runs_without(
    tmp_path: Path,
) -> None:
    with running_hub(tmp_path / "hub") as hub:
        node = Node(tmp_path / "node", NODE_EVENTS_SECONDS="0.5")
        try:
            node.register().raise_for_status()
            owner = hub.invited("centre-b")
            record = owner.publish(untrained_package(tmp_path))
            connected(node, hub, "centre-a")
            digest = node.result({"kind": "pull", "centre": "centre-b", "name": "lesions"})[
                "manifest_digest"
            ]
            arms = [{"name": "own"}, {"name": "with B", "generators": [digest]}]
            study = {**STUDY, "arms": arms, "seeds": (0, 1, 2)}
            request = {"kind": "study", "dataset": "own", "study": study}
            running = node.submit(request)
            wait_for(lambda: node.job(running)["progress"])
            owner.life_cycle.change_state(record, StateWanted(state="withdrawn", reason=REASON))

            (marked,) = wait_for(
                lambda: [one for one in node.http.get("/generators").json() if one["state"]]
            )
            with_it = node.ended(running)
            refused = node.http.post("/jobs", json=request)
            without = node.result({**request, "without": [digest]})
        finally:
            node.stop()
        uses = list(uses_of(WITHDRAWN, tmp_path / "node"))

    assert (marked["state"]["state"], marked["state"]["reason"]) == ("withdrawn", REASON)
    assert with_it["state"] == "succeeded"
    assert (refused.status_code, refused.json()["code"]) == (409, "GS-3600")
    assert REASON in refused.json()["detail"]
    assert {row["arm"] for row in without["rows"]} == {"own"}
    assert [(use.manifest_digest, use.arms, use.is_tainted) for use in uses] == [
        (digest, ("with B",), True)
    ]
    assert running in uses[0].result
