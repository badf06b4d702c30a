"""The environment of the services that a simulation starts."""

import os
from collections.abc import Mapping

LOOPBACK_HOSTS = "127.0.0.1,localhost"


def service_environment(additions: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with `additions`, for a service on loopback.

    A proxy for the world outside must not stand between services of one machine.
    """
    inherited = dict(os.environ)  # noqa: TID251 (handed on to a child process, not read)
    for name in ("NO_PROXY", "no_proxy"):
        given = inherited.get(name)
        inherited[name] = f"{given},{LOOPBACK_HOSTS}" if given else LOOPBACK_HOSTS
    return inherited | dict(additions)
