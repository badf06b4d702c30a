"""The command as a user types it, right and wrong."""

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from genshare import command_line
from genshare.command_line import COMMANDS
from shared.interruption import SENTENCE
from tests.command_line import Genshare
from tests.hub_server import running_hub
from tests.packages import tiny_contents, write_tiny_ensemble, write_tiny_package


def _process(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "genshare", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
        check=False,
    )


def test_help_names_every_command(genshare: Genshare) -> None:
    done = genshare("--help")

    assert done.code == 0
    for command in COMMANDS:
        assert f"  {command} " in done.stdout


def test_a_process_ends_with_the_code_of_its_command() -> None:
    assert _process("--version").returncode == 0
    assert _process("foo").returncode == 2


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(130), SystemExit(143)])
def test_an_interruption_is_told_in_one_sentence_whoever_noticed_it(
    end: BaseException, genshare: Genshare, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_arguments: list[str]) -> int:
        raise end

    monkeypatch.setattr(command_line, "_call", interrupted)

    command, service = genshare("list"), genshare("hub", "serve")

    assert command.stderr == f"{SENTENCE}\n"
    assert command.code == getattr(end, "code", 130)
    assert service.code == command.code
    assert service.stderr == ""  # it ends in good order by itself, and has nothing to go on with


def test_a_generator_is_listed_shown_and_fetched(
    tmp_path: Path, genshare: Genshare, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = write_tiny_package(tmp_path)
    with running_hub(tmp_path / "hub") as hub:
        token = hub.client().invite("centre-b")
        hub.client(token).publish(package)
        monkeypatch.setenv("GENSHARE_HUB_URL", hub.url)
        monkeypatch.setenv("GENSHARE_HUB_TOKEN", token)
        listed = genshare("list")
        shown = genshare("show", "centre-b", "lesions-dcgan")
        out = tmp_path / "fetched"
        fetched = genshare("fetch", "centre-b", "lesions-dcgan", "--out", out)

    digest = hashlib.sha256((out / "weights.safetensors").read_bytes()).hexdigest()
    assert "lesions-dcgan" in listed.stdout
    assert digest in shown.stdout
    assert f"{digest}  {out / 'weights.safetensors'}" in fetched.stdout


def test_some_weights_of_an_ensemble_are_fetched(
    tmp_path: Path, genshare: Genshare, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = write_tiny_ensemble(tmp_path, tiny_contents(5))
    names = [file.name for file in package.card.weights]
    fetch = ("fetch", "centre-b", "lesions-dcgan", "--out")
    with running_hub(tmp_path / "hub") as hub:
        token = hub.client().invite("centre-b")
        hub.client(token).publish(package)
        monkeypatch.setenv("GENSHARE_HUB_URL", hub.url)
        monkeypatch.setenv("GENSHARE_HUB_TOKEN", token)
        named = genshare(*fetch, tmp_path / "two", "--weights", names[0], "--weights", names[2])
        spread = genshare(*fetch, tmp_path / "three", "--weights-at-most", "3", "--json")
        wrong = genshare(*fetch, tmp_path / "none", "--weights", "other")
        both = genshare(*fetch, tmp_path / "none", "--weights", names[0], "--weights-at-most", "1")

    lines = named.stdout.splitlines()
    assert [line.rsplit("/", 1)[1] for line in lines] == ["card.json", names[0], names[2]]
    assert "holds 2 of 5 weight files" in named.stderr
    assert list(json.loads(spread.stdout)["sha256"]) == ["card.json", names[0], names[2], names[4]]
    assert json.loads(spread.stdout)["whole"] is False
    assert (wrong.code, both.code) == (1, 2)
    assert "has no weight file other; it has 5" in wrong.stderr
    assert "either --weights or --weights-at-most" in both.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "sentence"),
    [
        (("foo",), {}, 2, "there is no command 'foo'"),
        (("data", "preview", "/nowhere"), {}, 1, "there is no folder /nowhere"),
        (("data", "inspect", "--phantoms", "x"), {}, 2, "it must be one of digital, film, soft"),
        (("hub", "invite", "Centre A"), {}, 2, "'Centre A' is no name"),
        (("hub", "serve"), {"HUB_ADMIN_TOKEN": "s3cret"}, 1, "a setting is wrong: HUB_ADMIN_TOKEN"),
        pytest.param(
            ("list", "--hub-url", "http://127.0.0.1:9"),
            {},
            1,
            "no answer from the hub at",
            marks=pytest.mark.slow,  # it tries again for a while
        ),
        (("simulate", "nonesuch"), {}, 1, "nonesuch"),
    ],
)
def test_wrong_things_are_one_sentence(
    arguments: tuple[str, ...],
    environment: dict[str, str],
    code: int,
    sentence: str,
    genshare: Genshare,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    done = genshare(*arguments)

    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stderr
    assert done.code == code


@pytest.mark.parametrize("service", ["hub", pytest.param("node", marks=pytest.mark.slow)])
def test_a_taken_port_is_named(tmp_path: Path, service: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = _process(service, "serve", "--port", port, "--data-dir", str(tmp_path))

    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in done.stderr


@pytest.mark.slow
def test_a_hub_with_files_of_its_own_loads_no_library_that_it_does_not_use(tmp_path: Path) -> None:
    unused = {"numpy", "torch", "cv2", "alembic", "psycopg", "obstore"}
    code = (
        "import sys, pathlib, hub.commands as hub; from hub.settings import Settings; "
        f"hub.create_app(Settings(data_dir=pathlib.Path({str(tmp_path)!r})), migrate_apart=True); "
        f"print(sorted({unused!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize("command", [["study", "pool"], ["hub", "serve"], ["fetch"], ["doctor"]])
def test_help_says_no_type_of_python(genshare: Genshare, command: list[str]) -> None:
    done = genshare(*command, "--help")

    assert done.code == 0
    assert "--help" in done.stdout
    assert not re.search(r"<\w+(\[\w+\])?>", done.stdout)


COMPLETED = """
eval "$(genshare --show-completion bash)"
completed() {
  COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _genshare_completion genshare; echo "${COMPREPLY[@]}"
}
completed genshare fe
completed genshare hub inv
completed genshare list --cent
"""


@pytest.mark.slow
def test_bash_completes_commands_and_options(tmp_path: Path) -> None:
    command = tmp_path / "genshare"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m genshare "$@"\n')
    command.chmod(0o700)
    path = f"{tmp_path}:{os.environ['PATH']}"

    done = subprocess.run(
        ["bash", "-c", COMPLETED],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path},
        check=True,
    )

    assert done.stdout.splitlines() == ["fetch", "invite", "--centre"]
    assert done.stderr == ""


def test_a_name_is_completed_without_importing_any_command(
    genshare: Genshare, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"COMP_WORDS": "genshare tr", "COMP_CWORD": "1", "_GENSHARE_COMPLETE": "complete_bash"}
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(command_line, "_module_command", lambda name: pytest.fail(name))

    done = genshare()

    assert done.stdout.split() == ["train-generator", "trust"]
    assert done.code == 0


@pytest.mark.parametrize("place", ["before", "after"])
def test_quiet_leaves_results_and_the_exit_code(
    place: str, tmp_path: Path, genshare: Genshare, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, out, again = write_tiny_package(tmp_path / "made"), "package.tar", "again.tar"
    monkeypatch.chdir(tmp_path)
    command = ["export-package", str(package.folder), "--out"]
    quiet = ["--quiet", *command, out] if place == "before" else [*command, out, "-q"]

    told, silent = genshare(*command, again), genshare(*quiet)
    failed, both = genshare(*quiet), genshare("-v", *command, "x", "--quiet")

    assert told.stderr.startswith(f"{again} holds centre-b/")
    assert (silent.stderr, silent.code) == ("", 0)
    assert silent.stdout.replace(out, again) == told.stdout
    assert (failed.code, both.code) == (1, 2)
    assert "package.tar" in failed.stderr
    assert "give either --quiet or --verbose, not both" in both.stderr


def test_verbose_says_where_an_error_was_raised(genshare: Genshare) -> None:
    usual, verbose = (genshare("verify", "/nowhere", *more) for more in ((), ("--verbose",)))

    assert "Traceback" not in usual.stderr
    assert "Traceback" in verbose.stderr
    assert verbose.stderr.endswith(usual.stderr)


def test_fetching_loads_no_more_than_it_uses() -> None:
    """Terminal graphics, colours, tensors and servers are for other commands."""
    unused = {"rich", "pygments", "click", "torch", "numpy", "sqlalchemy", "fastapi", "uvicorn"}
    code = (
        "import sys; from genshare.command_line import _module_command; _module_command('fetch'); "
        f"print(sorted({unused!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
