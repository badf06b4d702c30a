"""Keeps the part of a data set that a source asks for."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import SPLIT_LABELS, Mammogram, Skipped


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


def in_several_splits(
    images: Iterable[tuple[str, Mapping[str, str]]], where: Mapping[str, str]
) -> Iterator[Skipped]:
    """Yield a record for each patient who is in the split that is asked for and in another one too.

    Args:
        images: Patient and labels of each, whatever `where` keeps.
    """
    asked_for = sorted(SPLIT_LABELS & where.keys())
    everything = list(images) if asked_for else []
    for label in asked_for:
        others = {key: value for key, value in where.items() if key != label}
        chosen: dict[bool, set[str]] = {True: set(), False: set()}
        for patient, labels in everything:
            if label in labels and others.items() <= labels.items():
                chosen[labels[label] == where[label]].add(patient)
        reason = f"it is in another {label} too, so the two are no independent sets"
        for _ in chosen[True] & chosen[False]:
            yield Skipped(f"a patient of {label}={where[label]}", reason)
