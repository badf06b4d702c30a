"""The hub connection in the database."""

from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from centre_node.database import ConnectionRow
from node_api.connection import HubConnection

THE_ONE = 1


class ConnectionStore:
    """Reads and writes the one connection."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, connection: HubConnection) -> None:
        """Replace the connection."""
        with Session(self._engine) as session, session.begin():
            session.merge(ConnectionRow(id=THE_ONE, **connection.model_dump()))

    def get(self) -> HubConnection | None:
        """Return the connection, if there is one."""
        with Session(self._engine) as session:
            row = session.get(ConnectionRow, THE_ONE)
            if row is None:
                return None
            return HubConnection(centre=row.centre, url=row.url, token=row.token)

    def remove(self) -> None:
        """Forget the connection."""
        with Session(self._engine) as session, session.begin():
            session.execute(delete(ConnectionRow))
