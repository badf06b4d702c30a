"""Finds the reader for a data source."""

from pathlib import Path

from centre_node.errors import BadMammogramsError
from centre_node.mammography.configuration import CocoFolder, DatasetSource
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.readers.coco import read_coco


def read_dataset(source: DatasetSource, mammograms_dir: Path | None) -> Reading:
    """Read a data source. A COCO folder lies in `mammograms_dir`.

    Raises:
        BadMammogramsError: No such folder, or one outside `mammograms_dir`, or unusable.
    """
    if not isinstance(source, CocoFolder):
        # Here, not above: phantoms need an array library, which COCO folders do without.
        from centre_node.mammography.phantoms import read_phantoms

        return read_phantoms(source)
    if mammograms_dir is None:
        raise BadMammogramsError(
            f"this node has no mammograms folder, so {source.folder!r} cannot be read; "
            "start it with --mammograms-dir"
        )
    folder = (mammograms_dir / source.folder).resolve()
    if not folder.is_relative_to(mammograms_dir.resolve()):
        raise BadMammogramsError(f"the folder {source.folder!r} is outside the mammograms folder")
    return read_coco(folder, source.where)
