"""`genshare state`, `alias` and `refresh`, as a person types them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.marks import read_mark
from signing.keys import make_key
from signing.publishing import Signer
from signing.statuses import read_status
from tests.command_line import Done, Genshare
from tests.hub_server import ADMIN_TOKEN, RunningHub, running_hub
from tests.packages import write_tiny_package

GENERATOR = ("centre-b", "lesions-dcgan")


@dataclass(frozen=True)
class Typed:
    """What is typed by a centre that has published two versions."""

    genshare: Genshare
    hub: RunningHub
    token: str

    def __call__(self, command: str, *arguments: str | Path, token: str | None = None) -> Done:
        where = ("--hub-url", self.hub.url, "--token", token or self.token)
        return self.genshare(command, *arguments, *where)


@pytest.fixture
def typed(genshare: Genshare, tmp_path: Path) -> Iterator[Typed]:
    with running_hub(tmp_path / "hub") as hub:
        token = hub.client().invite("centre-b")
        for name in ("one", "two"):
            package = write_tiny_package(tmp_path / name, title=f"Tiny {name}")
            hub.client(token).publish(package)
        yield Typed(genshare, hub, token)


def test_a_version_is_withdrawn_and_whoever_fetched_it_is_told(
    typed: Typed, tmp_path: Path
) -> None:
    held = tmp_path / "held"
    fetched = typed("fetch", *GENERATOR, "--version", "1", "--out", held)
    withdrawn = typed(
        *("state", *GENERATOR, "--version", "1", "--to", "withdrawn"),
        *("--reason", "It holds copies", "--instead", "2"),
    )
    again = typed("fetch", *GENERATOR, "--version", "1", "--out", tmp_path / "again")
    refreshed = typed("refresh", held)
    held_again = typed("fetch", *GENERATOR, "--version", "1", "--out", held)
    verified = typed.genshare("verify", held)
    archive = tmp_path / "held.tar"
    exported = typed.genshare("export-package", held, "--out", archive)
    imported = typed.genshare("import-package", archive, "--out", tmp_path / "imported")
    told = typed("state", *GENERATOR)
    listed = typed("list", "--state", "withdrawn")

    said = "withdrawn: It holds copies; use version 2 of centre-b/lesions-dcgan instead"
    assert fetched.code == withdrawn.code == refreshed.code == 0
    assert withdrawn.stdout.startswith(f"centre-b/lesions-dcgan version 1: {said}\n")
    assert "withdrawn by centre-b" in withdrawn.stdout
    assert (again.code, said in " ".join(again.stderr.split())) == (1, True)
    assert refreshed.stdout == f"{held}: centre-b/lesions-dcgan, version 1 is {said}\n"
    assert told.stdout.splitlines() == [
        "centre-b/lesions-dcgan version 2: approved",
        f"centre-b/lesions-dcgan version 1: {said}",
    ]
    for done in (held_again, verified, exported, imported):
        assert (done.code, said in " ".join(done.stderr.split())) == (0, True), done.stderr
        assert "draws patches" not in done.stderr
    mark = read_mark(held)
    assert mark is not None
    assert mark.state == "withdrawn"
    assert "Tiny one" in listed.stdout
    assert "Tiny two" not in listed.stdout


def test_a_wrong_folder_does_not_keep_the_others_from_being_refreshed(
    typed: Typed, tmp_path: Path
) -> None:
    held = tmp_path / "training" / "package"
    typed("fetch", *GENERATOR, "--version", "1", "--out", held)

    done = typed("refresh", tmp_path / "nope", held.parent, held)

    assert done.code == 1
    assert done.stdout == f"{held}: centre-b/lesions-dcgan, version 1 is approved\n"
    nowhere, training = done.stderr.splitlines()[-2:]
    assert "nope/manifest.json cannot be read" in nowhere
    assert training == f"error: {held.parent} is no package, but {held} in it is one"


def test_an_alias_is_pointed_and_fetched_by(typed: Typed, tmp_path: Path) -> None:
    pointed = [typed("alias", *GENERATOR, "stable", "--version", str(n)) for n in (2, 1)]
    told = typed("alias", *GENERATOR, "stable")
    fetched = typed("fetch", *GENERATOR, "--alias", "stable", "--out", tmp_path / "out")

    assert [done.code for done in pointed] == [0, 0]
    assert told.stdout == "stable: version 1 of centre-b/lesions-dcgan, approved\n"
    assert "version 1 is in" in " ".join(fetched.stderr.split())


def test_a_deprecated_version_is_fetched_with_a_word(typed: Typed, tmp_path: Path) -> None:
    change = ("--version", "1", "--to", "deprecated", "--reason", "Version 2 is better")
    assert typed("state", *GENERATOR, *change, token=ADMIN_TOKEN).code == 0
    fetched = typed("fetch", *GENERATOR, "--version", "1", "--out", tmp_path / "out")
    shown = typed("show", *GENERATOR, "--version", "1")

    assert fetched.code == 0
    assert "is deprecated: Version 2 is better" in " ".join(fetched.stderr.split())
    assert "this version is deprecated: Version 2 is better" in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("state", *GENERATOR, "--to", "approved"), "--to needs --version"),
        (("state", *GENERATOR, "--to", "gone", "--version", "1"), "gone"),
        (
            ("state", *GENERATOR, "--version", "1", "--to", "approved", "--instead", "two"),
            "--instead is 'two'; it takes a version",
        ),
        (("alias", *GENERATOR, "latest"), "'latest' is no alias"),
        (("show", *GENERATOR, "--version", "1", "--alias", "a"), "either --version or --alias"),
    ],
)
def test_a_mistyped_option_is_one_sentence(
    genshare: Genshare, arguments: tuple[str, ...], said: str
) -> None:
    done = genshare(*arguments)

    assert done.code == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_who_has_a_key_signs_a_withdrawal_and_an_alias(typed: Typed, tmp_path: Path) -> None:
    owner, file = typed.hub.client(typed.token), tmp_path / "key.pem"
    key = make_key(file)
    for version in (1, 2):
        Signer(key, owner).sign(owner.version(*GENERATOR, version), None)
    why = ("--version", "1", "--to", "withdrawn", "--reason", "It holds copies")

    pointed = typed("alias", *GENERATOR, "stable", "--version", "2", "--signing-key", file)
    held = tmp_path / "held"
    typed("fetch", *GENERATOR, "--version", "1", "--out", held)
    withdrawn = typed("state", *GENERATOR, *why, "--signing-key", file)
    again = typed("state", *GENERATOR, *why, "--signing-key", file)
    refreshed = typed("refresh", held)

    assert refreshed.stdout.endswith("withdrawn: It holds copies (signed by centre-b)\n")
    assert (pointed.code, withdrawn.code, again.code) == (0, 0, 0)
    content = owner.signing.status("centre-b")
    assert content is not None
    status = read_status(content, key.public, centre="centre-b")
    assert [(item.version, item.withdrawn) for item in status.versions] == [(1, True), (2, False)]
    assert status.pointed("lesions-dcgan", "stable") == 2
    by_alias = typed("fetch", *GENERATOR, "--alias", "stable", "--out", tmp_path / "stable")
    assert "pinned at its first use" in by_alias.stderr
    assert "warning" not in by_alias.stderr
    refused = typed("fetch", *GENERATOR, "--version", "1", "--out", tmp_path / "withdrawn")
    assert (refused.code, "withdrawn: It holds copies" in refused.stderr) == (1, True)


def test_what_another_key_would_not_sign_is_said(typed: Typed, tmp_path: Path) -> None:
    owner, old, new = typed.hub.client(typed.token), tmp_path / "old.pem", tmp_path / "new.pem"
    Signer(make_key(old), owner).sign(owner.version(*GENERATOR, 1), None)
    rotated = typed("key", "rotate", "centre-b", "--new", new, "--signing-key", old)
    why = ("--version", "1", "--to", "withdrawn", "--reason", "It holds copies")

    unsigned = typed("state", *GENERATOR, *why, "--signing-key", old)
    nothing_yet = owner.signing.withdrawal(owner.version(*GENERATOR, 1))
    signed = typed("state", *GENERATOR, *why, "--signing-key", new)
    nowhere = typed("alias", *GENERATOR, "best", "--version", "2", "--signing-key", tmp_path / "no")
    by_operator = typed(
        *("state", *GENERATOR, *why), "--signing-key", tmp_path / "no", token=ADMIN_TOKEN
    )

    assert rotated.code == unsigned.code == signed.code == nowhere.code == 0
    assert "handed over to another, with which centre-b signs now" in unsigned.stderr
    assert "this is not signed. Run the same again with the centre's key" in unsigned.stderr
    assert "there is no key in" in nowhere.stderr
    assert nothing_yet is None
    assert owner.signing.withdrawal(owner.version(*GENERATOR, 1)) is not None
    assert "warning" not in signed.stderr + by_operator.stderr
