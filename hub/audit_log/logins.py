"""Tells the log who logged in to the hub's pages."""

from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from hub.audit_log.events import Action, Event
from hub.audit_log.store import append
from shared.access import Caller


def tell_login(connection: Connection, caller: Caller, at: datetime) -> None:
    """Write down a login, in the transaction that opens its session."""
    append(Session(connection), Event.of(caller, Action.LOGGED_IN), at=at)
