"""Pictures of a study's patches. Those of real patches stay at the centre."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from centre_node.mammography.pictures import contact_sheet, write_png
from centre_node.study.lineage import RESULT, read_report
from centre_node.study.preparation import Preparation
from centre_node.study.prepared import Run, StudyPatches, opened
from centre_node.study.running import RunResult
from centre_node.study.training_patches import Indices, Pixels, class_labels
from node_api.tasks import CLASSES
from shared.packages import Package
from study_report.pictures import MISTAKES, picture_names, real_picture, synthetic_picture
from study_report.presented import Presented

PICTURED, COLUMNS = 64, 8


def write_pictures(
    ready: Preparation,
    packages: Mapping[str, Package],
    results: Mapping[Run, RunResult],
    folder: Path,
) -> None:
    """Leave contact sheets of real and synthetic patches, and the most confident mistakes."""
    patches = opened(ready.file)
    study = ready.study.configuration
    store = patches.train[max(patches.train)]
    classes, labels = CLASSES[study.task], class_labels(store, study.task)
    for name, label in ((classes.positive, 1), (classes.other, 0)):
        crops = store.crops(np.flatnonzero(labels == label)[:PICTURED], size=study.image_size)
        write_png(folder / real_picture(name), contact_sheet(crops, columns=COLUMNS))
    for digest, synthetic in patches.synthetic.items():
        card = packages[digest].card
        sheet = contact_sheet(synthetic[:PICTURED], columns=COLUMNS)
        write_png(folder / synthetic_picture(card.centre, card.name), sheet)
    missed, called = most_confident_mistakes(patches, results)
    if len(missed) or len(called):
        rows = [_row(patches.test.pixels[indices]) for indices in (missed, called)]
        write_png(folder / MISTAKES, contact_sheet(np.concatenate(rows), columns=COLUMNS))


def remove_pictures(folder: Path) -> None:
    """Remove the pictures of the report in a folder, before those of its successor are drawn."""
    if (folder / RESULT).exists():
        report = read_report(folder / RESULT)
        for name in picture_names(Presented(report.configuration, report.result)):
            (folder / name).unlink(missing_ok=True)


def _row(shown: Pixels) -> Pixels:
    """Fill a row of the sheet up with white, shape (8, size, size)."""
    row = np.full((COLUMNS, *shown.shape[1:]), 255, dtype=np.uint8)
    row[: len(shown)] = shown
    return row


def most_confident_mistakes(
    patches: StudyPatches, results: Mapping[Run, RunResult]
) -> tuple[Indices, Indices]:
    """Return the clearest misses of the positive class and false alarms of all runs together.

    Returns:
        Indices of test patches, at most 8 of each, shape (n,), the clearest first.
    """
    log_odds = np.mean([result.test_log_odds for result in results.values()], axis=0)  # (n,)
    labels = patches.test.labels
    missed = np.flatnonzero((labels == 1) & (log_odds < 0))
    called = np.flatnonzero((labels == 0) & (log_odds > 0))
    return (
        missed[np.argsort(log_odds[missed])][:COLUMNS],
        called[np.argsort(-log_odds[called])][:COLUMNS],
    )
