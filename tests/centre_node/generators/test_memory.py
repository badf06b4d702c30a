import subprocess
import sys
from pathlib import Path

import pytest

from centre_node.generators import memory
from centre_node.generators.errors import NotEnoughMemoryError
from centre_node.generators.memory import check_memory, free_memory
from tests.centre_node.generators.tiny import CPU, LOSSES, settings, train

REPOSITORY = Path(__file__).parents[3]


def machine(root: Path, files: dict[str, str]) -> Path:
    """A folder with what a machine of 1 MiB free tells of itself, and the files given."""
    basic = {"proc/meminfo": "MemTotal: 4096 kB\nMemAvailable:    1024 kB\nCached: 9 kB\n"}
    for name, text in {**basic, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_machine_without_limits_gives_what_is_available(tmp_path: Path) -> None:
    assert free_memory(machine(tmp_path, {})) == 1024 * 1024


def test_a_machine_that_tells_nothing_is_not_judged(tmp_path: Path) -> None:
    assert free_memory(tmp_path) is None


@pytest.mark.parametrize("own", ["/", "/docker/of-the-host"])
def test_a_containers_limit_counts_and_its_cache_gives_way(tmp_path: Path, own: str) -> None:
    group = {
        "proc/self/cgroup": f"0::{own}\n",
        "sys/fs/cgroup/memory.max": "600000\n",
        "sys/fs/cgroup/memory.current": "500000\n",
        "sys/fs/cgroup/memory.stat": "anon 1\nfile 90000\ninactive_file 80000\n",
    }

    assert free_memory(machine(tmp_path, group)) == 180_000


def test_the_tightest_of_nested_groups_counts(tmp_path: Path) -> None:
    group = {
        "proc/self/cgroup": "0::/outer/inner\n",
        "sys/fs/cgroup/outer/memory.max": "3000\n",
        "sys/fs/cgroup/outer/memory.current": "1000\n",
        "sys/fs/cgroup/outer/inner/memory.max": "max\n",
        "sys/fs/cgroup/outer/inner/memory.current": "900\n",
    }

    assert free_memory(machine(tmp_path, group)) == 2000


def test_the_first_version_of_control_groups_is_read_too(tmp_path: Path) -> None:
    group = {
        "proc/self/cgroup": "5:devices:/x\n4:memory:/x\n0::/\n",
        "sys/fs/cgroup/memory/x/memory.limit_in_bytes": "5000\n",
        "sys/fs/cgroup/memory/x/memory.usage_in_bytes": "4000\n",
        "sys/fs/cgroup/memory/x/memory.stat": "inactive_file 1\ntotal_inactive_file 500\n",
    }

    assert free_memory(machine(tmp_path, group)) == 1500


def test_this_machine_has_some_memory_free() -> None:
    free = free_memory()

    assert free is None or free > 10**6


def test_what_just_fits_is_accepted_and_a_byte_more_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 5_000_000)

    check_memory(5_000_000, CPU)

    with pytest.raises(NotEnoughMemoryError, match=r"about 5 MB .* device cpu, but 5 MB are free"):
        check_memory(5_000_001, CPU)


def test_a_training_that_does_not_fit_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 1000)

    with pytest.raises(NotEnoughMemoryError):
        train(tmp_path / "run", settings())

    assert not (tmp_path / "run").exists()


MEASURED_RUN = """
import re
import sys
import tempfile
from pathlib import Path

import torch

from centre_node.generators.estimates import estimate
from shared.architectures import DcganArchitecture, ResidualArchitecture
from tests.centre_node.generators.tiny import discs, settings, train

def resident(name):
    text = Path("/proc/self/status").read_text()
    return int(re.search(name + r":\\s+(\\d+) kB", text)[1]) * 1024

torch.set_num_threads(1)
loss = sys.argv[1]
kind = ResidualArchitecture if loss == "relativistic" else DcganArchitecture
architecture, patches = kind(image_size=64, width=32), discs(32, side=64)
with tempfile.TemporaryDirectory() as folder:
    train(Path(folder, "libraries"), settings(loss=loss, epochs=1))  # load what they load
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    training = settings(loss=loss, epochs=2, batch_size=16)
    train(Path(folder, "run"), training, patches=patches, architecture=architecture)
grown = resident("VmHWM") - before
print(grown / estimate(architecture, training, len(patches)).memory_bytes)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux' /proc")
@pytest.mark.parametrize("loss", LOSSES)
def test_the_memory_estimated_is_within_two_fifths_of_what_a_training_takes(loss: str) -> None:
    command = [sys.executable, "-c", MEASURED_RUN, loss]

    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=True)

    assert 0.6 < float(done.stdout) < 1.4
