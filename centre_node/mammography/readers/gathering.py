"""The last step of every reader: from its mammograms to a reading, or why there is none."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from centre_node.errors import BadMammogramsError
from centre_node.mammography.mammograms import Mammogram, Reading, Skipped
from centre_node.mammography.readers.filtering import filtered


def gathered(
    folder: Path,
    mammograms: Iterable[Mammogram],
    where: Mapping[str, str],
    left_out: Sequence[Skipped],
    *,
    expected: str,
) -> Reading:
    """Return what was read, filtered.

    Args:
        left_out: Without what is unplaced in the mammograms, which `Reading` adds.
        expected: What a folder has none of where nothing was read, such as "the 3 images that its
            table names".

    Raises:
        BadMammogramsError: Nothing was read, which names the reason of most records, or nothing
            has the values of `where`.
    """
    everything = tuple(mammograms)
    if not everything:
        raise BadMammogramsError(f"{folder} has none of {expected}: {main_reason(left_out)}")
    return Reading(folder.resolve().name, filtered(everything, where, folder), tuple(left_out))


def main_reason(left_out: Sequence[Skipped]) -> str:
    """Say in words why most records were left out."""
    if not left_out:
        return "no record names one"
    ((reason, times),) = Counter(record.reason for record in left_out).most_common(1)
    records = "1 record is" if len(left_out) == 1 else f"{len(left_out)} records are"
    return f"{records} left out, {times} of them because {reason}"
