"""A hub that lies is found out, and the sentence says what it lied about."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from shared.canonical import canonical_json
from shared.errors import DigestMismatchError
from shared.hub_client import HubClient, connect
from shared.packages import Package
from shared.records import GeneratorVersion, NewKey
from signing.errors import (
    KeyNotTrustedError,
    LogForkedError,
    NotSignedError,
    SignatureRefusedError,
    StatusMissingError,
    StatusRefusedError,
)
from signing.key_chains import sign_rotation
from signing.keys import SigningKey, make_key
from signing.own_status import OwnStatus
from signing.packages import sign_package
from signing.publishing import Signer
from signing.receiving import Asked, Received, Receiver
from signing.statuses import Said, next_status, sign_status
from signing.trust import SigningMode, Trust, TrustStore
from tests.hub_server import running_hub
from tests.lying_hub import ONCE
from tests.packages import tiny_contents, write_tiny_ensemble, write_tiny_package
from tests.signing.made_up import a_key, listed
from tests.signing.tampering_hub import TamperingHub, always, changed, hidden, tampering
from tests.statements import a_statement

CENTRE, NAME = "centre-b", "lesions-dcgan"
pytestmark = pytest.mark.slow
VERSIONS = f"/generators/{CENTRE}/{NAME}/versions"


@dataclass
class World:
    """Centre B published two versions, signed; centre A receives through a hub that may lie."""

    proxy: TamperingHub
    owner: HubClient
    receiver: HubClient
    key: SigningKey
    packages: tuple[Package, ...]
    folder: Path

    @property
    def store(self) -> TrustStore:
        return TrustStore(self.folder / "trust" / "trust.json")

    @property
    def own(self) -> OwnStatus:
        return OwnStatus(self.key, self.owner, CENTRE)

    def trusting(self, mode: SigningMode) -> None:
        trust = Trust(mode=mode, first_use=False)
        fingerprint = self.key.public.fingerprint
        trust = trust.with_key(CENTRE, fingerprint, "pinned", since=date(2026, 1, 2))
        self.store.change(lambda _: trust)

    def fetch(self, version: int | None = None) -> Received:
        """Fetch as `genshare fetch` does, to a new folder."""
        record = self.receiver.version(CENTRE, NAME, version)
        folder = self.folder / "in" / str(len(list((self.folder / "in").iterdir())))
        asked = Asked(is_latest=version is None)
        return Receiver(self.receiver, self.store).fetch(record, folder, asked=asked)

    def answer(self, path: str) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.proxy.answer(f"/api/v1{path}", headers).content

    token: str = ""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running_hub(tmp_path / "hub") as hub, tampering(hub.url) as proxy:
        owner, key = hub.invited(CENTRE), make_key(tmp_path / "key.pem")
        token = hub.client().invite("centre-a")
        packages = (
            write_tiny_package(tmp_path / "1"),
            write_tiny_ensemble(tmp_path / "2", tiny_contents(2), title="The second"),
        )
        for package in packages:
            statement = a_statement(subject=package.digest)
            Signer(key, owner).sign(owner.state(owner.publish(package), statement), statement)
        (tmp_path / "in").mkdir()
        receiver = connect(proxy.url, token, ONCE)
        made = World(proxy, owner, receiver, key, packages, tmp_path, token)
        made.trusting("enforce")
        yield made


@pytest.fixture(params=["warn", "enforce"])
def mode(request: pytest.FixtureRequest, world: World) -> SigningMode:
    chosen: SigningMode = request.param
    world.trusting(chosen)
    return chosen


def record_of(package: Package, version: int = 1) -> bytes:
    """Return a record of a package as a hub would give it."""
    record = GeneratorVersion(
        centre=package.card.centre,
        name=package.card.name,
        version=version,
        published_at=datetime(2026, 1, 2, tzinfo=UTC),
        manifest_digest=package.digest,
        manifest=package.manifest,
        card=package.card,
    )
    return canonical_json(record)


def test_an_honest_hub_is_believed(world: World, mode: SigningMode) -> None:
    for version in (None, 1, 2, None):
        found = world.fetch(version).finding
        assert (found.how, found.remark, mode) == ("pinned", "", mode)


def test_a_fetch_asks_a_hub_for_nothing_twice(world: World) -> None:
    world.fetch(1)

    assert world.proxy.asked
    assert len(world.proxy.asked) == len(set(world.proxy.asked))


def test_swapped_weights(world: World) -> None:
    content = (world.packages[0].folder / "weights.safetensors").read_bytes()
    world.proxy.lies["/1/files/weights.safetensors"] = always(content[:-1] + b"\xff")

    with pytest.raises(DigestMismatchError, match=r"weights\.safetensors has the SHA-256"):
        world.fetch(1)


@pytest.mark.usefixtures("mode")
def test_a_package_of_the_hubs_own_making_is_not_signed_by_the_centre(
    world: World, tmp_path: Path
) -> None:
    forged = write_tiny_package(tmp_path / "forged", title="As if of centre B")
    world.proxy.lies["/versions/1"] = always(record_of(forged))

    with pytest.raises(SignatureRefusedError, match=r"version 1 .* of other files than those of"):
        world.fetch(1)
    hubs = a_key()
    signature = sign_package(hubs, forged.card, forged.manifest)
    world.proxy.lies |= {"/versions/1/signature": always(signature)}
    with pytest.raises(KeyNotTrustedError, match="somebody else may have signed it"):
        world.fetch(1)
    keys = json.dumps({"keys": [json.loads(k.model_dump_json()) for k in listed(hubs)]})
    world.proxy.lies |= {f"/centres/{CENTRE}/keys": always(keys.encode())}
    with pytest.raises(KeyNotTrustedError, match="no trusted key hands over to it"):
        world.fetch(1)


@pytest.mark.usefixtures("mode")
def test_a_swapped_card(world: World) -> None:
    card = json.loads(world.answer(f"{VERSIONS}/1"))["card"] | {"use_terms": "Whatever you like"}
    world.proxy.lies["/versions/1"] = changed(card=card)

    with pytest.raises(DigestMismatchError):
        world.fetch(1)


def test_a_swapped_centre(world: World, tmp_path: Path) -> None:
    other = write_tiny_package(tmp_path / "other", centre="centre-c")
    world.proxy.lies["/versions/1"] = always(record_of(other))
    with pytest.raises(DigestMismatchError, match="record is of centre-c/lesions-dcgan, not of"):
        world.fetch(1)
    world.proxy.lies["/versions/1"] = always(
        record_of(other).replace(
            b'"centre":"centre-c","manifest"', b'"centre":"centre-b","manifest"'
        )
    )
    with pytest.raises(SignatureRefusedError):
        world.fetch(1)


def test_a_signature_that_is_left_out(world: World) -> None:
    world.proxy.lies["/1/signature"] = hidden

    with pytest.raises(
        NotSignedError, match=r"version 1 .* not signed by centre-b, or the hub left"
    ):
        world.fetch(1)
    world.trusting("warn")
    assert world.fetch(1).finding.how == "unsigned before"


@pytest.mark.usefixtures("mode")
def test_swapped_versions(world: World) -> None:
    world.proxy.lies["/versions/2"] = always(record_of(world.packages[0], version=2))
    world.proxy.moved = {
        f"/versions/2/{part}": f"/versions/1/{part}"
        for part in ("signature", "files/card.json", "files/weights.safetensors")
    }

    with pytest.raises(StatusRefusedError, match=r"as version 2 .* the hub swapped versions"):
        world.fetch(2)


def test_an_old_latest(world: World, mode: SigningMode) -> None:
    world.proxy.moved["/versions/latest"] = "/versions/1"
    said = "gives version 1 of centre-b/lesions-dcgan as the latest, but centre-b signed on"

    with pytest.raises(StatusRefusedError, match=f"{said} .* that version 2 is there"):
        world.fetch()
    world.proxy.lies["/versions/2"] = hidden
    if mode == "enforce":
        with pytest.raises(StatusMissingError, match=f"{said} .* or hides it"):
            world.fetch()
    else:
        assert (
            "reviews it still, withdrew it by itself, or hides it" in world.fetch().finding.sentence
        )


@pytest.mark.usefixtures("mode")
def test_a_hidden_withdrawal(world: World) -> None:
    before = world.answer(f"/centres/{CENTRE}/status")
    world.own.withdraw(NAME, 1)

    with pytest.raises(
        StatusRefusedError, match=r"version 1 .* is withdrawn, and the hub hides that"
    ):
        world.fetch(1)
    world.proxy.lies["/status"] = always(before)
    with pytest.raises(StatusRefusedError, match=r"gives status 2 .* but had number 3 before"):
        world.fetch(1)
    world.proxy.lies["/status"] = hidden
    with pytest.raises(StatusRefusedError, match="number 3, and gives none now: it hides"):
        world.fetch(1)


def test_a_status_that_is_never_shown_or_kept_old_is_noticed_by_its_end(world: World) -> None:
    world.proxy.lies["/status"] = hidden
    with pytest.raises(StatusMissingError, match="gives nothing that centre-b signed"):
        world.fetch(1)
    long_ago = datetime.now(UTC) - timedelta(days=40)
    stated = json.loads(world.answer(f"/centres/{CENTRE}/status"))
    assert stated
    old = next_status(0, CENTRE, Said(), now=long_ago)
    world.proxy.lies["/status"] = always(sign_status(world.key, old))
    with pytest.raises(StatusMissingError, match=r"held until .* the hub may hide"):
        world.fetch(1)
    world.trusting("warn")
    assert "held until" in world.fetch(1).finding.sentence


@pytest.mark.usefixtures("mode")
def test_an_audit_statement_that_is_left_out(world: World) -> None:
    world.proxy.lies["/versions/1"] = changed(audit_statement=None)

    with pytest.raises(StatusRefusedError, match=r"signed on .* the audit statement .* gives none"):
        world.fetch(1)


@pytest.mark.usefixtures("mode")
def test_a_swapped_alias(world: World) -> None:
    world.owner.life_cycle.point_alias(CENTRE, NAME, "stable", 2)
    world.own.point(NAME, "stable", 2)
    receiver, asked = Receiver(world.receiver, world.store), Asked(alias="stable")

    def fetch_stable() -> Received:
        version = world.receiver.life_cycle.alias(CENTRE, NAME, "stable").version
        record = world.receiver.version(CENTRE, NAME, version)
        return receiver.fetch(record, world.folder / "in" / str(version), asked=asked)

    assert fetch_stable().finding.remark == ""
    world.proxy.lies["/aliases/stable"] = changed(version=1)
    with pytest.raises(StatusRefusedError, match=r"alias stable .* version 1, but .* version 2"):
        fetch_stable()


def test_an_alias_that_nobody_signed(world: World) -> None:
    record, asked = world.receiver.version(CENTRE, NAME, 1), Asked(alias="unsigned")
    receiver = Receiver(world.receiver, world.store)

    with pytest.raises(StatusMissingError, match="names no alias unsigned"):
        receiver.fetch(record, world.folder / "in" / "enforced", asked=asked)
    world.trusting("warn")
    found = receiver.fetch(record, world.folder / "in" / "warned", asked=asked).finding
    assert "is the hub's word alone" in found.remark


@pytest.mark.usefixtures("mode")
def test_two_statuses_of_one_number(world: World) -> None:
    world.fetch(1)
    other = next_status(0, CENTRE, Said(), now=datetime.now(UTC))
    fork = other.model_copy(update={"number": 2})
    world.proxy.lies["/status"] = always(sign_status(world.key, fork))

    with pytest.raises(StatusRefusedError, match="two statuses with the number 2"):
        world.fetch(1)


@pytest.mark.usefixtures("mode")
def test_a_status_of_the_hubs_own_making(world: World) -> None:
    forged = next_status(0, CENTRE, Said(), now=datetime.now(UTC))
    for signer in (a_key(), world.key):
        content = sign_status(signer, forged)
        if signer == world.key:
            content = content.replace(b'"sig": "ME', b'"sig": "MF')
        world.proxy.lies["/status"] = always(content)
        with pytest.raises((KeyNotTrustedError, SignatureRefusedError), match="the status of"):
            world.fetch(1)


@pytest.mark.usefixtures("mode")
def test_an_old_key_that_was_stolen_signs_no_status_after_the_new_one(world: World) -> None:
    old, new = world.key, make_key(world.folder / "new" / "key.pem")
    rotation = sign_rotation(CENTRE, 2, old=old, new=new).decode()
    key = NewKey(public_key=new.public.pem, rotation=rotation)
    world.owner.signing.put_key(CENTRE, key)
    OwnStatus(new, world.owner, CENTRE).withdraw(NAME, 2)
    assert world.fetch(1).finding.how == "pinned"
    thiefs = next_status(7, CENTRE, Said(), now=datetime.now(UTC))
    world.proxy.lies["/status"] = always(sign_status(old, thiefs))

    with pytest.raises(StatusRefusedError, match="which does not hand over to it"):
        world.fetch(1)


@pytest.mark.usefixtures("mode")
def test_a_forked_or_shortened_log(world: World) -> None:
    world.fetch(1)
    seen = json.loads((world.folder / "trust" / "remembered-hubs.json").read_text())
    log = seen["hubs"][world.proxy.url]["log"]
    other = hashlib.sha256(b"another history").hexdigest()

    world.proxy.lies[f"/log/entries/{log['number']}/digest"] = changed(sha256=other)
    with pytest.raises(LogForkedError, match=f"entry {log['number']} .* has {other} now"):
        world.fetch(1)
    world.proxy.lies = {"/log/head": changed(number=log["number"] - 1)}
    with pytest.raises(LogForkedError, match="entries were removed"):
        world.fetch(1)
    world.proxy.lies = {"/log/head": hidden}
    with pytest.raises(LogForkedError, match="has none now"):
        world.fetch(1)
    world.proxy.lies = {}
    assert world.fetch(1).finding.is_trusted


def test_what_was_refused_leaves_nothing(world: World) -> None:
    world.proxy.lies["/1/signature"] = hidden

    with pytest.raises(NotSignedError):
        world.fetch(1)
    assert list((world.folder / "in").iterdir()) == []
