"""Starts the hub and the nodes as processes of this machine, watches them and stops them."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from simulation.errors import ServiceFailedError
from simulation.results_folder import write_atomically

HOST = "127.0.0.1"
LOOPBACK_HOSTS = "127.0.0.1,localhost"
STOP_SECONDS = 15.0
POLL_SECONDS = 0.05
LAST_LINES = 12
SET_PARENT_DEATH_SIGNAL = 1


@dataclass(frozen=True, slots=True)
class Service:
    """A process that serves HTTP."""

    name: str
    url: str
    process: "subprocess.Popen[bytes]"
    log: Path


class Services:
    """The processes of one simulation. On leaving the `with` block all of them are stopped.

    Args:
        logs: Folder of one log file a service.
        record: File that lists what runs, so that a simulation that was killed leaves no
            process in its successor's way.
    """

    def __init__(self, logs: Path, record: Path) -> None:
        self._logs = logs
        self._record = record
        self._running: list[Service] = []

    def __enter__(self) -> Self:
        stop_left_behind(self._record)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(
        self, name: str, arguments: Sequence[str], *, port: int, environment: Mapping[str, str]
    ) -> Service:
        """Start `genshare ARGUMENTS --host 127.0.0.1 --port PORT` with its output in a log file."""
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{name}.log"
        command = [
            sys.executable,
            "-m",
            "genshare",
            *arguments,
            "--host",
            HOST,
            "--port",
            str(port),
        ]
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 (our own command, no shell)
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=service_environment(environment),
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        service = Service(name, f"http://{HOST}:{port}", process, log)
        self._running.append(service)
        self._write_record()
        return service

    def check(self) -> None:
        """Notice a service that ended.

        Raises:
            ServiceFailedError: One has; with the last lines of its log.
        """
        for service in self._running:
            code = service.process.poll()
            if code is not None:
                raise ServiceFailedError(
                    f"{service.name} ended with exit code {code}; the end of its log "
                    f"{service.log}:\n{last_lines(service.log)}"
                )

    def stop(self) -> None:
        """Ask every service to end, the hub last; after a while, end it and its workers."""
        running, self._running = self._running, []
        for service in reversed(running):
            if service.process.poll() is None:
                service.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for service in reversed(running):
            with suppress(subprocess.TimeoutExpired):
                service.process.wait(max(0.0, deadline - time.monotonic()))
            _kill_group(service.process.pid)  # it, or a worker that it left
            service.process.wait()
        self._record.unlink(missing_ok=True)

    def _write_record(self) -> None:
        entries = [{"pid": s.process.pid, "arguments": list(_arguments(s))} for s in self._running]
        write_atomically(self._record, json.dumps(entries).encode())


def service_environment(additions: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with `additions`, for a service on loopback.

    A proxy for the world outside must not stand between services of one machine.
    """
    inherited = dict(os.environ)  # noqa: TID251 (handed on to a child process, not read)
    for name in ("NO_PROXY", "no_proxy"):
        given = inherited.get(name)
        inherited[name] = f"{given},{LOOPBACK_HOSTS}" if given else LOOPBACK_HOSTS
    return inherited | dict(additions)


def free_ports(count: int) -> list[int]:
    """Return ports that nothing on this machine listens on now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for held in sockets:
            held.bind((HOST, 0))
        return [held.getsockname()[1] for held in sockets]
    finally:
        for held in sockets:
            held.close()


def last_lines(log: Path, count: int = LAST_LINES) -> str:
    """Return the end of a log file."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-count:])


def stop_left_behind(record: Path) -> None:
    """Stop the services that an earlier simulation listed and could not stop itself.

    A process id may by now be another program's: only one with the very command line that was
    listed is stopped.
    """
    try:
        entries: list[dict[str, Any]] = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    left = [e["pid"] for e in entries if _command_line(e["pid"])[1:] == e["arguments"]]
    for pid in left:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for pid in left:
        while _command_line(pid) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        if _command_line(pid):
            _kill_group(pid)
    record.unlink(missing_ok=True)


def _arguments(service: Service) -> Sequence[str]:
    arguments = service.process.args
    assert isinstance(arguments, list)
    return arguments[1:]


def _command_line(pid: int) -> list[str]:
    """Return a process's command line; empty if it has ended."""
    try:
        content = (Path("/proc") / str(pid) / "cmdline").read_bytes()
    except OSError:
        return []
    return content.decode(errors="replace").removesuffix("\0").split("\0") if content else []


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _end_with_parent() -> None:
    """Have the kernel end this process when the simulation is killed and cannot do it."""
    ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
