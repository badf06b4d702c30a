"""Looks into uploaded weight files, into each once for all versions that have it."""

import hashlib
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.database import InspectedRow
from hub.dialects import insert_unless_there
from hub.registry.blobs import BlobStore
from shared.architectures import Architecture, TensorSpec
from shared.cards import WeightFile
from shared.errors import WeightsRefusedError
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
        names = {file.sha256: file.name for file in files}
        expected, passed = architecture.generator_tensors(), self._passed(names, sha256)
        for digest, name in names.items():
            if digest not in passed:
                self._inspect(digest, name, expected)
                self._keep(digest, sha256)

    def _inspect(self, digest: str, name: str, expected: Mapping[str, TensorSpec]) -> None:
        try:
            with self._blobs.shelf.local(digest) as path:
                inspect_weights(path, expected)
        except WeightsRefusedError as error:  # it lies here under its digest
            raise type(error)(str(error).replace(digest, name)) from error

    def _passed(self, digests: Collection[str], architecture_sha256: str) -> frozenset[str]:
        query = select(InspectedRow.sha256).where(
            InspectedRow.architecture_sha256 == architecture_sha256,
            InspectedRow.sha256.in_(digests),
        )
        with Session(self._engine) as session:
            return frozenset(session.scalars(query))

    def _keep(self, sha256: str, architecture_sha256: str) -> None:
        row = {"sha256": sha256, "architecture_sha256": architecture_sha256}
        with self._engine.begin() as connection:
            insert_unless_there(connection, InspectedRow, row)
