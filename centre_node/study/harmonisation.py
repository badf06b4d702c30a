"""Gives lesions that come from elsewhere the greys of a centre's own."""

from dataclasses import dataclass, replace

from centre_node.mammography.grey_curves import fitted_curve
from centre_node.study.training_patches import Pixels, RealPatches


@dataclass(frozen=True)
class OwnGreys:
    """What added lesions are fitted to: the own training lesions of a run, and no other patch.

    Attributes:
        lesions: Their squares without jitter, as added lesions are, shape (n, size, size).
    """

    lesions: Pixels

    def of_synthetic(self, patches: Pixels) -> Pixels:
        """Return one generator's patches, shape (m, size, size), in the own lesions' greys."""
        if not len(patches):
            return patches
        return fitted_curve(patches, self.lesions).applied(patches)

    def of_donated(self, patches: RealPatches) -> RealPatches:
        """Return one donor's patches, to be drawn in the own lesions' greys."""
        if not len(patches.indices):
            return patches
        squares = patches.store.crops(patches.indices, size=self.lesions.shape[1])
        return replace(patches, greys=fitted_curve(squares, self.lesions))
