"""Lists the packages that were pulled, without reading their weights: a job verifies those."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from centre_node.datasets.places import without_places
from centre_node.sharing.errors import GeneratorNotPulledError
from node_api.pulled import GeneratorHere
from node_api.results import PulledGenerator
from shared.errors import DigestMismatchError, PackageError
from shared.marks import check_usable, read_mark
from shared.packages import Package, peek_package

GENERATORS = "generators"
"""Where pulled packages lie in the node's data folder."""

DIGEST = re.compile(r"[0-9a-f]{64}")


class PulledGenerators:
    """The generators of other centres at this node.

    Args:
        folder: Holds each package in a folder named after its manifest's digest.
        pulls: Returns what the finished pulls found; they know the version, which no package does.
    """

    def __init__(self, folder: Path, *, pulls: Callable[[], Iterable[PulledGenerator]]) -> None:
        self._folder = folder
        self._pulls = pulls

    def all(self) -> tuple[GeneratorHere, ...]:
        """Return every pulled generator, by centre and name; damaged ones come last."""
        versions = {pull.manifest_digest: pull.version for pull in self._pulls()}
        found = [self._read(digest, versions) for digest in self._digests()]
        return tuple(sorted(found, key=_by_name))

    def find(self, digest: str) -> GeneratorHere:
        """Return one generator.

        Raises:
            GeneratorNotPulledError: It was not pulled.
        """
        if digest not in self._digests():
            raise GeneratorNotPulledError(
                f"no generator with the manifest digest {digest} was pulled"
            )
        return self._read(digest, {pull.manifest_digest: pull.version for pull in self._pulls()})

    def usable(self, digest: str, *, withdrawn_too: bool) -> GeneratorHere:
        """Return a generator that may be used.

        Raises:
            GeneratorNotPulledError: It was not pulled.
            PackageError: It is damaged.
            GeneratorWithdrawnError: It was withdrawn or quarantined, and `withdrawn_too` is false.
        """
        found = self.find(digest)
        check_usable(peek_package(self._folder / digest), withdrawn_too=withdrawn_too)
        return found

    def _digests(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        return [path.name for path in self._folder.iterdir() if DIGEST.fullmatch(path.name)]

    def _read(self, digest: str, versions: Mapping[str, int]) -> GeneratorHere:
        version = versions.get(digest)
        try:
            package = _named(peek_package(self._folder / digest), digest)
            state = read_mark(self._folder / digest)
        except PackageError as error:
            problem = without_places(str(error), (self._folder,))
            return GeneratorHere(manifest_digest=digest, version=version, problem=problem)
        return GeneratorHere(
            manifest_digest=digest,
            version=version,
            card=package.card,
            weights=tuple(file.name for file in package.weights),
            whole=package.is_whole,
            size_bytes=sum(file.size_bytes for file in package.files),
            state=state,
        )


def _named(package: Package, digest: str) -> Package:
    if package.digest != digest:
        raise DigestMismatchError(f"the folder {digest} holds the package {package.digest}")
    return package


def _by_name(generator: GeneratorHere) -> tuple[bool, str, str, int, str]:
    card = generator.card
    names = ("", "") if card is None else (card.centre, card.name)
    return (card is None, *names, generator.version or 0, generator.manifest_digest)
