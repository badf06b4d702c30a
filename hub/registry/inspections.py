"""Looks into uploaded weight files, into each once for all versions that have it."""

import hashlib
from collections.abc import Collection, Iterable

from sqlalchemy import Engine, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from hub.database import InspectedRow
from hub.registry.blobs import BlobStore
from shared.architectures import Architecture
from shared.cards import WeightFile
from shared.packages import canonical_json
from shared.weights import inspect_weights


class Inspections:
    """What was found of stored files, which never change, is kept."""

    def __init__(self, engine: Engine, blobs: BlobStore) -> None:
        self._engine = engine
        self._blobs = blobs

    def check(self, files: Iterable[WeightFile], architecture: Architecture) -> None:
        """Check that every file holds the architecture's tensors.

        Raises:
            BlobNotFoundError: A file is not stored.
            WeightsRefusedError: One does not hold them.
        """
        sha256 = hashlib.sha256(canonical_json(architecture)).hexdigest()
        digests = {file.sha256 for file in files}
        expected = architecture.generator_tensors()
        for digest in sorted(digests - self._passed(digests, sha256)):
            inspect_weights(self._blobs.path(digest), expected)
            self._keep(digest, sha256)

    def _passed(self, digests: Collection[str], architecture_sha256: str) -> frozenset[str]:
        query = select(InspectedRow.sha256).where(
            InspectedRow.architecture_sha256 == architecture_sha256,
            InspectedRow.sha256.in_(digests),
        )
        with Session(self._engine) as session:
            return frozenset(session.scalars(query))

    def _keep(self, sha256: str, architecture_sha256: str) -> None:
        row = {"sha256": sha256, "architecture_sha256": architecture_sha256}
        with Session(self._engine) as session, session.begin():
            session.execute(insert(InspectedRow).values(row).on_conflict_do_nothing())
