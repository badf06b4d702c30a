"""How patches are cut where nobody says how: by what is known of a data set."""

from node_api.patches import PatchConfiguration

MARGIN_MM, SMALLEST_SIDE_MM = 4.2, 9.0
"""The paper's 60 px and 128 px at INbreast's 0.07 mm a pixel."""

MARGIN_SHARE, SMALLEST_SHARE = 0.3, 0.7
"""Of the median lesion's larger side, where no spacing is known."""


def usual_patches(
    *, spacing_mm: float | None, lesion_side_px: float, healthy_images: int, ill_images: int
) -> PatchConfiguration:
    """Return the usual way to cut.

    Args:
        spacing_mm: Median of all images; None where one has none.
        lesion_side_px: Median of the larger sides of the lesions' boxes.
        healthy_images: Images without annotation; where they are fewer than those with lesions,
            healthy patches are cut from all, outside every annotation.
    """
    if spacing_mm is not None:
        cut: dict[str, object] = {
            "margin_mm": MARGIN_MM,
            "smallest_side_mm": SMALLEST_SIDE_MM,
        }
    else:
        cut = {
            "margin_px": max(1, round(MARGIN_SHARE * lesion_side_px)),
            "smallest_side_px": _at_least_8(SMALLEST_SHARE * lesion_side_px),
        }
    everywhere = healthy_images < ill_images
    cut["healthy_from"] = "all_mammograms" if everywhere else "healthy_mammograms"
    return PatchConfiguration.model_validate({**cut, "tissue": "breast_mask"})


def _at_least_8(side: float) -> int:
    return max(8, round(side))
