"""Which column of a table of boxes says what: as its centre says, else guessed by its name."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from centre_node.mammography.readers.table_fields import (
    ALONE,
    CORNER_AND_SIZE,
    CORNERS,
    MEANINGS,
    OF_IMAGE,
    SYNONYMS,
    Field,
    plain,
)

_MUST = ("image", "patient")


@dataclass(frozen=True, slots=True)
class Columns:
    """The place of each field's column, from 0 on, and its name."""

    header: tuple[str, ...]
    places: Mapping[Field, int]

    def name(self, field: Field) -> str:
        """Return the name of a field's column."""
        return self.header[self.places[field]]

    def missing(self) -> list[str]:
        """Say what a table of boxes must have and this one lacks."""
        lacking = [field for field in _MUST if field not in self.places]
        return lacking if self._has_boxes() else [*lacking, *self._missing_of_box()]

    def in_words(self, labels: Collection[str]) -> Iterator[str]:
        """Say what each column was taken for, which are labels, and which were not used."""
        for field, place in sorted(self.places.items(), key=lambda item: item[1]):
            yield f"column {self.header[place]} is {MEANINGS[field]}"
        if labels:
            yield f"to filter by: {', '.join(labels)}"
        used = {*labels, *(self.header[place] for place in self.places.values())}
        others = [name for name in self.header if name and name not in used]
        if others:
            yield f"not used: {', '.join(others)}"

    def _has_boxes(self) -> bool:
        groups: tuple[tuple[Field, ...], ...] = (CORNERS, CORNER_AND_SIZE, ("boxes",))
        return any(all(field in self.places for field in group) for group in groups)

    def _missing_of_box(self) -> list[str]:
        """Name what lacks in the way of giving a box of which there is most; corners if none."""
        group = max(
            (CORNERS, CORNER_AND_SIZE), key=lambda fields: sum(f in self.places for f in fields)
        )
        return [field for field in group if field not in self.places]


def find_columns(header: Sequence[str], given: Mapping[Field, str]) -> Columns:
    """Find the columns of a header: those given first, then the others by well-known names.

    A box is looked for as corners, then as a corner and a size; only one of the two is used. A
    given column that the header lacks is left out, as is a field whose column is given as "".
    """
    by_name = {plain(name): place for place, name in reversed(list(enumerate(header)))}
    places: dict[Field, int] = {
        field: by_name[plain(name)]
        for field, name in given.items()
        if name and plain(name) in by_name
    }
    _add(ALONE, by_name, places, given)
    _add(_box_fields(by_name, places, given), by_name, places, given)
    _add(OF_IMAGE, by_name, places, given)
    return Columns(tuple(header), places)


def not_there(header: Sequence[str], given: Mapping[Field, str]) -> Iterator[tuple[Field, str]]:
    """Yield the given columns that a header lacks."""
    names = {plain(name) for name in header}
    for field, name in given.items():
        if name and plain(name) not in names:
            yield field, name


def _add(
    fields: Sequence[Field],
    by_name: Mapping[str, int],
    places: dict[Field, int],
    given: Mapping[Field, str],
) -> None:
    for field in fields:
        if field not in given:
            places.update(_guess(field, by_name, places))


def _box_fields(
    by_name: Mapping[str, int], places: Mapping[Field, int], given: Mapping[Field, str]
) -> tuple[Field, ...]:
    """Return the way of giving boxes that the header has more of, and none beside given boxes."""
    if "boxes" in places:
        return ()
    if any(field in given for field in (*CORNERS, *CORNER_AND_SIZE)):
        return CORNERS if any(field in given for field in CORNERS) else CORNER_AND_SIZE

    corners, sizes = dict(places), dict(places)
    _add(CORNERS, by_name, corners, given)
    _add(CORNER_AND_SIZE, by_name, sizes, given)
    return CORNERS if len(corners) >= len(sizes) else CORNER_AND_SIZE


def _guess(
    field: Field, by_name: Mapping[str, int], places: Mapping[Field, int]
) -> dict[Field, int]:
    """Return the column of a field by the first of its names that no other field has taken."""
    for name in SYNONYMS[field]:
        if name in by_name and by_name[name] not in places.values():
            return {field: by_name[name]}
    return {}
