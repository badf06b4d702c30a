"""A process that has imported everything, from which tests start real processes within moments.

What `python -m MODULE ARGUMENTS` does takes seconds, nearly all of it imports. Here a stub stands
for `python`: it hands its arguments, environment and standard files to the nursery, which forks
itself, and the fork runs the module. The stub is to whoever started it what the process would be:
killed, its fork is killed, signals go on to it, and it ends as the fork ends.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import psutil
import time_machine

from tests.drawings import keep_drawings

ROOT = Path(__file__).parent.parent
CLOCK = "TESTS_CLOCK"
"""Names a file of seconds by which the process's clock is wrong; it may change at any time."""

FORKS = "forks"
"""The folder beside a stub in which a file tells each stub's fork, by process ids."""

STUB = """#!{python} -IS
import json, os, signal, socket, sys
nursery = socket.socket(socket.AF_UNIX)
nursery.connect({path!r})
told = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
socket.send_fds(nursery, [len(told).to_bytes(4, "big")], [0, 1, 2])
nursery.sendall(told)
def told_next():
    number = nursery.recv(4)
    return int.from_bytes(number, "big") if number else sys.exit("the nursery has ended")
pid = told_next()
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda number, _: os.kill(pid, number))
ended = told_next()
if os.WIFSIGNALED(ended):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), os.WTERMSIG(ended))
os._exit(os.waitstatus_to_exitcode(ended))
"""
IMPORTED = (
    "PIL.ImageOps",
    "PIL.TiffImagePlugin",
    "alembic.command",
    "anyio._backends._asyncio",
    "centre_node.commands",
    "centre_node.datasets.counting",
    "centre_node.jobs.worker",
    "centre_node.main",
    "centre_node.mammography.dicom_decoding",
    "centre_node.mammography.phantoms.writers.bcdr",
    "centre_node.mammography.phantoms.writers.inbreast",
    "centre_node.mammography.phantoms.writers.optimam",
    "centre_node.mammography.readers.bcdr",
    "centre_node.mammography.readers.coco",
    "centre_node.mammography.readers.inbreast",
    "centre_node.mammography.readers.optimam",
    "encodings.idna",
    "genshare.command_line",
    "hub.commands",
    "hub.main",
    "mako.template",
    "packaging.licenses",
    "pyarrow.dataset",
    "securesystemslib.dsse",
    "shared.serving",
    "simulation.commands",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.ext.compiler",
    "torch._dynamo",
    "uvicorn.lifespan.on",
    "uvicorn.main",
    "uvicorn.protocols.http.h11_impl",
)
"""What these processes import, some of it when they need it first."""


