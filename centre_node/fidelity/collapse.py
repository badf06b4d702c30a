"""A warning when a generator repeats itself."""

import numpy as np

from centre_node.fidelity.distances import to_nearest_others
from centre_node.fidelity.features import Matrix
from shared.counts import counted
from shared.fidelity import ModeCollapse

SMALLEST_SET = 20
SMALLEST_SPREAD = 0.5
MOST_DUPLICATES = 0.25
DUPLICATE_QUANTILE = 0.05
SMALLEST_DIVERSITY = 0.1
ALIKE = (
    "pixel by pixel the samples are nearly alike (warning under "
    f"{SMALLEST_DIVERSITY:.0%} of the distance of real patches)"
)


def mode_collapse(
    reference: Matrix, samples: Matrix, *, pixel_diversity: float = 1.0
) -> ModeCollapse:
    """Judge whether samples vary less than as many real patches do, or repeat each other.

    Collapse onto one mode shows as little spread, in features or pixel by pixel, which a training
    warns of while it runs; onto several as duplicates. Smooth but varied samples may be blamed too:
    look at the pictures.

    Args:
        reference: Features of real patches, standardised, shape (n, d).
        samples: Features of synthetic patches in the same units, shape (m, d).
        pixel_diversity: How far samples' pixels lie from each other, as a share of real patches'.

    Returns:
        Its shares are None under 20 patches in either set.
    """
    alike = ALIKE if pixel_diversity < SMALLEST_DIVERSITY else ""
    count = min(len(reference), len(samples))
    if count < SMALLEST_SET:
        unjudged = (
            f"{counted(count, 'patch', 'patches')} in each set, at least {SMALLEST_SET} are needed."
        )
        return ModeCollapse(
            verdict="suspected" if alike else "not judged",
            spread_share=None,
            duplicate_share=None,
            statement=f"Mode collapse suspected: {alike}; features are not judged: {unjudged}"
            if alike
            else f"Not judged: {unjudged}",
        )
    reference, samples = reference[:count], samples[:count]
    real_spread = _spread(reference)
    spread = _spread(samples) / real_spread if real_spread > 0 else 1.0
    near = np.quantile(to_nearest_others(reference, 1), DUPLICATE_QUANTILE)
    duplicates = float((to_nearest_others(samples, 1) <= near).mean())
    suspected = spread < SMALLEST_SPREAD or duplicates > MOST_DUPLICATES or bool(alike)
    return ModeCollapse(
        verdict="suspected" if suspected else "none seen",
        spread_share=float(spread),
        duplicate_share=duplicates,
        statement=(
            f"Mode collapse {'suspected' if suspected else 'not seen'}: samples have "
            f"{spread:.2f} of the real spread (warning under {SMALLEST_SPREAD}), and "
            f"{duplicates:.0%} have a near duplicate (warning over {MOST_DUPLICATES:.0%})"
            f"{'; ' if alike else ''}{alike}."
        ),
    )


def _spread(features: Matrix) -> float:
    """Return the root mean square distance to the mean."""
    return float(np.sqrt(features.var(axis=0).sum()))
