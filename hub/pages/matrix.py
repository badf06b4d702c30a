"""Receipts as a matrix: a row for each donor, a column for each receiver."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.receipts import KeptReceipt, UtilityReceipt

MOST_IN_A_CELL = 3


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """What a receiver said of a donor's generators.

    Attributes:
        receipts: The newest, newest first.
        more: How many others there are.
    """

    receipts: tuple[UtilityReceipt, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """Donors by name, each with a cell for each receiver, in the order of `receivers`."""

    receivers: tuple[str, ...]
    rows: tuple[tuple[str, tuple[MatrixCell, ...]], ...]


def matrix_of(found: Sequence[KeptReceipt]) -> Matrix:
    """Return receipts, which come newest first, as a matrix."""
    told = [kept.receipt for kept in found]
    receivers = sorted({receipt.receiver for receipt in told})
    by_pair: dict[tuple[str, str], list[UtilityReceipt]] = {}
    for receipt in told:
        by_pair.setdefault((receipt.donor, receipt.receiver), []).append(receipt)
    return Matrix(
        tuple(receivers),
        tuple(
            (donor, tuple(_cell(by_pair.get((donor, receiver), [])) for receiver in receivers))
            for donor in sorted({receipt.donor for receipt in told})
        ),
    )


def _cell(found: Sequence[UtilityReceipt]) -> MatrixCell:
    shown = tuple(found[:MOST_IN_A_CELL])
    return MatrixCell(shown, len(found) - len(shown))