@contextmanager
def nursery(folder: Path) -> Iterator[Path]:
    """Run a nursery; give the path of its stub, to be used in place of `sys.executable`."""
    stub, path = folder / "python", folder / "nursery"
    command = [sys.executable, "-m", __name__, str(stub), str(path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    (folder / FORKS).mkdir()
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            assert process.stdout.readline() == b"ready\n"
            yield stub
        finally:
            process.stdin.close()


@cache
def python() -> Path:
    """Return the stub of a nursery that lives as long as this process; first call starts it."""
    stack, folder = ExitStack(), Path(tempfile.mkdtemp(prefix="nursery-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(stack.close)
    return stack.enter_context(nursery(folder))


def fork_of(stub: psutil.Process) -> psutil.Process | None:
    """Return the process that does what a stub of `python()` stands for; None of no stub."""
    if not python.cache_info().currsize:
        return None  # nor is a nursery begun to find that out
    try:
        return psutil.Process(int((python().parent / FORKS / str(stub.pid)).read_text()))
    except (FileNotFoundError, psutil.NoSuchProcess):
        return None


def family_of(process: psutil.Process) -> list[psutil.Process]:
    """Return all that a process has started, and what that has, stubs and their forks too."""
    found: list[psutil.Process] = []
    for child in process.children():
        fork = fork_of(child)
        found += [child] if fork is None else [child, fork]
        found += family_of(fork or child)
    return found


@dataclass(frozen=True)
class Wanted:
    """A process that is to be."""

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    files: list[int]


def main() -> None:
    """Fork until the standard input ends; each fork leaves this function to run its module."""
    stub, path = Path(sys.argv[1]), sys.argv[2]
    for module in IMPORTED:
        importlib.import_module(module)
    keep_drawings()
    stub.write_text(STUB.format(python=sys.executable, path=path))
    stub.chmod(0o700)
    gc.freeze()
    # That of pyarrow's allocator, which is made for forks, is the only other one.
    assert [name for name in _threads() if name != "jemalloc_bg_thd"][1:] == []
    wanted = _fork_on_demand(path)
    if wanted is not None:
        _become(wanted, stub)


def _threads() -> list[str]:
    return [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]


def _fork_on_demand(path: str) -> Wanted | None:
    """Return in each fork what it is to run, and None in the nursery when it is over."""
    wake, woken = socket.socketpair()
    woken.setblocking(False)
    signal.set_wakeup_fd(woken.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    stubs: dict[socket.socket, int] = {}
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(64)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            ready, _, _ = select.select([server, wake, sys.stdin, *stubs], [], [])
            if sys.stdin in ready:
                signal.set_wakeup_fd(-1)
                for stub in stubs:
                    _kill(stubs[stub])
                return None
            if wake in ready:
                wake.recv(4096)
                _reap(stubs)
            for stub in [stub for stub in ready if stub in stubs]:
                if _is_gone(stub):
                    _kill(stubs[stub])
                    del stubs[stub]
            if server in ready:
                stub, _ = server.accept()
                wanted = _read(stub)
                if wanted is None:
                    continue
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    for other in (wake, woken, stub, *stubs):
                        other.close()
                    return wanted
                for file in wanted.files:
                    os.close(file)
                (Path(path).parent / FORKS / str(_pid_of(stub))).write_text(str(pid))
                stubs[stub] = pid
                _tell(stub, pid)


def _is_gone(stub: socket.socket) -> bool:
    """Whether a stub that has something to say has in fact ended: it has nothing else to say."""
    try:
        return not stub.recv(1)
    except ConnectionResetError:  # it was killed before it had read all that it was told
        return True


def _tell(stub: socket.socket, number: int) -> None:
    """Send a number; a stub that was killed does not hear it, and is found gone by `_is_gone`."""
    with suppress(BrokenPipeError, ConnectionResetError):
        stub.sendall(number.to_bytes(4, "big"))


def _pid_of(stub: socket.socket) -> int:
    asked = stub.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid: int = struct.unpack("3i", asked)[0]
    return pid


def _reap(stubs: dict[socket.socket, int]) -> None:
    """Tell the stub of every fork that has ended how it ended."""
    of = {pid: stub for stub, pid in stubs.items()}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if (stub := of.get(pid)) is not None:
            _tell(stub, status)
            stub.close()
            del stubs[stub]


def _kill(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:  # it has not yet begun a group of its own, or has ended
        os.kill(pid, signal.SIGKILL)


def _read(stub: socket.socket) -> Wanted | None:
    """Return what a stub wants; None where it was killed before it had said so."""
    files: list[int] = []
    try:
        size, files, _, _ = socket.recv_fds(stub, 4, 3)
        arguments, environment, folder = json.loads(_said(stub, int.from_bytes(size, "big")))
    except (ConnectionResetError, json.JSONDecodeError):
        for file in files:
            os.close(file)
        return None
    return Wanted(arguments, environment, folder, files)


def _said(stub: socket.socket, size: int) -> bytes:
    """Return so many bytes, or fewer where the stub was killed before it had said them."""
    told = b""
    while len(told) < size and (said := stub.recv(65536)):
        told += said
    return told


def _become(wanted: Wanted, stub: Path) -> None:
    """Run the module as a process of its own would."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, file in enumerate(wanted.files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(wanted.folder)
    os.environ.clear()
    os.environ.update(wanted.environment)
    option, module, *arguments = wanted.arguments
    assert option == "-m"
    sys.executable = str(stub)
    sys.argv = [module, *arguments]
    if (clock := os.environ.get(CLOCK)) is not None:
        threading.Thread(target=_keep_wrong, args=[Path(clock)], daemon=True).start()
    sys.modules.pop(module, None)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _keep_wrong(file: Path) -> None:
    """Set this process's clock as much too late or too early as the file says, whenever it does."""
    wrong_by, traveller, clock = 0.0, None, None
    while True:
        wanted = float(file.read_text() or 0)
        if wanted != wrong_by:
            clock = clock or time_machine.travel(timedelta(0), tick=True)
            traveller = traveller or clock.start()
            traveller.shift(wanted - wrong_by)
            wrong_by = wanted
        time.sleep(0.02)


if __name__ == "__main__":
    main()
