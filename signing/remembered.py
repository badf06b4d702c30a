"""What hubs showed before, so that none can go back on it. A file of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import Field

from shared.files import full_disk_named, in_turn, write_text
from shared.models import LARGEST_COUNT, StrictModel, read_model
from shared.names import Digest, Name
from shared.records import LogHead
from signing.errors import RememberedFileError

REMEMBERED = "remembered-hubs.json"
MOST_HUBS, MOST_CENTRES = 1000, 10_000


class SeenStatus(StrictModel):
    """The newest status of a centre that was seen at a hub.

    Attributes:
        sha256: Of what its centre said.
        key: The fingerprint of the key that signed it.
    """

    number: int = Field(ge=1, le=LARGEST_COUNT)
    sha256: Digest
    key: Digest


class SeenHub(StrictModel):
    """What a hub showed.

    Attributes:
        log: The newest entry of its log that was seen.
    """

    log: LogHead | None = None
    statuses: dict[Name, SeenStatus] = Field(default_factory=dict, max_length=MOST_CENTRES)


class Remembered(StrictModel):
    """What each hub showed, by its address."""

    schema_version: Literal[1] = 1
    hubs: dict[str, SeenHub] = Field(default_factory=dict, max_length=MOST_HUBS)

    def of(self, url: str) -> SeenHub:
        """Return what a hub showed."""
        return self.hubs.get(url, SeenHub())


class RememberedStore:
    """Reads and changes the file; without one, nothing was seen.

    Every method raises `RememberedFileError` where the file cannot be used.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> Remembered:
        """Return what was seen."""
        if not self.file.exists():
            return Remembered()
        return read_model(Remembered, self.file, RememberedFileError)

    def change(self, url: str, change: Callable[[SeenHub], SeenHub]) -> None:
        """Remember something of a hub, one process at a time."""

        def changed(now: Remembered) -> Remembered:
            return now.model_copy(update={"hubs": {**now.hubs, url: change(now.of(url))}})

        self._change(changed)

    def forget(self, url: str) -> bool:
        """Forget what a hub showed; tell whether anything was known."""
        known = url in self.read().hubs

        def without(now: Remembered) -> Remembered:
            left = {place: seen for place, seen in now.hubs.items() if place != url}
            return now.model_copy(update={"hubs": left})

        self._change(without)
        return known

    def _change(self, change: Callable[[Remembered], Remembered]) -> None:
        try:
            with full_disk_named(self.file):
                self.file.parent.mkdir(parents=True, exist_ok=True)
                with in_turn(self.file.parent):
                    before = self.read()
                    after = change(before)
                    if after != before:
                        write_text(self.file, after.model_dump_json(indent=2) + "\n")
        except OSError as error:
            message = f"{self.file} cannot be written: {error.strerror}"
            raise RememberedFileError(message) from error
