"""`genshare key`, `trust`, `verify` and `fetch`, as a person types them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.packages import SIGNATURE, Package
from signing.errors import OwnKeyReplacedError
from signing.keys import read_key
from signing.publishing import Signer
from tests.command_line import Genshare
from tests.hub_server import RunningHub, running_hub
from tests.packages import write_tiny_package
from tests.signing.made_up import a_key

FETCH = ("fetch", "centre-b", "lesions-dcgan", "--out")


@dataclass(frozen=True)
class Shared:
    """A hub with a signed generator, and the fingerprint of its centre's key."""

    hub: RunningHub
    package: Package
    key: str
    folder: Path


@pytest.fixture
def shared(tmp_path: Path, genshare: Genshare, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shared]:
    with running_hub(tmp_path / "hub") as hub:
        file = tmp_path / "centre-b.pem"
        made = genshare("key", "make", "--signing-key", file)
        assert made.code == 0
        owner, package = hub.invited("centre-b"), write_tiny_package(tmp_path / "made")
        assert Signer(read_key(file), owner).sign(owner.publish(package), None)
        monkeypatch.setenv("GENSHARE_HUB_URL", hub.url)
        monkeypatch.setenv("GENSHARE_HUB_TOKEN", hub.client().invite("centre-a"))
        yield Shared(hub, package, made.stdout.split()[0], tmp_path)


def test_a_key_is_made_once_and_shown(genshare: Genshare) -> None:
    made, again = genshare("key", "make"), genshare("key", "make")
    shown, pem = genshare("key", "show"), genshare("key", "show", "--pem")

    assert (made.code, again.code, shown.code) == (0, 1, 0)
    assert made.stdout == shown.stdout
    assert "is there already" in again.stderr
    assert pem.stdout.startswith("-----BEGIN PUBLIC KEY-----")


def test_the_first_fetch_says_who_signed_and_pins_the_key(
    shared: Shared, genshare: Genshare
) -> None:
    first = genshare(*FETCH, shared.folder / "first")
    second = genshare(*FETCH, shared.folder / "second", "--json")
    listed = genshare("trust", "list")

    assert (first.code, second.code) == (0, 0)
    assert f"signed by centre-b with the key {shared.key[:16]}" in first.stderr
    assert "pinned at its first use: ask the centre" in first.stderr
    assert json.loads(second.stdout)["signed_by"] == shared.key
    assert f"  {shared.key}  first use, " in listed.stdout
    assert genshare("verify", shared.folder / "first").code == 0


def test_a_pinned_centre_is_believed_by_that_key_alone(shared: Shared, genshare: Genshare) -> None:
    other = a_key().public.fingerprint
    genshare("trust", "add", "centre-b", other)

    refused = genshare(*FETCH, shared.folder / "refused")
    genshare("trust", "remove", "centre-b")
    genshare("trust", "add", "centre-b", shared.key)
    fetched = genshare(*FETCH, shared.folder / "fetched")

    assert refused.code == 1
    assert f"centre-b is trusted here by {other}" in refused.stderr
    assert "GS-2304" in refused.stderr
    assert not (shared.folder / "refused").exists()
    assert (fetched.code, "which is pinned here" in fetched.stderr) == (0, True)


