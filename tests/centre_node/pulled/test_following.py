"""What the hub tells of generators reaches those who hold a copy."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from centre_node.connection.store import ConnectionStore
from centre_node.database import open_database
from centre_node.pulled.following import SIGNED_SO, FollowedHubs, Follower
from centre_node.pulled.service import GENERATORS, PulledGenerators
from centre_node.sharing.receive import pull, pulled
from hub.main import create_app
from hub.settings import Settings
from node_api.connection import HubConnection
from shared.canonical import canonical_json
from shared.errors import GeneratorWithdrawnError
from shared.files import put_in_place
from shared.hub_client import HubClient, connect
from shared.packages import Package
from shared.states import Replacement, StateWanted, VersionState, VersionStates
from signing.keys import make_key
from signing.own_status import OwnStatus
from signing.publishing import Signer
from signing.receiving import Receiver
from signing.trust import TrustStore
from signing.withdrawing import change_state
from tests.hub_server import ADMIN_TOKEN, UNLIMITED, RunningHub, running_hub, serving
from tests.packages import write_tiny_package
from tests.signing.tampering_hub import always, hidden, tampering

GENERATOR = ("centre-b", "lesions-dcgan")
INSTEAD = Replacement(centre="centre-b", name="lesions-dcgan", version=2)
WITHDRAWN = StateWanted(state="withdrawn", reason="It holds copies", replacement=INSTEAD)
DEPRECATED = StateWanted(state="deprecated", reason="There is a better one")


@dataclass(frozen=True)
class PullingNode:
    """A node's part that pulls and follows, without its service."""

    folder: Path
    hub: HubClient
    followed: FollowedHubs
    follower: Follower

    @classmethod
    def of(cls, folder: Path, url: str, token: str, hub: HubClient) -> "PullingNode":
        folder.mkdir()
        engine = open_database(folder)
        connections, generators = ConnectionStore(engine), folder / GENERATORS
        connections.put(HubConnection(centre="centre-a", url=url, token=token))
        followed = FollowedHubs(engine)
        trust = TrustStore(folder / "trust.json")
        follower = Follower(connections, followed, generators=generators, trust=trust)
        return cls(generators, hub, followed, follower)

    def pull(self, version: int = 1) -> Package:
        receiver = Receiver(self.hub, TrustStore(self.folder.parent / "trust.json"))
        return pull(receiver, *GENERATOR, version, folder=self.folder)[1].package

    def state(self) -> VersionState | None:
        (found,) = PulledGenerators(self.folder, pulls=list).all()
        return found.state


def test_a_withdrawal_marks_what_was_pulled_and_keeps_it_from_being_used(tmp_path: Path) -> None:
    with running_hub(tmp_path / "hub") as hub:
        owner, token = hub.invited("centre-b"), hub.client().invite("centre-a")
        for name in ("one", "two"):
            owner.publish(write_tiny_package(tmp_path / name, title=f"Tiny {name}"))
        node = PullingNode.of(tmp_path / "node", hub.url, token, hub.client(token))
        package = node.pull()
        node.follower.poll()
        before = node.state()
        owner.life_cycle.change_state(owner.version(*GENERATOR, 1), WITHDRAWN)
        node.follower.poll()

    mark = node.state()
    assert before is None
    assert mark is not None
    assert (mark.state, mark.reason, mark.replacement) == ("withdrawn", WITHDRAWN.reason, INSTEAD)
    with pytest.raises(GeneratorWithdrawnError, match=r"holds? copies; use version 2 of centre-b"):
        pulled(node.folder, package.digest)
    assert pulled(node.folder, package.digest, withdrawn_too=True).digest == package.digest


def test_a_withdrawal_is_written_down_in_the_words_that_its_centre_signed(tmp_path: Path) -> None:
    with running_hub(tmp_path / "hub") as hub, tampering(hub.url) as proxy:
        owner, token = hub.invited("centre-b"), hub.client().invite("centre-a")
        key = make_key(tmp_path / "key.pem")
        record = owner.publish(write_tiny_package(tmp_path / "one"))
        Signer(key, owner).sign(record, None)
        client = connect(proxy.url, token)
        node = PullingNode.of(tmp_path / "node", proxy.url, token, client)
        node.pull()
        wanted = WITHDRAWN.model_copy(update={"replacement": None})
        change_state(owner, record, wanted, OwnStatus(key, owner, "centre-b"))
        (state,) = owner.life_cycle.states(*GENERATOR)
        lie = state.model_copy(update={"reason": "It is out of fashion", "signed_with": "0" * 64})
        proxy.lies["/states"] = always(canonical_json(VersionStates(items=(lie,))))
        node.follower.poll()
        told = node.state()
        proxy.lies["/withdrawal"] = hidden
        node.followed.put(proxy.url, 0)
        node.follower.poll()
        hubs_word = node.state()

    assert str(told) == "withdrawn: It holds copies (signed by centre-b)"
    assert told is not None
    assert told.signed_with == key.public.fingerprint
    assert str(hubs_word) == "withdrawn: It is out of fashion"


