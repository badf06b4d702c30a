"""Comparison after harmonisation: the look is fitted to patients with whom nothing is compared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from centre_node.fidelity.halvings import halves
from centre_node.mammography.looks import fitted_look
from node_api.looks import HarmonisedBy
from shared.fidelity import FidelityReport

Pixels = NDArray[np.uint8]


class HarmonisedReport(FidelityReport):
    """How close synthetic patches are to real ones once they have the look of others of these.

    Attributes:
        harmonised_by: What of the look the synthetic patches, and those of another centre, got.
        fitted_on: Real patches whose look it is. None of their patients is in either real half.
    """

    harmonised_by: HarmonisedBy
    fitted_on: int = Field(ge=1)


@dataclass(frozen=True)
class HeldOutLook:
    """The look of one half of the patients, for comparisons with the other half.

    Were it fitted to the very patches that samples are compared with, these would be nearer to
    them for no other reason.

    Attributes:
        lesions: Of the one half, shape (n, side, side).
        compared: Which patches are the other half's, shape (m,).
        by: What of the look is taken.
    """

    lesions: Pixels
    compared: NDArray[np.int64]
    by: HarmonisedBy

    @classmethod
    def of(
        cls, patches: Pixels, patients: Sequence[str], by: HarmonisedBy, *, seed: int
    ) -> "HeldOutLook":
        """Share patients out at random, to halves of about as many patches.

        Args:
            patches: Real, shape (n + m, side, side).
            patients: Whose each is.
        """
        fitted, compared = halves(patients, len(patches), np.random.default_rng(seed))
        return cls(patches[fitted], compared, by)

    def given_to(self, patches: Pixels) -> Pixels:
        """Return patches of one source, shape (k, side, side), in this look."""
        return fitted_look(patches, self.lesions, self.by).applied(patches)

    def told_in(self, report: FidelityReport) -> HarmonisedReport:
        """Return a report that says so."""
        return HarmonisedReport(**dict(report), harmonised_by=self.by, fitted_on=len(self.lesions))
