"""Removes what nobody needs: files of no version, and what is left of broken uploads."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from hub.errors import FilesUnavailableError
from hub.registry.blobs import BlobStore
from hub.registry.stored_files import StoredFiles

EVERY_SECONDS = 600.0

log = logging.getLogger(__name__)


class Cleaner:
    """Looks through the stored files now and then.

    Args:
        orphan_seconds: How long a file may wait for a version that has it.
        stalled_seconds: How long an upload may be without growth; it was ended long before.
        clock: Returns the Unix time.
    """

    def __init__(
        self,
        blobs: BlobStore,
        files: StoredFiles,
        *,
        orphan_seconds: float,
        stalled_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._blobs = blobs
        self._files = files
        self._orphan_seconds = orphan_seconds
        self._stalled_seconds = stalled_seconds
        self._clock = clock

    def clean(self) -> int:
        """Remove orphans and left-overs; return how many bytes of centres' quotas became free."""
        now = self._clock()
        self._blobs.remove_stalled(now - self._stalled_seconds)
        before = now - self._orphan_seconds
        shelf = self._blobs.shelf
        return self._files.remove_orphans(
            set(shelf.unwanted_since(before)),
            before,
            remove=partial(shelf.remove_unwanted, moment=before),
        )

    async def clean_for_ever(self) -> None:
        """Clean at once and then again and again; what fails is tried again."""
        while True:
            try:
                freed = await asyncio.to_thread(self.clean)
            except (OSError, SQLAlchemyError, FilesUnavailableError) as error:
                log.error("cannot clean up: %s", error)  # noqa: TRY400 (no fault of the code)
            else:
                if freed:
                    log.info("removed %d bytes that no version has", freed)
            await asyncio.sleep(EVERY_SECONDS)
