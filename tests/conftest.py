import asyncio
import gc
import inspect
import sys
import uuid
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from hypothesis import settings

from genshare.command_line import run
from tests.command_line import Done, Genshare
from tests.drawings import keep_drawings

# The same examples in every run, and no verdict that depends on how busy the machine is.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
# Nor does a request of a test: httpx waits 5 s for an answer unless told otherwise.
WAITS = inspect.signature(httpx.get).parameters["timeout"].default
WAITS.connect = WAITS.read = WAITS.write = WAITS.pool = 60.0
# Nor does each read the machine's certificates anew, which takes longer than most requests.
pytest.MonkeyPatch().setattr(
    "httpx._transports.default.create_ssl_context", cache(httpx.create_ssl_context)
)
# And servers in this process, of which there are hundreds, look ten times as often whether they are
# to end: each would wait 0.2 s for it.
PROMPT = SimpleNamespace(**{**vars(asyncio), "sleep": lambda wait: asyncio.sleep(wait / 10)})
pytest.MonkeyPatch().setattr("uvicorn.server.asyncio", PROMPT)
keep_drawings()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Keep modules and tests, which live to the end, from being looked through for garbage.

    They are so many objects that this takes a fifth of the collection and goes on in the tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is for the night unless asked for, and begin with what takes longest.

    The processes that share the tests then end at about the same time.
    """
    if "nightly" not in config.option.markexpr:
        left_out = [item for item in items if item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    longest: dict[Path, float] = defaultdict(float)
    for item in items:
        longest[item.path] = max(longest[item.path], _seconds_allowed(item))
    items.sort(key=lambda item: longest[item.path], reverse=True)


def _seconds_allowed(item: pytest.Item) -> float:
    """Return what a test's own timeout tells of how long it takes; without one it is short."""
    timeout = item.get_closest_marker("timeout")
    if timeout is not None:
        return float(timeout.args[0])
    return 1.0 if item.get_closest_marker("slow") else 0.0


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the keys and the trust of whoever runs the tests out of them."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / uuid.uuid4().hex))


@pytest.fixture
def genshare(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Genshare:
    """The command, called in this process: a new one takes seconds to load torch."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str | Path) -> Done:
        with pytest.raises(SystemExit) as left:
            sys.exit(run([*map(str, arguments)]))
        shown = capsys.readouterr()
        return Done(int(left.value.code or 0), shown.out, shown.err)

    return call
