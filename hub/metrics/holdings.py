"""What the hub holds, read from its database when Prometheus asks."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine, func, select

from hub.database import CentreRow, LogEntryRow, StoredFileRow, VersionRow
from hub.dialects import total

QUERIES = {
    "centres": ("Enrolled centres.", select(func.count()).where(CentreRow.removed_at.is_(None))),
    "versions": ("Published versions.", select(func.count()).select_from(VersionRow)),
    "files": ("Stored files.", select(func.count()).select_from(StoredFileRow)),
    "stored_bytes": (
        "Bytes of stored files.",
        select(total(StoredFileRow.size_bytes)),
    ),
    "log_entries": (
        "Entries of the audit log.",
        select(func.coalesce(func.max(LogEntryRow.number), 0)),
    ),
}


class Holdings(Collector):
    """One gauge for each thing that is held."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Yield nothing: so registering asks the database nothing."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield every gauge as it is now."""
        with self._engine.connect() as connection:
            for name, (text, query) in QUERIES.items():
                value = connection.scalar(query) or 0
                yield GaugeMetricFamily(f"genshare_hub_{name}", text, value=value)
