"""How patches of a registered data set are cut where nobody says how."""

from centre_node.mammography.usual_patches import usual_patches
from node_api.data_sources import PhantomSet
from node_api.datasets import Dataset
from node_api.patches import PatchConfiguration
from node_api.summaries import DatasetSummary

UNKNOWN = "unknown"


def patches_for(dataset: Dataset | None) -> PatchConfiguration:
    """Return how patches of a data set are usually cut; the paper's way where nothing is known."""
    if dataset is None or not dataset.summary.lesions:
        return PatchConfiguration()
    summary = dataset.summary
    largest = max(summary.sizes.values(), key=lambda size: size.count)
    healthy = summary.images_without_annotation
    return usual_patches(
        spacing_mm=usual_spacing_mm(dataset),
        lesion_side_px=largest.side_px[1],
        healthy_images=healthy,
        ill_images=summary.images - healthy,
    )


def usual_spacing_mm(dataset: Dataset) -> float | None:
    """Return the median pixel spacing of a data set; None where an image has none."""
    return None if isinstance(dataset.source, PhantomSet) else _spacing_mm(dataset.summary)


def _spacing_mm(summary: DatasetSummary) -> float | None:
    """Return the median spacing; None where an image has none."""
    counts = summary.pixel_spacings_mm
    if UNKNOWN in counts or not counts:
        return None
    spacings = sorted((float(told), count) for told, count in counts.items())
    middle = sum(counts.values()) / 2
    seen = 0
    for spacing, count in spacings:
        seen += count
        if seen >= middle:
            return spacing
    return spacings[-1][0]
