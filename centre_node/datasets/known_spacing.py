"""Whether a registered data set has the pixel spacing that a request needs: asked at submit."""

from centre_node.datasets.usual_cutting import UNKNOWN
from centre_node.mammography.errors import NothingCutError
from centre_node.mammography.lengths import which_needs
from node_api.datasets import Dataset
from node_api.patches import PatchConfiguration

REGISTER_AGAIN = (
    "Give lengths in pixels (margin_px, smallest_side_px), or add pixel_spacing_mm to the data "
    "set's table or COCO records and register it again."
)


def check_spacing_is_known(dataset: Dataset, patches: PatchConfiguration, field: str) -> None:
    """Check that some image has a pixel spacing, where lengths are in mm.

    Args:
        field: Path of the request's field that gives a length in mm.

    Raises:
        NothingCutError: Not one has, so not one patch could be cut.
    """
    summary = dataset.summary
    if patches.in_mm and summary.pixel_spacings_mm.keys() == {UNKNOWN}:
        raise NothingCutError(
            f"not one image of the data set {dataset.name} has a pixel spacing, "
            f"{which_needs(patches)}",
            hint=REGISTER_AGAIN,
            field=field,
        )
