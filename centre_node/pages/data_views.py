"""What a page shows of a data set: counts, findings in sentences, and where another could lie."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from centre_node.datasets.usual_cutting import UNKNOWN
from centre_node.mammography.datasets import DataFolders
from centre_node.pages.forms import Choice, FieldGroup, Form, FormField, fields_of
from centre_node.pages.job_forms import relabelled
from node_api.data_sources import DatasetSource, MammogramFolder, PhantomSet
from node_api.datasets import Dataset
from node_api.held_out import FEWEST_PATIENTS
from node_api.summaries import DatasetSummary
from shared.counts import counted, named

DEEPEST, MOST_FOLDERS = 3, 300
FACTS = {
    "kinds": "Kinds of lesions",
    "pathologies": "Pathology",
    "views": "Views",
    "lateralities": "Sides",
    "densities": "Breast density",
    "pixel_spacings_mm": "Pixel spacing (mm)",
}


@dataclass(frozen=True, slots=True)
class DatasetView:
    """A data set.

    Attributes:
        place: Where it comes from, in words.
        facts: Names and counts, such as "Views" and "CC 30, MLO 28".
        findings: What somebody should know before using it, a sentence each.
    """

    dataset: Dataset
    place: str
    facts: tuple[tuple[str, str], ...]
    findings: tuple[str, ...]


def dataset_view(dataset: Dataset) -> DatasetView:
    """Return what a page shows of a data set."""
    summary = dataset.summary
    facts = ((label, by_frequency(getattr(summary, name))) for name, label in FACTS.items())
    return DatasetView(
        dataset=dataset,
        place=place_of(dataset.source),
        facts=tuple((label, told) for label, told in facts if told),
        findings=tuple(findings_of(summary)),
    )


def place_of(source: DatasetSource) -> str:
    """Say where a data set comes from."""
    if isinstance(source, PhantomSet):
        written = "" if source.written_as is None else f", written as {source.written_as}"
        return f"phantoms of {counted(source.patients, 'patient')}, {source.style}{written}"
    lent = "" if source.lent_by is None else f", lent by {source.lent_by}"
    only = "".join(f", only {key}={value}" for key, value in source.where.items())
    folder = "the mammograms folder" if source.folder == "." else f"folder {source.folder}"
    return f"{folder}{lent}{only}"


def by_frequency(counts: Mapping[str, int]) -> str:
    """Return such as "CC 30, MLO 28", the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count}" for name, count in ordered)


def findings_of(summary: DatasetSummary) -> Iterator[str]:
    """Yield what somebody should know before using a data set."""
    for reason, times in sorted(summary.skipped.items(), key=lambda item: -item[1]):
        yield f"Skipped {times}: {reason}."
    if not summary.lesions:
        yield "No lesion is annotated: nothing can be trained on it."
    if summary.patients < FEWEST_PATIENTS:
        yield (
            f"Fewer than {FEWEST_PATIENTS} patients: a training holds nobody out unless it is "
            "told to, and without held-out patients an audit can say nothing."
        )
    if summary.patients_in_several_splits:
        they = counted(summary.patients_in_several_splits, "patient is", "patients are")
        yield (
            f"{they} in several of the data set's own splits; genshare splits by patient and does "
            "not use those."
        )
    if summary.single_point_lesions:
        marked = counted(summary.single_point_lesions, "lesion is", "lesions are")
        yield f"{marked} marked by a single point, without size."
    if summary.lesions and not summary.images_without_annotation:
        yield "Every image is annotated: healthy patches are cut outside the annotations."
    if unknown := summary.pixel_spacings_mm.get(UNKNOWN, 0):
        yield (
            f"{unknown} of {counted(summary.images, 'image')} {named(unknown, 'has', 'have')} no "
            "pixel spacing: mm are unknown."
        )
    yield from (f"{note}." for note in summary.notes)


def register_form(folders: DataFolders) -> Form:
    """Ask which folder is to be registered, and under which name."""
    found = tuple(Choice(path, _folder_name(path)) for path in below(folders.mammograms))
    source = fields_of(MammogramFolder(), "source.", without=("source.folder", "source.lent_by"))
    layout, where = relabelled(source, SOURCE_LABELS)
    more = (*_lent_field(folders), where)
    return Form(
        title="Register a data set",
        lead="A folder is read where it is and counted; nothing is copied.",
        groups=(
            FieldGroup("", (_name_field(), _folder_field(found), layout)),
            FieldGroup("More settings", more, is_folded=True),
        ),
        button="Read and count it",
        hidden={},
        missing="" if found else NO_FOLDER,
        ways=(("Draw phantoms", "/new/write_phantoms"),),
    )


PHANTOMS = "phantoms"
"""The field by which a form says which job drew what is to be registered."""


def of_phantoms(form: Form, job_id: str) -> Form:
    """Return the form for the phantoms that a job drew: the name alone is asked for."""
    return replace(
        form,
        lead="The phantoms that a job drew are read where they are and counted.",
        groups=(FieldGroup("", (_name_field(),)),),
        hidden={PHANTOMS: job_id},
        missing="",
    )


SOURCE_LABELS = {
    "source.format": {"label": "Layout", "help": "auto recognises it by its files."},
    "source.where": {
        "label": "Only some images",
        "help": "A line for each condition, such as view=CC. Left blank, all are read.",
    },
}


def _folder_name(path: str) -> str:
    return "the whole folder" if path == "." else path


def _name_field() -> FormField:
    return FormField(
        "name",
        "Name",
        "text",
        help="What you call it here.",
        expected="lower-case letters, digits and inner hyphens, at most 63",
    )


def _folder_field(found: Sequence[Choice]) -> FormField:
    return FormField(
        "source.folder",
        "Folder",
        "select",
        help="Of those in the node's mammograms folder.",
        value=found[0].value if found else "",
        choices=tuple(found),
    )


def _lent_field(folders: DataFolders) -> Iterator[FormField]:
    """Yield the field of who lent the folder, where anybody lent one."""
    lenders = [path for path in below(folders.lent, deepest=1) if path != "."]
    if lenders:
        ours = Choice("", "nobody: they are ours")
        yield FormField(
            "source.lent_by",
            "Lent by",
            "select",
            help="Another centre whose mammograms lie here; the folder is then within its own.",
            choices=(ours, *(Choice(name, name) for name in lenders)),
            optional=True,
        )


NO_FOLDER = (
    "This node has no mammograms folder. Whoever runs it starts it with --mammograms-dir FOLDER. "
    "Until then, phantoms can be drawn and registered."
)


def below(folder: Path | None, *, deepest: int = DEEPEST) -> Sequence[str]:
    """Return a folder itself, as ".", and the folders within it, relative to it.

    Those whose names cannot be shown are left out, and so are hidden ones and links.
    """
    if folder is None or not folder.is_dir():
        return ()
    found = ["."]
    waiting = [(folder, 1)]
    while waiting and len(found) < MOST_FOLDERS:
        place, depth = waiting.pop(0)
        for name in _folders_in(place):
            found.append((place / name).relative_to(folder).as_posix())
            if depth < deepest:
                waiting.append((place / name, depth + 1))
    return tuple(sorted(found[:MOST_FOLDERS], key=lambda path: (path != ".", path)))


def _folders_in(place: Path) -> Sequence[str]:
    try:
        with os.scandir(place) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:  # one that may not be read is none that can be chosen
        return ()
    return sorted(name for name in names if name.isprintable() and not name.startswith("."))
