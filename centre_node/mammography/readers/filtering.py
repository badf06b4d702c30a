"""Keeps the part of a data set that a source asks for."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import Mammogram


def filtered(
    mammograms: Iterable[Mammogram], where: Mapping[str, str], folder: Path
) -> tuple[Mammogram, ...]:
    """Return the mammograms whose labels have the values of `where`.

    Raises:
        BadMammogramsError: None has.
    """
    everything = tuple(mammograms)
    kept = tuple(m for m in everything if where.items() <= m.labels.items())
    if where and not kept:
        wanted = ", ".join(f"{key}={value}" for key, value in where.items())
        known = sorted({f"{key}={value}" for m in everything for key, value in m.labels.items()})
        raise BadMammogramsError(
            f"{folder} has no image with {wanted}; what can be asked for: "
            f"{', '.join(known) or 'nothing'}"
        )
    return kept
