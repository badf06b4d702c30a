"""How much memory a process can still take, where Linux tells it."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")
MEMINFO, OWN_GROUPS, GROUPS = "proc/meminfo", "proc/self/cgroup", "sys/fs/cgroup"
LIMIT_FILES = (  # of a control group: limit, usage and what of it is cache that gives way
    ("memory.max", "memory.current", "inactive_file"),  # version 2
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),  # version 1
)


def free_memory(root: Path = ROOT) -> int | None:
    """Return the bytes that this process can still take: the machine's, or its container's.

    Args:
        root: Where the system's files lie.

    Returns:
        None where Linux' files are not there.
    """
    meminfo = root / MEMINFO
    if not meminfo.exists():
        return None
    found = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo.read_text(), re.MULTILINE)
    machine = [] if found is None else [int(found[1]) * 1024]
    return min((*machine, *_left_in_groups(root)), default=None)


def _left_in_groups(root: Path) -> Iterator[int]:
    """Yield what each limit of the process's control groups leaves; every group above limits too.

    Inside a container its own group may be named by the host's path but lie at the top.
    """
    for folder in _groups(root):
        for limit_file, usage_file, cache in LIMIT_FILES:
            limit, usage = (_number(folder / name) for name in (limit_file, usage_file))
            if limit is not None and usage is not None:
                yield limit - usage + _cache(folder / "memory.stat", cache)


def _groups(root: Path) -> Iterator[Path]:
    own = root / OWN_GROUPS
    for line in own.read_text().splitlines() if own.exists() else ():
        _number_of_hierarchy, controllers, group = line.split(":", 2)
        if controllers not in {"", "memory"}:
            continue
        top = root / GROUPS / controllers
        folder = top / group.lstrip("/")
        yield from (folder, *(above for above in folder.parents if above.is_relative_to(top)))


def _number(path: Path) -> int | None:
    """Return a file's number; None for `max` or for no file."""
    text = path.read_text().strip() if path.exists() else "max"
    return None if text == "max" else int(text)


def _cache(path: Path, name: str) -> int:
    text = path.read_text() if path.exists() else ""
    found = re.search(rf"^{name} (\d+)", text, re.MULTILINE)
    return 0 if found is None else int(found[1])