def test_a_deprecated_generator_is_used_and_a_mark_is_taken_back(tmp_path: Path) -> None:
    with running_hub(tmp_path / "hub") as hub:
        owner, token = hub.invited("centre-b"), hub.client().invite("centre-a")
        owner.publish(write_tiny_package(tmp_path / "one"))
        record = owner.version(*GENERATOR, 1)
        owner.life_cycle.change_state(record, DEPRECATED)
        node = PullingNode.of(tmp_path / "node", hub.url, token, hub.client(token))
        package = node.pull()
        marked = node.state()
        owner.life_cycle.change_state(record, StateWanted(state="approved"))
        node.follower.poll()

    assert marked is not None
    assert str(marked) == "deprecated: There is a better one"
    assert node.state() is None
    assert pulled(node.folder, package.digest).digest == package.digest


def test_what_is_withdrawn_just_before_it_is_here_is_marked_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_hub(tmp_path / "hub") as hub:
        owner, token = hub.invited("centre-b"), hub.client().invite("centre-a")
        owner.publish(write_tiny_package(tmp_path / "one"))
        node = PullingNode.of(tmp_path / "node", hub.url, token, hub.client(token))

        def withdraw_first(partial: Path, folder: Path) -> None:
            wanted = WITHDRAWN.model_copy(update={"replacement": None})
            owner.life_cycle.change_state(owner.version(*GENERATOR, 1), wanted)
            node.follower.poll()  # finds nothing to mark yet
            put_in_place(partial, folder)

        monkeypatch.setattr("shared.hub_client.put_in_place", withdraw_first)
        node.pull()

    mark = node.state()
    assert mark is not None
    assert mark.state == "withdrawn"


def test_a_hub_that_was_begun_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    with running_hub(tmp_path / "hub") as hub:
        owner, token = hub.invited("centre-b"), hub.client().invite("centre-a")
        owner.publish(write_tiny_package(tmp_path / "one"))
        node = PullingNode.of(tmp_path / "node", hub.url, token, hub.client(token))
        node.pull()
        owner.life_cycle.change_state(owner.version(*GENERATOR, 1), DEPRECATED)
        node.followed.put(hub.url, 10_000)
        node.follower.poll()

    mark = node.state()
    assert mark is not None
    assert mark.state == "deprecated"
    assert node.followed.last(hub.url) < 10_000


def test_what_its_centre_signed_as_withdrawn_is_marked_though_the_hub_says_nothing(
    tmp_path: Path,
) -> None:
    with running_hub(tmp_path / "hub") as hub:
        owner, token = hub.invited("centre-b"), hub.client().invite("centre-a")
        key = make_key(tmp_path / "key.pem")
        record = owner.publish(write_tiny_package(tmp_path / "one"))
        assert Signer(key, owner).sign(record, None)
        node = PullingNode.of(tmp_path / "node", hub.url, token, hub.client(token))
        node.pull()
        node.follower.poll()
        before = node.state()
        OwnStatus(key, owner, "centre-b").withdraw("lesions-dcgan", 1)
        node.follower.poll()

    mark = node.state()
    assert before is None
    assert mark is not None
    assert str(mark) == f"withdrawn: {SIGNED_SO}"


def test_a_hub_of_before_knows_no_events_and_its_generators_are_approved(tmp_path: Path) -> None:
    chosen = Settings.model_validate(
        {"data_dir": tmp_path / "hub", "admin_token": ADMIN_TOKEN, **UNLIMITED}
    )
    with serving(_of_before(create_app(chosen)), chosen) as url:
        running = RunningHub(url, tmp_path / "hub")
        owner, token = running.invited("centre-b"), running.client().invite("centre-a")
        owner.publish(write_tiny_package(tmp_path / "one"))
        node = PullingNode.of(tmp_path / "node", url, token, running.client(token))
        node.pull()
        node.follower.poll()

    assert node.state() is None
    assert node.followed.last(url) == 0


def _of_before(app: ASGIApp) -> ASGIApp:
    """Return the hub as one that has no paths of states and events."""

    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path", "").rpartition("/")[2] in {"events", "state", "states"}:
            scope = {**scope, "path": "/api/v1/nowhere"}
        await app(scope, receive, send)

    return asgi
