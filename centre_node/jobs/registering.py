"""A register job: reads a data set's annotations, draws some of its patches, and remembers it."""

from collections.abc import Callable
from pathlib import Path

from centre_node.datasets.places import read_registered
from centre_node.datasets.store import DatasetStore
from centre_node.datasets.usual_cutting import patches_for
from centre_node.errors import NodeError
from centre_node.jobs.errors import JobCancelledError
from centre_node.jobs.node import Node
from centre_node.jobs.pruning import ARTIFACTS
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.previewing import preview_patches
from centre_node.mammography.summaries import summary
from node_api.datasets import Dataset
from node_api.previews import PreviewSettings
from node_api.requests import RegisterRequest
from node_api.studies import EVERY_KIND
from shared.progress import OnProgress, Progress


def register(request: RegisterRequest, node: Node, folder: Path, report: OnProgress) -> Dataset:
    """Register a data set; one that is cancelled before its end is not registered.

    Args:
        folder: The job's, which gets contact sheets.
    """
    reading = read_registered(request.source, node.folders, _counted(report))
    dataset = Dataset(name=request.name, source=request.source, summary=summary(reading))
    if dataset.summary.lesions:
        _draw(reading, dataset, folder, report)
    DatasetStore(node.engine).put(dataset)
    return dataset


def _counted(report: OnProgress) -> Callable[[], None]:
    """Return what tells how many files were looked for; of how many, only the end shows."""
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        report(Progress(done=done, total=0, unit="files", message="reading annotations"))

    return count


def _draw(reading: Reading, dataset: Dataset, folder: Path, report: OnProgress) -> None:
    """Draw contact sheets; that they cannot be drawn is no reason not to register."""
    cutting = PatchCutting(patches_for(dataset), EVERY_KIND, on_progress=report)
    try:
        preview_patches(reading, cutting, PreviewSettings(), out=folder / ARTIFACTS, scratch=folder)
    except JobCancelledError:
        raise
    except NodeError as error:
        warning = f"the contact sheets could not be drawn: {error}"
        report(Progress(done=2, total=2, unit="steps", warning=warning))
