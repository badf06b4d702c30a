"""The package that is made of a training's folder; one that left before is set aside."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from centre_node.sharing.publish import build_package
from node_api.results import TrainedGenerator
from shared.errors import BrokenPackageError
from shared.files import put_in_place
from shared.models import read_model
from shared.packages import MANIFEST, PACKAGE, Manifest, Package, manifest_digest
from shared.terms import CentreTerms, UseLimits

EARLIER_PACKAGES = "earlier-packages"


def build_anew(
    training: Path,
    weights: Sequence[Path],
    trained: TrainedGenerator,
    terms: CentreTerms,
    *,
    proportions: Mapping[str, float],
    samples: int = 0,
    keep: Callable[[str], bool],
    use: UseLimits | None = None,
) -> Package:
    """Build `package` in a training's folder, in place of one that was made with other options.

    Args:
        samples: Synthetic patches that the package shows.
        keep: Tells of a manifest's digest whether that package left, and so stays, under its
            digest in `earlier-packages`.

    Raises:
        NotPublishableError, CardRefusedError, WeightsRefusedError: As of `build_package`.
    """
    place, made = training / PACKAGE, training / f".{PACKAGE}.new"
    shutil.rmtree(made, ignore_errors=True)
    package = build_package(
        made, weights, trained, terms, proportions=proportions, samples=samples, use=use
    )
    before = _digest(place)
    if before is not None and before != package.digest and keep(before):
        _set_aside(place, training / EARLIER_PACKAGES / before)
    shutil.rmtree(place, ignore_errors=True)
    put_in_place(made, place)
    return replace(package, folder=place)


def _set_aside(place: Path, earlier: Path) -> None:
    if not earlier.exists():
        earlier.parent.mkdir(exist_ok=True)
        put_in_place(place, earlier)


def _digest(folder: Path) -> str | None:
    """Return a package's digest by its manifest alone, None where there is no readable one."""
    try:
        return manifest_digest(read_model(Manifest, folder / MANIFEST, BrokenPackageError))
    except BrokenPackageError:
        return None
