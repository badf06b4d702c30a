"""Whether a hub or a node can be reached, knows the token, and runs the same genshare."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time

import httpx
from pydantic import ValidationError

from shared.bounded_http import body_of, http_client, opened
from shared.budgets import Budget
from shared.connection_words import why_no_answer
from shared.errors import UnencryptedError
from shared.findings import Finding, broken, fine, not_looked_at, notice
from shared.problems import Problem
from shared.safe_text import shown
from shared.version import genshare_version

SECONDS = 10.0
LARGEST_BYTES = 1 << 20
CLOCKS_APART_SECONDS = 60.0


@dataclass(frozen=True)
class Service:
    """A service that is to be reached.

    Attributes:
        name: `hub` or `node`.
        guarded: A path under /api/v1 that wants the token.
        give_token: Where the token comes from.
        start: How the service is started.
    """

    name: str
    guarded: str
    give_token: str
    start: str


HUB = Service(
    "hub",
    "/generators?limit=1&fields=summary",
    "Give your centre's token with --hub-token or GENSHARE_HUB_TOKEN; the hub's operator makes a "
    "new one with genshare hub invite CENTRE --renew",
    "genshare hub serve",
)
NODE = Service(
    "node",
    "/version",
    "Give the node's token with --node-token or NODE_TOKEN; it lies in `token` of the node's data "
    "folder",
    "genshare node serve",
)


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    date: str | None


def look_at_service(
    service: Service, url: str | None, token: str | None, *, allow_unencrypted: bool = False
) -> Iterator[Finding]:
    """Say whether a service answers and knows the token, and how its clock and version differ."""
    if url is None:
        name, upper = service.name, service.name.upper()
        remedy = f"Name it with --{name}-url or GENSHARE_{upper}_URL"
        yield not_looked_at(name, "no address was given", remedy)
        return
    try:
        with http_client(
            url, token, timeout_seconds=SECONDS, allow_unencrypted=allow_unencrypted
        ) as http:
            yield from _look(service, url, http, token=token)
    except UnencryptedError as error:
        yield broken(service.name, str(error), error.hint)
    except (httpx.InvalidURL, UnicodeError) as error:
        yield broken(
            service.name,
            f"{shown(url)} is no address of a service: {error}",
            "Give it as http://HOST:PORT or https://HOST",
        )
    except httpx.RequestError as error:
        yield broken(
            service.name,
            f"no answer from {shown(url)}: {why_no_answer(error)}",
            f"See that it runs ({service.start}), that the address is right, and that no "
            "firewall or proxy stands between",
        )


def _look(
    service: Service, url: str, http: httpx.Client, *, token: str | None
) -> Iterator[Finding]:
    alive = _ask(http, "/healthz")
    if alive.status != httpx.codes.OK or _json(alive).get("status") != "ok":
        yield broken(
            service.name,
            f"{shown(url)} answers, but not as a genshare {service.name} does ({alive.status})",
            "See that the address and the port are the service's own, without a path",
        )
        return
    yield _clock(service, alive)
    yield _token(service, _ask(http, service.guarded), given=token is not None)
    told = _json(_ask(http, "/version")).get("genshare")
    if isinstance(told, str):
        yield _version(service, told)


def _ask(http: httpx.Client, path: str) -> _Answer:
    with opened(
        http, "GET", "/api/v1" + path, budget=Budget(SECONDS), most_bytes=LARGEST_BYTES
    ) as response:
        body = body_of(response, LARGEST_BYTES)
        return _Answer(response.status_code, body, response.headers.get("Date"))


def _json(answer: _Answer) -> dict[str, object]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _clock(service: Service, answer: _Answer) -> Finding:
    thing = f"clock, beside the {service.name}'s"
    try:
        theirs = parsedate_to_datetime(answer.date or "").timestamp()
    except ValueError:
        return not_looked_at(thing, "the service does not tell the time", "Compare them by hand")
    apart = time() - theirs
    if abs(apart) <= CLOCKS_APART_SECONDS:
        return fine(thing, "the same within a minute")
    side = "ahead of" if apart > 0 else "behind"
    return broken(
        thing,
        f"this machine is {abs(apart):.0f} s {side} the {service.name}",
        "Set both by a time server (timedatectl set-ntp true); dates on what is published and "
        "certificates depend on it",
    )


def _token(service: Service, answer: _Answer, *, given: bool) -> Finding:
    thing = f"{service.name}, token"
    if answer.status == httpx.codes.OK:
        return fine(thing, "is known there")
    if answer.status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        found = "is not known there" if given else "none was given, and it wants one"
        return broken(thing, found, service.give_token)
    return broken(
        thing,
        f"the {service.name} answers {answer.status}{_why(answer)}",
        f"Look into the {service.name}'s log",
    )


def _why(answer: _Answer) -> str:
    try:
        problem = Problem.model_validate_json(answer.body)
    except ValidationError:
        return ""
    return f": {shown(problem.detail)} ({shown(problem.code)})"


def _version(service: Service, theirs: str) -> Finding:
    thing, ours = f"{service.name}, version", genshare_version()
    if theirs == ours:
        return fine(thing, f"genshare {ours} on both sides")
    return notice(
        thing,
        f"genshare {shown(theirs)} there, {ours} here",
        "Install the newer one on both sides; what either has published stays readable",
    )
