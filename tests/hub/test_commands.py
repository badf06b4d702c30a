"""`genshare hub` and the commands that read a hub."""

import errno
import json
import os
from pathlib import Path

import httpx
import pytest

from genshare import command_line
from tests.command_line import Genshare
from tests.hub_server import ADMIN_TOKEN, running_hub
from tests.packages import write_tiny_package
from tests.small_disk import small_disk


def test_a_centre_is_invited_once_and_renewed_when_asked(
    genshare: Genshare, tmp_path: Path
) -> None:
    invite = ("hub", "invite", "centre-a", "--data-dir", str(tmp_path))

    first, second, third = genshare(*invite), genshare(*invite), genshare(*invite, "--renew")

    assert first.stdout.startswith("gsc_")
    assert (second.code, second.stdout) == (1, "")
    assert "the centre centre-a is enrolled already" in second.stderr
    assert third.stdout.startswith("gsc_")
    assert third.stdout != first.stdout


def test_an_invitation_while_the_hub_serves_works_at_once(
    genshare: Genshare, tmp_path: Path
) -> None:
    with running_hub(tmp_path) as hub:
        token = genshare("hub", "invite", "centre-a", "--data-dir", str(tmp_path)).stdout.strip()

        assert list(hub.client(token).generators()) == []


def test_a_login_link_opens_the_pages_once(genshare: Genshare, tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        printed = genshare("hub", "login", "--url", hub.url, "--data-dir", str(tmp_path))
        link = httpx.URL(printed.stdout.strip())
        browser = hub.browser(None)

        opened = browser.post("/login", data={"once": link.params["once"]})

        assert f"{link.scheme}://{link.netloc.decode()}{link.path}" == f"{hub.url}/login"
        assert opened.headers["Location"] == "/generators"
        assert "operator" in browser.get("/generators").text


def test_nobody_reads_for_a_centre_that_is_not_enrolled(genshare: Genshare, tmp_path: Path) -> None:
    genshare("hub", "invite", "centre-a", "--data-dir", str(tmp_path))
    refused = genshare("hub", "login", "--centre", "centre-x", "--data-dir", str(tmp_path))

    assert (refused.code, refused.stdout) == (1, "")
    assert "no centre centre-x is enrolled" in refused.stderr
    assert "GS-1005" in refused.stderr


@pytest.mark.parametrize("command", [("invite", "centre-a"), ("serve", "--port", "65431")])
def test_a_folder_that_cannot_be_written_is_one_sentence(
    genshare: Genshare, command: tuple[str, ...]
) -> None:
    done = genshare("hub", *command, "--data-dir", "/proc")

    assert (done.code, done.stdout) == (1, "")
    assert "the folder /proc cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("invite", "centre-a"), ("serve", "--port", "65431")])
def test_a_file_that_is_no_database_is_one_sentence(
    genshare: Genshare, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "hub.sqlite").write_bytes(b"something else" * 100)

    done = genshare("hub", *command, "--data-dir", str(tmp_path))

    assert done.code == 1
    assert "file is not a database" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_hub_for_other_machines_asks_how_it_is_protected(
    genshare: Genshare, tmp_path: Path
) -> None:
    serve = ("hub", "serve", "--port", "65431", "--data-dir", str(tmp_path), "--host", "0.0.0.0")
    alone = ("--tls-key", __file__)

    bare, keyed = genshare(*serve), genshare(*serve, *alone)

    assert (bare.code, keyed.code) == (1, 1)
    assert "0.0.0.0 can be reached from other machines" in bare.stderr
    assert "HUB_TRUSTED_PROXIES" in bare.stderr
    assert "a setting is wrong: TLS_CERTIFICATE and TLS_KEY are set together" in keyed.stderr


def test_a_fetch_tells_folder_and_digests_and_refuses_what_it_cannot_do(
    genshare: Genshare, tmp_path: Path
) -> None:
    package = write_tiny_package(tmp_path)
    out = tmp_path / "fetched"
    with running_hub(tmp_path / "hub") as hub:
        token = hub.client().invite("centre-b")
        hub.client(token).publish(package)
        options = ("--hub-url", hub.url, "--token", token)
        fetch = ("fetch", "centre-b", "lesions-dcgan", *options)
        fetched = genshare(*fetch, "--out", str(out), "--json")
        listed = genshare("list", *options, "--json")
        nowhere = genshare(*fetch, "--out", "/proc/nowhere/out")
        later = genshare(*fetch, "--out", str(tmp_path / "two"), "--version", "2")
        stranger = genshare(*fetch[:3], "--out", str(tmp_path / "three"), *options[:2])

    told = json.loads(fetched.stdout)
    assert told["folder"] == str(out)
    assert told["sha256"] == {file.name: file.sha256 for file in package.manifest.files}
    assert json.loads(listed.stdout)[0]["manifest_digest"] == package.digest
    for done, sentence in (
        (nowhere, "cannot write to /proc/nowhere/out"),
        (later, "there is no generator centre-b/lesions-dcgan in version 2"),
        (stranger, "this request needs a bearer token and has none"),
    ):
        assert (done.code, done.stdout) == (1, "")
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "fetched",
        "hub",
        "package",
        "weights.safetensors",
    ]


