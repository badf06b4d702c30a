"""Gives lesions that come from elsewhere the look of a centre's own."""

from dataclasses import dataclass, replace

from centre_node.mammography.looks import fitted_look
from centre_node.study.training_patches import Pixels, RealPatches
from node_api.looks import HarmonisedBy


@dataclass(frozen=True)
class OwnLook:
    """What added lesions are fitted to: the own training lesions of a run, and no other patch.

    Attributes:
        lesions: Their squares without jitter, as added lesions are, shape (n, size, size).
        by: What of their look is taken.
    """

    lesions: Pixels
    by: HarmonisedBy

    def of_synthetic(self, patches: Pixels) -> Pixels:
        """Return one generator's patches, shape (m, size, size), in the own lesions' look."""
        return fitted_look(patches, self.lesions, self.by).applied(patches)

    def of_donated(self, patches: RealPatches) -> RealPatches:
        """Return one donor's patches, to be drawn in the own lesions' look."""
        squares = patches.store.crops(patches.indices, size=self.lesions.shape[1])
        return replace(patches, look=fitted_look(squares, self.lesions, self.by))
