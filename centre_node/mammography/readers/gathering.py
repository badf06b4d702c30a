"""The last step of every reader: from its mammograms to a reading, or why there is none."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import Mammogram, Reading, Skipped, with_unplaced
from centre_node.mammography.readers.filtering import filtered, in_several_splits
from shared.counts import counted


def gathered(
    folder: Path,
    mammograms: Iterable[Mammogram],
    where: Mapping[str, str],
    skipped: Sequence[Skipped],
    *,
    expected: str,
) -> Reading:
    """Return what was read, filtered.

    Args:
        skipped: What was left out or changed; what is unplaced in the mammograms, also in those
            that are not kept, is added.
        expected: What a folder has none of where nothing was read, such as "the 3 images that its
            table names".

    Raises:
        BadMammogramsError: Nothing was read, which names the reason of most records, or nothing
            has the values of `where`.
    """
    everything = tuple(mammograms)
    if not everything:
        raise BadMammogramsError(f"{folder} has none of {expected}: {main_reason(skipped)}")
    shared = in_several_splits(((m.patient_id, m.labels) for m in everything), where)
    counted = with_unplaced((*skipped, *shared), everything)
    return Reading(folder.resolve().name, filtered(everything, where, folder), counted)


def main_reason(skipped: Sequence[Skipped]) -> str:
    """Say in words why most records were left out."""
    if not skipped:
        return "no record names one"
    ((reason, times),) = Counter(record.reason for record in skipped).most_common(1)
    records = counted(len(skipped), "record is", "records are")
    return f"{records} left out, {times} of them because {reason}"