def test_markup_in_a_wrong_command_is_shown_as_typed(
    genshare: Genshare,
) -> None:
    done = genshare("[/red]")

    assert done.code == 2
    assert "there is no command '[/red]'" in done.stderr


@pytest.mark.parametrize("name", ["../centre-a", "a/b", "a?b"])
def test_a_path_is_no_centres_name(genshare: Genshare, name: str) -> None:
    done = genshare("show", name, "masses")

    assert done.code == 2
    assert "is no name of a centre or generator" in done.stderr


def test_a_fetch_to_a_full_disk_is_one_sentence(tmp_path: Path, genshare: Genshare) -> None:
    with running_hub(tmp_path / "hub") as hub, small_disk(tmp_path / "disk", kib=4) as disk:
        hub.invited("centre-b").publish(write_tiny_package(tmp_path / "package"))
        options = ("--hub-url", hub.url, "--token", ADMIN_TOKEN)

        done = genshare("fetch", "centre-b", "lesions-dcgan", "--out", str(disk / "in"), *options)

        assert done.code == 1
        assert f"error: no space is left to write to {disk}/in\n" in done.stderr
        assert "GS-2010" in done.stderr
        assert not (disk / "in").exists()


def test_a_full_disk_that_no_command_expects_is_one_sentence_too(
    genshare: Genshare, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_arguments: list[str]) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(command_line, "_call", full)
    done = genshare("study", "report", "folder")

    assert done.code == 1
    assert done.stderr.startswith("error: no space is left on a disk that this command writes to")
    assert "GS-3301" in done.stderr


@pytest.mark.parametrize("command", [("login",), ("remove", "centre-a")])
def test_a_mistyped_folder_is_one_sentence_and_is_not_made(
    genshare: Genshare, tmp_path: Path, command: tuple[str, ...]
) -> None:
    refused = genshare("hub", *command, "--data-dir", str(tmp_path / "typo"))

    assert (refused.code, refused.stdout) == (1, "")
    assert "typo is no hub's folder: there is no hub.sqlite in it" in refused.stderr
    assert not (tmp_path / "typo").exists()


def test_an_invitation_says_that_it_made_a_hub_which_is_private(
    genshare: Genshare, tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    first = genshare("hub", "invite", "centre-a", "--data-dir", str(folder))
    second = genshare("hub", "invite", "centre-b", "--data-dir", str(folder))

    assert f"{folder} held no hub; it is a new hub's folder now" in first.stderr
    assert "new hub" not in second.stderr
    assert (folder / "hub.sqlite").is_file()
    assert not any(path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir()))


def test_a_login_at_what_is_no_address_is_refused(genshare: Genshare, tmp_path: Path) -> None:
    refused = genshare("hub", "login", "--url", "foo", "--data-dir", str(tmp_path))

    assert (refused.code, refused.stdout) == (2, "")
    assert "it must begin with http:// or https://" in " ".join(refused.stderr.split())
