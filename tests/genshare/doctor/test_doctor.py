"""What the doctor says of a healthy machine, and of one where a thing is broken."""

import json
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from genshare.doctor.libraries import IMPORTED, look_at_libraries
from genshare.doctor.machine import look_at_engine
from genshare.doctor.services import HUB, NODE, look_at_service
from shared.findings import Finding
from shared.machine import GIB, look_at_folder, look_at_memory
from shared.serving_settings import ServingSettings
from shared.version import genshare_version
from tests.command_line import Genshare
from tests.hub_server import running_hub, serving

pytestmark = pytest.mark.timeout(400)  # libraries are imported twice


def only(findings: Iterable[Finding], state: str) -> Finding:
    found = [finding for finding in findings if finding.state == state]
    assert len(found) == 1, found
    return found[0]


def program(folder: Path, name: str, script: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.mark.slow
def test_the_command_says_what_is_broken_and_ends_with_1(
    genshare: Genshare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GENSHARE_HUB_URL", "GENSHARE_HUB_TOKEN", "GENSHARE_NODE_URL", "NODE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with running_hub(tmp_path / "hub") as hub:
        token = hub.client().invite("centre-a")
        told = ["--data-dir", str(tmp_path), "--hub-url", hub.url, "--hub-token", token]
        well = genshare("doctor", *told)
        answer = json.dumps({"versions": {"torch": "2"}, "faults": {}, "gpus": []})
        monkeypatch.setattr("genshare.doctor.libraries.IMPORTED", f"print({answer!r})")
        ill = genshare("doctor", *told, "--mammograms-dir", str(tmp_path / "none"), "--json")

    assert well.code == 0
    assert "Nothing is broken." in well.stdout
    assert "hub, token: is known there" in well.stdout
    assert token not in well.stdout + ill.stdout
    assert ill.code == 1
    report = json.loads(ill.stdout)
    assert report["broken"] == 1
    broken = [finding for finding in report["findings"] if finding["state"] == "broken"]
    assert [finding["thing"] for finding in broken] == ["mammograms"]
    assert broken[0]["remedy"]


@pytest.mark.slow
def test_libraries_that_are_missing_or_damaged_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genshare.doctor.libraries.IMPORTED", IMPORTED.replace("timm", "timm_gone"))
    missing = only(look_at_libraries(), "broken")
    ended = "import os; os.abort()"
    monkeypatch.setattr("genshare.doctor.libraries.IMPORTED", ended)
    damaged = only(look_at_libraries(), "broken")

    assert "not installed: timm_gone" in missing.found
    assert "pip install 'genshare[all]'" in missing.remedy.replace("Pip", "pip")
    assert "ended with -6" in damaged.found


def test_a_gpu_that_torch_cannot_use_is_broken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = json.dumps({"versions": {"torch": "2"}, "faults": {}, "gpus": []})
    monkeypatch.setattr("genshare.doctor.libraries.IMPORTED", f"print({answer!r})")
    assert "none" in only(look_at_libraries(), "notice").found
    program(path, "nvidia-smi", "echo 'A Card, 535.1'")

    assert "A Card, 535.1" in only(look_at_libraries(), "broken").found


@pytest.mark.parametrize(
    ("free_gib", "state"), [(0.5, "broken"), (2, "notice"), (16, "fine"), (None, "not looked at")]
)
def test_memory(tmp_path: Path, free_gib: float | None, state: str) -> None:
    if free_gib is not None:
        (tmp_path / "proc").mkdir()
        told = f"MemTotal: 99 kB\nMemAvailable: {int(free_gib * GIB / 1024)} kB\n"
        (tmp_path / "proc" / "meminfo").write_text(told)

    only(look_at_memory(tmp_path), state)


def test_a_container_is_told_what_its_own_limit_leaves(tmp_path: Path) -> None:
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "meminfo").write_text(f"MemAvailable: {64 * GIB // 1024} kB\n")
    (tmp_path / "proc" / "self" / "cgroup").write_text("0::/\n")
    group = tmp_path / "sys" / "fs" / "cgroup"
    group.mkdir(parents=True)
    (group / "memory.max").write_text(f"{2 * GIB}\n")
    (group / "memory.current").write_text(f"{GIB + GIB // 2}\n")

    assert "0.5 GiB free" in only(look_at_memory(tmp_path), "broken").found


def test_folders(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    free = 1 << 60

    assert "is not there" in only(_folder(tmp_path / "none"), "broken").found
    assert "is a file" in only(_folder(file), "broken").found
    assert "Make room" in only(_folder(tmp_path, least=free), "broken").remedy
    assert "Make room" in only(_folder(tmp_path, least=0, enough=free), "notice").remedy
    assert "cannot be written" in only(_folder(Path("/proc/self")), "broken").found
    assert list(tmp_path.iterdir()) == [file]


def _folder(folder: Path, *, least: int = 0, enough: int = 0) -> Iterable[Finding]:
    return look_at_folder(folder, what="data folder", written=True, least=least, enough=enough)


def test_the_container_engine(path: Path) -> None:
    assert "not installed" in only(look_at_engine(), "notice").found
    program(path, "docker", "echo 'Is the daemon running?' >&2; exit 1")
    assert "Is the daemon running?" in only(look_at_engine(), "notice").found
    program(path, "docker", '[ "$1" = version ] && echo 27.1 || exit 1')
    assert "without compose" in only(look_at_engine(), "notice").found
    program(path, "docker-compose", "echo 1.29.2")

    assert "docker 27.1, compose 1.29.2" in only(look_at_engine(), "fine").found


def test_a_hub_that_does_not_know_the_token(tmp_path: Path) -> None:
    with running_hub(tmp_path / "hub") as hub:
        wrong = only(look_at_service(HUB, hub.url, "x" * 40), "broken")
        none = only(look_at_service(HUB, hub.url, None), "broken")

    assert (wrong.thing, wrong.found) == ("hub, token", "is not known there")
    assert "genshare hub invite" in wrong.remedy
    assert "none was given" in none.found


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://127.0.0.1:9", "no answer from"),
        ("hub.example.org", "is no address of a service"),
        ("htp://x", "is no address of a service"),
    ],
)
def test_an_address_that_leads_nowhere(url: str, sentence: str) -> None:
    assert sentence in only(look_at_service(NODE, url, None), "broken").found


def test_no_address_is_not_broken() -> None:
    assert "--hub-url" in only(look_at_service(HUB, None, None), "not looked at").remedy


def test_a_service_of_another_kind_version_or_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: Request) -> JSONResponse:
        name = request.url.path.removeprefix("/api/v1/")
        body = {"healthz": {"status": healthy}, "version": {"genshare": "9.9.9"}}[name]
        return JSONResponse(body)

    now = time.time()
    monkeypatch.setattr("genshare.doctor.services.time", lambda: now + 300)
    app = Starlette(routes=[Route("/{path:path}", answer)])
    with serving(app, ServingSettings()) as url:
        healthy = "ok"
        findings = list(look_at_service(NODE, url, "a token"))
        healthy = "well"
        stranger = only(look_at_service(NODE, url, None), "broken")

    assert "s ahead of the node" in only(findings, "broken").found
    assert f"genshare 9.9.9 there, {genshare_version()} here" in only(findings, "notice").found
    assert "but not as a genshare node does" in stranger.found
