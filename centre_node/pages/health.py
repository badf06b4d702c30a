"""What can be told of a node at a glance; nothing heavy is imported for it."""

from collections.abc import Iterator, Mapping

from centre_node.datasets.places import places, without_places
from centre_node.mammography.datasets import DataFolders
from centre_node.pages.job_views import Tone
from centre_node.settings import Settings
from shared.findings import Finding, fine, notice
from shared.machine import look_at_folder, look_at_memory
from shared.version import genshare_version

TONES: Mapping[str, Tone] = {
    "fine": "good",
    "notice": "open",
    "broken": "bad",
    "not looked at": "still",
}
FOLDERS = {"mammograms": "--mammograms-dir", "lent mammograms": "--lent-dir"}


def look_at_node(settings: Settings, folders: DataFolders) -> Iterator[Finding]:
    """Yield what is found on the node's own machine; no path above its folders is told."""
    hidden = (settings.data_dir, *places(folders))
    for finding in _found(settings):
        yield finding.model_copy(
            update={
                "found": without_places(finding.found, hidden),
                "remedy": without_places(finding.remedy, hidden),
            }
        )


def _found(settings: Settings) -> Iterator[Finding]:
    yield fine("genshare", f"version {genshare_version()}")
    yield from look_at_memory()
    yield from look_at_folder(settings.data_dir, what="data folder", written=True)
    for what, folder in zip(FOLDERS, (settings.mammograms_dir, settings.lent_dir), strict=True):
        if folder is not None:
            yield from look_at_folder(folder, what=what, written=False)
        elif what == "mammograms":
            remedy = f"Start the node with {FOLDERS[what]} FOLDER to read mammograms"
            yield notice(what, "this node has no folder of mammograms", remedy)
