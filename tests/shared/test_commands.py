"""What a hub says, on the terminal of the one who asked."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from genshare.command_line import run
from shared import commands
from shared.errors import HubUnreachableError
from shared.records import GeneratorVersion
from tests.lying_hub import lying
from tests.packages import write_tiny_package

STEERING = "\x1b[2J\u202eeerf\u200d\x9b0m [red]"


@pytest.fixture
def record(tmp_path: Path) -> Iterator[GeneratorVersion]:
    with lying(write_tiny_package(tmp_path)) as hub:
        card = hub.package.card.model_copy(update={"title": STEERING})
        yield hub.changed(card=card)


class Hub:
    """A client that believed what it was told."""

    def __init__(self, record: GeneratorVersion) -> None:
        self._record = record

    def generators(self, *_: object) -> Iterator[GeneratorVersion]:
        yield self._record

    def version(self, *_: object) -> GeneratorVersion:
        return self._record

    def statement(self, _record: GeneratorVersion) -> None:
        return None


@pytest.mark.parametrize(
    "arguments", [["list"], ["list", "--json"], ["show", "centre-b", "lesions-dcgan"]]
)
def test_a_title_cannot_steer_a_terminal(
    record: GeneratorVersion, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr(commands, "connect", lambda *_, **__: Hub(record))
    monkeypatch.setenv("COLUMNS", "300")

    told = CliRunner().invoke(commands.app, arguments).stdout

    assert all(cell.isprintable() for line in told.splitlines() for cell in line.split("\t"))
    if arguments == ["list"]:
        assert r"\x1b[2J\u202eeerf\u200d\x9b0m [red]" in told
    else:
        found = json.loads(told)
        assert (found[0] if isinstance(found, list) else found)["card"]["title"] == STEERING


def test_an_error_cannot_steer_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def silent(*_: object, **__: object) -> Hub:
        raise HubUnreachableError("one\x1b[2J\r\ntwo [red]")

    monkeypatch.setattr(commands, "connect", silent)

    assert run(["show", "centre-b", "lesions-dcgan"]) == 1

    told = capsys.readouterr().err
    assert told.startswith("error: one\\x1b[2J\\r\ntwo [red]\n")


def test_another_version_than_was_asked_for_is_not_shown(tmp_path: Path) -> None:
    with lying(write_tiny_package(tmp_path)) as hub:
        body = hub.record.model_dump_json().encode()
        hub.files["2"] = lambda answer: answer.give(body)
        arguments = ["show", "centre-b", "lesions-dcgan", "--version", "2", "--hub-url", hub.url]
        done = CliRunner().invoke(commands.app, arguments)

    assert done.stdout == ""
    assert "version 1, not of the 2 that was asked for" in str(done.exception)