def test_what_is_not_signed_passes_with_a_warning_or_not_at_all(
    tmp_path: Path, genshare: Genshare, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_hub(tmp_path / "hub") as hub:
        hub.invited("centre-b").publish(write_tiny_package(tmp_path / "made"))
        monkeypatch.setenv("GENSHARE_HUB_URL", hub.url)
        monkeypatch.setenv("GENSHARE_HUB_TOKEN", hub.client().invite("centre-a"))
        warned = genshare(*FETCH, tmp_path / "warned")
        genshare("trust", "mode", "enforce", "--no-first-use")
        refused = genshare(*FETCH, tmp_path / "refused")
        genshare("trust", "mode", "off", "--centre", "centre-b")
        unlooked = genshare(*FETCH, tmp_path / "unlooked")

    assert (warned.code, refused.code, unlooked.code) == (0, 1, 0)
    assert "warning: not signed by centre-b" in warned.stderr
    assert "GS-2303" in refused.stderr
    assert "not looked at here" in unlooked.stderr


def test_verify_goes_by_the_mode_as_a_fetch_does(tmp_path: Path, genshare: Genshare) -> None:
    folder = write_tiny_package(tmp_path / "made").folder
    warned = genshare("verify", folder)
    genshare("trust", "mode", "off")
    unlooked = genshare("verify", folder)
    genshare("trust", "mode", "enforce", "--centre", "centre-b")
    refused = genshare("verify", folder)

    assert (warned.code, unlooked.code, refused.code) == (0, 0, 1)
    assert "warning: not signed by centre-b" in warned.stdout
    assert "not looked at here" in unlooked.stdout
    assert "nobody signed it" in refused.stderr
    assert "genshare trust mode warn --centre CENTRE" in refused.stderr


def test_a_trust_file_that_is_named_must_be_there(tmp_path: Path, genshare: Genshare) -> None:
    file, named = tmp_path / "typo.json", ("--trust", tmp_path / "typo.json")
    asked = [
        genshare("trust", "list", *named),
        genshare("trust", "remove", "centre-b", *named),
        genshare("verify", tmp_path, *named),
        genshare(*FETCH, tmp_path / "out", "--hub-url", "http://127.0.0.1:9", *named),
    ]
    made = genshare("trust", "mode", "warn", *named)

    assert [done.code for done in asked] == [1] * len(asked)
    assert all("GS-2314" in done.stderr for done in asked)
    assert made.stdout == (
        f"other centres: warn; the first key that is seen is trusted from then on; made {file}\n"
    )
    assert genshare("trust", "list", *named).code == 0


def test_a_mode_of_a_centre_says_how_many_of_its_keys_are_known(genshare: Genshare) -> None:
    unknown = genshare("trust", "mode", "warn", "--centre", "nobody-known")
    genshare("trust", "add", "centre-b", "0" * 64)
    known = genshare("trust", "mode", "off", "--centre", "centre-b")
    mistyped = genshare("trust", "remove", "nobody")

    assert unknown.stdout.startswith("nobody-known: warn; no keys known here")
    assert known.stdout == "centre-b: off; 1 key known here\n"
    assert "but of centre-b, nobody-known" in mistyped.stderr
    assert "remove the file" not in mistyped.stderr
    assert "but of no hub" in genshare("trust", "forget", "nowhere").stderr


def test_a_folder_is_verified_without_a_hub(shared: Shared, genshare: Genshare) -> None:
    folder, public = shared.folder / "fetched", shared.folder / "public.pem"
    genshare(*FETCH, folder)
    public.write_text(read_key(shared.folder / "centre-b.pem").public.pem)
    stranger = shared.folder / "stranger.pem"
    stranger.write_text(a_key().public.pem)

    right = genshare("verify", folder, "--key", public, "--json")
    wrong = genshare("verify", folder, "--key", stranger)
    (folder / "more.txt").write_text("x")
    added = genshare("verify", folder)
    (folder / "more.txt").unlink()
    (folder / SIGNATURE).unlink()
    unsigned = genshare("verify", folder, "--key", public)

    assert json.loads(right.stdout)["manifest_digest"] == shared.package.digest
    assert [done.code for done in (right, wrong, added, unsigned)] == [0, 1, 1, 1]
    assert "was not signed with the key" in wrong.stderr
    assert "holds more.txt, which is not of the package" in added.stderr
    assert "nobody signed it" in unsigned.stderr


def test_a_key_hands_over_and_receivers_follow(shared: Shared, genshare: Genshare) -> None:
    genshare("trust", "add", "centre-b", shared.key)
    token = shared.hub.client().invite("centre-b", renew=True)
    old, new = shared.folder / "centre-b.pem", shared.folder / "next.pem"

    done = genshare(
        "key", "rotate", "centre-b", "--new", new, "--signing-key", old, "--token", token
    )
    owner = shared.hub.client(token)
    package = write_tiny_package(shared.folder / "next", title="Next")
    with pytest.raises(OwnKeyReplacedError, match=r"another key than .*centre-b\.pem"):
        Signer(read_key(old), owner).introduce("centre-b")
    Signer(read_key(new), owner).sign(owner.publish(package), None)
    fetched = genshare(*FETCH, shared.folder / "fetched")

    assert done.code == 0, done.stderr
    assert f"--signing-key {new}, or put it in place of {old}" in done.stderr.replace("\n", " ")
    assert (fetched.code, "a trusted key of this centre hands over" in fetched.stderr) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("trust", "add", "centre-b", "12ab"), 2, "neither a fingerprint of 64 digits nor a file"),
        (("trust", "add", "Centre B", "0" * 64), 2, "is no name of a centre"),
        (("trust", "remove", "centre-b"), 1, "no key of centre-b is trusted here"),
        (("key", "show"), 1, "cannot be read"),
        (("key", "show", "--signing-key", "."), 1, "the key . is a folder"),
        (("verify", "nowhere"), 1, "cannot be read"),
        (("verify", __file__), 1, "is no folder"),
    ],
)
def test_wrong_words_are_one_sentence(
    genshare: Genshare, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = genshare(*arguments)

    assert (done.code, said in done.stderr.replace("\n", " ")) == (code, True), done.stderr


def test_a_trust_file_that_was_broken_by_hand_is_named(tmp_path: Path, genshare: Genshare) -> None:
    file = tmp_path / "trust.json"
    file.write_text('{"mode": "sometimes"}')

    done = genshare("trust", "list", "--trust", file)

    assert (done.code, "GS-2305" in done.stderr) == (1, True)
    assert str(file) in done.stderr
