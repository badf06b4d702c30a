"""The same study file without some generators, such as those that were withdrawn."""

from collections.abc import Collection, Mapping

from centre_node.study.arms_without import arms_without
from centre_node.study.errors import StudyFileError
from centre_node.study.study_file import StudyFile
from shared.packages import peek_package

SHORTEST_DIGEST = 8


def file_without(file: StudyFile, dropped: Collection[str]) -> StudyFile:
    """Return a study file that is without some generators.

    Args:
        dropped: Names of generators in the file, or their manifest digests or the first 8 digits.

    Raises:
        StudyFileError: The file has no such generator, or no arm is left.
    """
    if not dropped:
        return file
    names = {_named(file.generators, one, _digests(file)) for one in dropped}
    study = file.study.model_copy(update={"arms": arms_without(file.study.arms, names)})
    left = {name: folder for name, folder in file.generators.items() if name not in names}
    return file.model_copy(update={"generators": left, "study": study})


def _digests(file: StudyFile) -> dict[str, str]:
    return {name: peek_package(folder).digest for name, folder in file.generators.items()}


def _named(known: Collection[str], dropped: str, digests: Mapping[str, str]) -> str:
    if dropped in known:
        return dropped
    found = [name for name, digest in digests.items() if digest.startswith(dropped)]
    if len(dropped) < SHORTEST_DIGEST or not found:
        raise StudyFileError(
            f"the study file has no generator {dropped!r}; it has "
            f"{', '.join(f'{name} ({digest[:12]})' for name, digest in digests.items()) or 'none'}"
        )
    return found[0]
