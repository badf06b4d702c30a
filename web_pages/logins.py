"""One-time links, and the browser sessions that they open. Of every secret only a hash is kept."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, insert, select

from shared.access import Caller, Role
from web_pages.errors import LoginLinkError
from web_pages.schema import LINKS, SESSIONS

LINK_LIVES = timedelta(minutes=5)
SESSION_LIVES = timedelta(hours=8)
NOT_TAKEN = "this login link is not one of this service's, was used before, or is too old"
LINK_PREFIX, SESSION_PREFIX = "gsl_", "gss_"  # a scanner finds a leaked one by them


OnLogin = Callable[[Connection, Caller, datetime], None]
"""Takes who logged in and when, in the transaction that opens the session."""


def _say_nothing(_connection: Connection, _caller: Caller, _at: datetime) -> None:
    """Keep no record of logins."""


class Logins:
    """Who may log in, and who is logged in.

    Args:
        clock: Now, in UTC, without a time zone.
        on_login: Told of every login.
    """

    def __init__(
        self, engine: Engine, *, clock: Callable[[], datetime], on_login: OnLogin = _say_nothing
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._on_login = on_login

    def new_link(self, caller: Caller) -> str:
        """Return the secret of a link that opens one session for a caller, within 5 minutes."""
        secret = LINK_PREFIX + secrets.token_urlsafe(32)
        now = self._clock()
        with self._engine.begin() as connection:
            connection.execute(delete(LINKS).where(LINKS.c.expires_at <= now))
            connection.execute(insert(LINKS).values(_row(secret, caller, now + LINK_LIVES)))
        return secret

    def open_session(self, link: str, address: str = "") -> str:
        """Use a link up, and return the secret of the session that it opens.

        Args:
            address: Where the browser is.

        Raises:
            LoginLinkError: It was used before, is too old, or never was one.
        """
        secret, now = SESSION_PREFIX + secrets.token_urlsafe(32), self._clock()
        self._check_known(link)
        with self._engine.begin() as connection:
            taken = connection.execute(
                delete(LINKS)
                .where(LINKS.c.secret_sha256 == _sha256(link), LINKS.c.expires_at > now)
                .returning(LINKS.c.name, LINKS.c.role)
            ).one_or_none()
            if taken is None:
                raise LoginLinkError(NOT_TAKEN)
            caller = Caller(taken.name, Role(taken.role), address)
            connection.execute(delete(SESSIONS).where(SESSIONS.c.expires_at <= now))
            connection.execute(insert(SESSIONS).values(_row(secret, caller, now + SESSION_LIVES)))
            self._on_login(connection, caller, now)
        return secret

    def _check_known(self, link: str) -> None:
        """Look first: whoever only guesses must not take the lock that writers wait for."""
        query = select(LINKS.c.name).where(LINKS.c.secret_sha256 == _sha256(link))
        with self._engine.connect() as connection:
            if connection.execute(query).one_or_none() is None:
                raise LoginLinkError(NOT_TAKEN)

    def caller(self, session: str) -> Caller | None:
        """Return who is logged in by a session, None if it has ended or never was one."""
        query = select(SESSIONS.c.name, SESSIONS.c.role).where(
            SESSIONS.c.secret_sha256 == _sha256(session), SESSIONS.c.expires_at > self._clock()
        )
        with self._engine.connect() as connection:
            found = connection.execute(query).one_or_none()
        return None if found is None else Caller(found.name, Role(found.role))

    def close(self, session: str) -> None:
        """End a session; one that has ended stays so."""
        with self._engine.begin() as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.secret_sha256 == _sha256(session)))


def _row(secret: str, caller: Caller, expires_at: datetime) -> dict[str, object]:
    return {
        "secret_sha256": _sha256(secret),
        "name": caller.name,
        "role": caller.role.value,
        "expires_at": expires_at,
    }


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
