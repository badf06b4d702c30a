"""The container engine."""

import shutil
import subprocess
from collections.abc import Iterator

from shared.findings import Finding, fine, notice

ENGINE_SECONDS = 20.0


def look_at_engine() -> Iterator[Finding]:
    """Say whether containers can be run; only `docker compose up` needs that."""
    if shutil.which("docker") is None:
        remedy = "Nothing, unless you want containers; then install Docker with compose"
        yield notice("container engine", "docker is not installed", remedy)
        return
    server, fault = _answer("docker", "version", "--format", "{{.Server.Version}}")
    if server is None:
        yield notice(
            "container engine",
            f"docker is installed, but its engine does not answer: {fault}",
            "For containers, start it (systemctl start docker), as a user of the group docker",
        )
        return
    compose, _ = _answer("docker", "compose", "version", "--short")
    compose = compose or _answer("docker-compose", "version", "--short")[0]
    if compose is None:
        remedy = "For docker compose up, install Docker's compose plugin"
        yield notice("container engine", f"docker {server}, without compose", remedy)
    else:
        yield fine("container engine", f"docker {server}, compose {compose}")


def _answer(*command: str) -> tuple[str | None, str]:
    """Return what a program says, or None and its fault."""
    try:
        done = subprocess.run(  # noqa: S603 (found by PATH, as its users would)
            command, capture_output=True, text=True, timeout=ENGINE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return None, f"no answer within {ENGINE_SECONDS:.0f} s"
    except OSError as error:
        return None, str(error.strerror)
    if done.returncode == 0 and done.stdout.strip():
        return done.stdout.strip(), ""
    return None, (done.stderr.strip().splitlines() or ["without a word"])[-1]
