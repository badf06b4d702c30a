import sys
from pathlib import Path

import pytest
from hypothesis import settings

from genshare.command_line import run
from tests.command_line import Done, Genshare

# The same examples in every run, and no verdict that depends on how busy the machine is.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is for the night unless it is asked for."""
    if "nightly" in config.option.markexpr:
        return
    left_out = [item for item in items if item.get_closest_marker("nightly")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


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
