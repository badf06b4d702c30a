"""Two processes that fetch to one folder at the same time."""

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.packages import open_package
from tests.lying_hub import Answer, LyingHub, lying
from tests.nursery import python
from tests.packages import write_tiny_package

WEIGHTS = "weights.safetensors"
ROOT = Path(__file__).parents[2]
Process = subprocess.Popen[str]


class Paused:
    """Sends half of the weights and then waits until it may go on; later requests get all."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.is_half_sent, self.may_go_on = threading.Event(), threading.Event()

    def __call__(self, answer: Answer) -> None:
        if self.is_half_sent.is_set():
            answer.give(self._content)
            return
        half = len(self._content) // 2
        answer.send_response(200)
        answer.send_header("Content-Length", str(len(self._content)))
        answer.end_headers()
        answer.wfile.write(self._content[:half])
        self.is_half_sent.set()
        self.may_go_on.wait(60)
        answer.drip([self._content[half:]])


def _fetch(hub: LyingHub, out: Path) -> Process:
    command = [str(python()), "-m", "genshare", "fetch", "centre-b", "lesions-dcgan"]
    return subprocess.Popen(
        [*command, "--hub-url", hub.url, "--out", str(out)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first_ends", "code", "downloads"),
    [(lambda _first, pause: pause.may_go_on.set(), 0, 1), (lambda first, _: first.kill(), -9, 2)],
    ids=["well", "killed"],
)
def test_the_second_waits_and_both_leave_one_whole_package(
    tmp_path: Path, first_ends: Callable[[Process, Paused], None], code: int, downloads: int
) -> None:
    package, out = write_tiny_package(tmp_path / "theirs"), tmp_path / "in" / "lesions"
    with lying(package) as hub:
        record = hub.record.model_dump_json().encode()
        pause = Paused((package.folder / WEIGHTS).read_bytes())
        hub.files |= {"latest": lambda answer: answer.give(record), WEIGHTS: pause}
        with _fetch(hub, out) as first:
            assert pause.is_half_sent.wait(60)
            with _fetch(hub, out) as second:
                assert second.stderr is not None
                assert "another process fetches to" in second.stderr.readline()
                first_ends(first, pause)
                told = second.communicate(timeout=60)
                first.wait(60)
                pause.may_go_on.set()

    assert (first.returncode, second.returncode) == (code, 0), told
    assert hub.asked.count(WEIGHTS) == downloads
    assert open_package(out).digest == package.digest
    assert [path.name for path in out.parent.iterdir()] == ["lesions"]
