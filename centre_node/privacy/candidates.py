"""The patches that an audit asks about, in every attack the same ones in the same order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from centre_node.privacy.errors import AuditRefusedError
from shared.counts import counted


@dataclass(frozen=True, slots=True)
class Candidates:
    """Patches that a generator may have been trained on, members first, then held-out ones.

    Attributes:
        pixels: 8-bit, shape (n, side, side).
        patients: Whose each patch is, as a number from 0, shape (n,).
        is_member: Whether it was trained on, shape (n,); all patches of a patient or none.
    """

    pixels: NDArray[np.uint8]
    patients: NDArray[np.int64]
    is_member: NDArray[np.bool_]

    @property
    def rows(self) -> NDArray[np.uint8]:
        """The patches as rows of pixels, shape (n, side * side)."""
        return as_rows(self.pixels)

    @property
    def member_patients(self) -> int:
        """How many patients were trained on."""
        return len(np.unique(self.patients[self.is_member]))

    @property
    def held_out_patients(self) -> int:
        """How many patients were held out."""
        return len(np.unique(self.patients[~self.is_member]))


def as_rows(patches: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return patches, shape (n, side, side), as rows, shape (n, side * side), without a copy."""
    return patches.reshape(len(patches), patches.shape[1] * patches.shape[2])


def candidates(
    members: NDArray[np.uint8],
    member_patients: Sequence[str],
    held_out: NDArray[np.uint8],
    held_out_patients: Sequence[str],
) -> Candidates:
    """Put both sides together.

    Args:
        members: 8-bit, shape (n, side, side).
        member_patients: Whose each is.
        held_out: 8-bit, shape (m, side, side).
        held_out_patients: Whose each is.

    Raises:
        AuditRefusedError: A patient is on both sides, or there is no member.
    """
    both = set(member_patients) & set(held_out_patients)
    if both:
        raise AuditRefusedError(
            f"{counted(len(both), 'patient is', 'patients are')} both trained on and held "
            "out; an audit compares patients who were trained on with others, so give each on "
            "one side only"
        )
    if not len(members):
        raise AuditRefusedError("there is no patch that the generator was trained on")
    _, numbers = np.unique([*member_patients, *held_out_patients], return_inverse=True)
    pixels = np.concatenate([members, held_out]) if len(held_out) else members
    return Candidates(
        pixels=np.ascontiguousarray(pixels),
        patients=numbers.astype(np.int64),
        is_member=np.arange(len(pixels)) < len(members),
    )
