"""Which results depend on a generator."""

from collections.abc import Iterator
from pathlib import Path

from centre_node.study.errors import StudyFileError
from shared.models import StrictModel, read_model
from study_report.contents import StudyReport

RESULT = "study-result.json"


class Use(StrictModel):
    """A study that depends on a generator, and the arms that do."""

    result: str
    centre: str
    name: str
    manifest_digest: str
    arms: tuple[str, ...]
    patches: int
    runs: int


def uses_of(digest: str, folder: Path) -> Iterator[Use]:
    """Yield the studies in a folder, or in folders inside it, that used a generator.

    Args:
        digest: The generator's manifest digest, or the beginning of it.

    Raises:
        StudyFileError: There is no result of a study, or one that cannot be read.
    """
    if not folder.is_dir():
        raise StudyFileError(f"{folder} is no folder")
    paths = sorted(folder.rglob(RESULT))
    if not paths:
        raise StudyFileError(
            f"neither {folder} nor a folder inside it holds a study's result, {RESULT}"
        )
    for path in paths:
        result = read_report(path).result
        for used in result.generators:
            if used.manifest_digest.startswith(digest):
                yield Use(
                    result=str(path),
                    centre=used.centre,
                    name=used.name,
                    manifest_digest=used.manifest_digest,
                    arms=used.arms,
                    patches=used.patches,
                    runs=sum(row.arm in used.arms for row in result.rows),
                )


def read_report(path: Path) -> StudyReport:
    """Read a study-result.json.

    Raises:
        StudyFileError: It is none.
    """
    return read_model(StudyReport, path, StudyFileError, as_what=" is no result of a study")
