"""Reads a folder of images with a table of boxes, lazily: a centre's own, VinDr-Mammo, EMBED."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from centre_node.mammography.errors import BadImageError, BadMammogramsError
from centre_node.mammography.found_files import FoundFile
from centre_node.mammography.image_files import ImageHead, pixel_loader, read_head
from centre_node.mammography.mammograms import Mammogram, Reading, Skipped, Unplaced
from centre_node.mammography.readers.data_folder import DataFolder, OnFile, unheard
from centre_node.mammography.readers.gathering import gathered
from centre_node.mammography.readers.table_boxes import RowReader
from centre_node.mammography.readers.table_choices import CHOICES, TableChoices, read_choices
from centre_node.mammography.readers.table_facts import with_facts, with_labels
from centre_node.mammography.readers.table_file import BoxTable, Row, find_table
from centre_node.mammography.readers.table_images import FolderImages

NO_ROW = "no row of the table names it"
LOST_ROW = "no row names it, but one of its patient names an image that is not found"


def read_table_folder(folder: Path, where: Mapping[str, str], on_file: OnFile = unheard) -> Reading:
    """Read a folder's table and the headers of its images; pixels are read when one is loaded.

    Boxes are in pixels of the image as it is stored, and cut off at its border. A row without a
    box is healthy only where it says so in words, and its BI-RADS, if it has one, is 1; else its
    image is excluded, as where a box cannot be read. An image without a row is left out, or taken
    for healthy where the centre says so. What the table does not tell of side, view and spacing is
    taken from DICOM headers.

    Args:
        where: Keeps the images with these labels: `laterality`, `view`, `density`, and the columns
            that the centre names as labels.

    Raises:
        BadMammogramsError: The folder or its table is missing or of no use, or nothing is left.
    """
    files = DataFolder(folder, on_file)
    choices = read_choices(folder)
    table = find_table(files, choices)
    reader = _FolderReader(folder, table, choices)
    mammograms = list(reader.mammograms())
    expected = f"the images that its {table.name} names ({len(table.rows)} rows)"
    reading = gathered(folder, mammograms, where, reader.skipped, expected=expected)
    return replace(reading, notes=tuple(_notes(table, choices)))


class _FolderReader:
    """Reads one folder; what it leaves out gathers in `skipped`."""

    def __init__(self, folder: Path, table: BoxTable, choices: TableChoices) -> None:
        self.skipped: list[Skipped] = []
        self._folder = folder
        self._table = table
        self._choices = choices
        self._rows = RowReader(choices, self.skipped)
        self._images = FolderImages(folder, (row.text("image") for row in table.rows))
        self._names = _names(folder, self._images.paths)
        self._lost_patients: set[str] = set()

    def mammograms(self) -> Iterator[Mammogram]:
        """Yield the images with rows, in the table's order, then the others if they are wanted."""
        by_image = self._rows_by_image()
        read = {path: self._mammogram(path, rows) for path, rows in by_image.items()}
        with_rows = {path: mammogram for path, mammogram in read.items() if mammogram is not None}
        yield from with_rows.values()
        others = [path for path in self._images.paths if path not in by_image]
        if self._choices.images_without_row == "healthy":
            self._check_patients(with_rows)
            yield from (m for path in others if (m := self._without_row(path)) is not None)
        else:
            self.skipped += [Skipped(self._names[path], NO_ROW) for path in others]

    def _rows_by_image(self) -> dict[Path, list[Row]]:
        by_image: dict[Path, list[Row]] = defaultdict(list)
        for row in self._table.rows:
            cell = row.text("image")
            near = (row.text("patient"), row.text("study"))
            path, reason = self._images.find(cell, near) if cell else (None, "it names no image")
            if path is None:
                self.skipped.append(Skipped(f"row {row.number}", reason))
                self._lost_patients.add(row.text("patient"))
            else:
                by_image[path].append(row)
        return by_image

    def _mammogram(self, path: Path, rows: Sequence[Row]) -> Mammogram | None:
        patients = {row.text("patient") for row in rows} - {""}
        head = self._head(path)
        if head is None:
            return None
        if len(patients) != 1:
            reason = "its rows name different patients" if patients else "it has no patient"
            self.skipped.append(Skipped(self._names[path], reason))
            return None
        image = self._image(path, head, patients.pop())
        findings = self._rows.findings(rows, head.width, head.height)
        return with_facts(image, rows, self._table.labels, self.skipped).annotated(findings)

    def _without_row(self, path: Path) -> Mammogram | None:
        head = self._head(path)
        if head is None:
            return None
        patient = self._patient_of(path, head)
        if patient is None:
            self.skipped.append(Skipped(self._names[path], f"{NO_ROW}, nor is its patient known"))
            return None
        image = self._image(path, head, patient)
        is_lost = not self._lost_patients.isdisjoint({patient, ""})
        return with_labels(image).annotated([Unplaced(image.image_id, LOST_ROW)] if is_lost else [])

    def _check_patients(self, mammograms: Mapping[Path, Mammogram]) -> None:
        """Refuse a rule that would call a patient otherwise than the table does.

        Raises:
            BadMammogramsError: So; a patient could then be in two subsets.
        """
        wrong = sum(
            self._patient_of(path, read_head(path)) != mammogram.patient_id
            for path, mammogram in mammograms.items()
        )
        if wrong:
            raise BadMammogramsError(
                f"{CHOICES} says patient_from = {self._choices.patient_from!r}, which names "
                f"another patient than the table for {wrong} of {len(mammograms)} images; give the "
                "images without a finding rows of their own instead"
            )

    def _patient_of(self, path: Path, head: ImageHead) -> str | None:
        if self._choices.patient_from == "dicom":
            return head.dicom.patient_id if head.dicom else None
        return path.parent.name if path.parent != self._folder else None

    def _head(self, path: Path) -> ImageHead | None:
        try:
            return read_head(path)
        except BadImageError as error:
            self.skipped.append(Skipped(self._names[path], error.reason))
            return None

    def _image(self, path: Path, head: ImageHead, patient: str) -> Mammogram:
        name = self._names[path]
        return Mammogram(
            image_id=name,
            patient_id=patient,
            width=head.width,
            height=head.height,
            load=pixel_loader(path, head.width, head.height),
            file=FoundFile.at(path, name),
            laterality=head.dicom.laterality if head.dicom else None,
            view=head.dicom.view if head.dicom else None,
            pixel_spacing_mm=head.dicom.pixel_spacing_mm if head.dicom else None,
        )


def _names(folder: Path, paths: Sequence[Path]) -> dict[Path, str]:
    """Return what each image is called: its place, whose ending counts in any letters."""
    places = {path: path.relative_to(folder) for path in paths}
    names = {p: place.with_suffix(place.suffix.lower()).as_posix() for p, place in places.items()}
    times = Counter(names.values())
    return {p: name if times[name] == 1 else places[p].as_posix() for p, name in names.items()}


def _notes(table: BoxTable, choices: TableChoices) -> Iterator[str]:
    """Say what the table was taken for, so that its centre sees a wrong guess."""
    known = "" if table.title is None else f", known as {table.title}'s"
    yield f"table {table.name}{known}"
    yield from table.columns.in_words(table.labels)
    if "kind" not in table.columns.places:
        kind = choices.kind_of_every_box or "other"
        yield f"no column is the kind of lesion: every box is read as {kind}"
    if choices.images_without_row == "healthy":
        yield f"images without a row are healthy, as {CHOICES} says"
