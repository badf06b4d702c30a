"""Which images an OPTIMAM client's `imagedb` file lists, and the marks on each."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import Skipped
from centre_node.mammography.readers.data_folder import DataFolder

_UID = re.compile(r"\d+(\.\d+)*")


@dataclass(frozen=True, slots=True)
class ListedImage:
    """An image that a client's file lists.

    Attributes:
        file: CLIENT/STUDY/IMAGE.dcm, relative to `images/`.
        episode: The episode of screening that its study belongs to.
        has_other_marks: Something that is no mark stands among the marks, or no series in its
            study's place of one.
    """

    file: Path
    episode: str | None
    marks: tuple[Mapping[str, Any], ...]
    has_other_marks: bool

    @property
    def client(self) -> str:
        """The client's id."""
        return self.file.parts[0]


def imagedb_files(files: DataFolder) -> list[Path]:
    """Return each client's file; its name is in capitals in some copies.

    Raises:
        BadMammogramsError: There is none, or a link leads outside the folder.
    """
    paths = [
        files.opened(path)
        for path in files.below(files.path, "data/*/*", ".json")
        if path.name.lower() == f"imagedb_{path.parent.name}.json".lower()
    ]
    if not paths:
        raise BadMammogramsError(f"{files.path} has no data/CLIENT/imagedb_CLIENT.json")
    return paths


def listed_images(path: Path, number: int, skipped: list[Skipped]) -> Iterator[ListedImage]:
    """Yield the images of a client; one in several series of a study is one image.

    Args:
        number: Names the file in `skipped`: its own name holds the client's id.
    """
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        document = None
    studies = document.get("STUDIES") if isinstance(document, dict) else None
    if not isinstance(studies, dict):
        reason = "it is no JSON with STUDIES; its client is left out"
        skipped.append(Skipped(f"imagedb file {number}", reason))
        return
    for study, content in studies.items():
        if _UID.fullmatch(study) and isinstance(content, dict):
            yield from _images(path.parent.name, study, content)
        else:
            reason = "it is no study with a UID and series"
            skipped.append(Skipped(f"a study of imagedb file {number}", reason))


def _images(client: str, study: str, content: Mapping[str, Any]) -> Iterator[ListedImage]:
    """Yield a study's images. Beside its series it has a date, an episode and more."""
    marks: dict[str, list[object]] = defaultdict(list)
    for uid, series in content.items():
        if _UID.fullmatch(uid) and isinstance(series, dict):
            for image, found in series.items():
                if _UID.fullmatch(image):
                    marks[image] += _values(found)
    # A series that is none may have held marks on any image of the study.
    is_whole = all(_is_series(content[uid]) for uid in content if _UID.fullmatch(uid))
    episode = content.get("EpisodeID")
    for image, values in marks.items():
        yield ListedImage(
            file=Path(client, study, f"{image}.dcm"),
            episode=None if episode is None else str(episode),
            marks=tuple(mark for mark in values if isinstance(mark, dict)),
            has_other_marks=not (is_whole and all(isinstance(mark, dict) for mark in values)),
        )


def _is_series(content: object) -> bool:
    return content is None or isinstance(content, dict)


def _values(marks: object) -> list[object]:
    """Return an image's marks; null where there are none."""
    if isinstance(marks, dict):
        return list(marks.values())
    return [] if marks is None else [marks]
