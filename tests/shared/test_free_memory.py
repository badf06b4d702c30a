from pathlib import Path

import pytest

from shared.free_memory import free_memory


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
