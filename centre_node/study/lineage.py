"""Which results depend on a generator."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from centre_node.study.errors import StudyFileError
from shared.marks import read_mark
from shared.models import StrictModel, read_model
from shared.packages import MARK
from shared.states import ENDED, VersionState
from study_report.contents import StudyReport

A_STUDYS_FOLDER = "Name a folder that genshare study run made, or one above such."
RESULT = "study-result.json"
RECEIPT = "choice.json"
"""What `genshare choose` leaves."""

WITHDRAWN = "withdrawn"


class Use(StrictModel):
    """A study that depends on a generator, and the arms that do.

    Attributes:
        state: What is written down of the generator where it lies; None: nothing.
    """

    result: str
    centre: str
    name: str
    manifest_digest: str
    arms: tuple[str, ...]
    patches: int
    runs: int
    state: VersionState | None = None

    @property
    def is_tainted(self) -> bool:
        """Whether the generator was withdrawn or quarantined."""
        return self.state is not None and self.state.state in ENDED


def uses_of(digest: str, folder: Path) -> Iterator[Use]:
    """Yield the studies in a folder, or in folders inside it, that used a generator.

    Args:
        digest: The generator's manifest digest, or the beginning of it; `WITHDRAWN`: all that
            were withdrawn, as the folders of packages inside `folder` say.

    Raises:
        StudyFileError: There is no result of a study, or one that cannot be read.
    """
    if not folder.is_dir():
        raise StudyFileError(f"{folder} is no folder", hint=A_STUDYS_FOLDER)
    paths = sorted(folder.rglob(RESULT))
    if not paths:
        raise StudyFileError(
            f"neither {folder} nor a folder inside it holds a study's result, {RESULT}",
            hint=A_STUDYS_FOLDER,
        )
    marks = _marks(folder)
    for path in paths:
        result = read_report(path).result
        for used in result.generators:
            mark = marks.get(used.manifest_digest)
            if _is_meant(digest, used.manifest_digest, mark):
                yield Use(
                    state=mark,
                    result=str(path),
                    centre=used.centre,
                    name=used.name,
                    manifest_digest=used.manifest_digest,
                    arms=used.arms,
                    patches=used.patches,
                    runs=sum(row.arm in used.arms for row in result.rows),
                )


def _marks(folder: Path) -> dict[str, VersionState]:
    """Return what is written down of packages in a folder, by manifest digest."""
    found = [read_mark(path.parent) for path in folder.rglob(MARK)]
    return {mark.manifest_digest: mark for mark in found if mark is not None}


def _is_meant(digest: str, used: str, mark: VersionState | None) -> bool:
    if digest == WITHDRAWN:
        return mark is not None and mark.state in ENDED
    return used.startswith(digest)


def read_report(path: Path) -> StudyReport:
    """Read a study-result.json.

    Raises:
        StudyFileError: It is none.
    """
    refused = partial(StudyFileError, hint=A_STUDYS_FOLDER)
    return read_model(StudyReport, path, refused, as_what=" is no result of a study")
