"""Whether samples are copies of the patches that the generator was trained on.

Distances can show a copy, and never that there is none: see arXiv 2505.01524.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from centre_node.privacy.candidates import Candidates, as_rows
from centre_node.privacy.distances import Groups, blocks, nearest
from node_api.audits import Copies

COMPARED = 2000
"""Samples whose distances to all patches are kept, for the ratio and its test."""

DRAWS, EXCHANGES = 10, 199
NEAR_QUANTILE = 0.01

Matrix = NDArray[np.float32]


def find_copies(
    candidates: Candidates,
    samples: NDArray[np.uint8],
    random: np.random.Generator,
    device: torch.device,
) -> Copies:
    """Look for copies by distances of pixels.

    Args:
        candidates: With patches on both sides, and at least two members.
        samples: 8-bit, shape (m, side, side), m at least 1.
    """
    drawn, rows = as_rows(samples), candidates.rows
    members, others = rows[candidates.is_member], rows[~candidates.is_member]
    each = np.arange(len(members))
    to_member = nearest(drawn, members, device)
    to_other = nearest(drawn, others, device)
    between = nearest(members, members, device, groups=Groups(each, each))
    near = np.quantile(nearest(others, members, device).distance, NEAR_QUANTILE)
    expected = (to_other.distance < near).sum() * len(members) / len(others)
    ratio, p = _nearest_ratio(_to_all(drawn[:COMPARED], rows, device), candidates, random)
    return Copies(
        nearest_ratio=ratio,
        nearest_ratio_p=p,
        authenticity=float((to_member.distance > between.distance[to_member.index]).mean()),
        near_duplicates=int((to_member.distance < near).sum()),
        near_duplicates_expected=float(min(expected, len(drawn))),
    )


def _to_all(drawn: NDArray[np.uint8], rows: NDArray[np.uint8], device: torch.device) -> Matrix:
    """Return the distance of each patch to each sample, shape (patches, samples)."""
    found = np.empty((len(rows), len(drawn)), dtype=np.float32)
    for block in blocks(rows, drawn, device):
        found[block.queries, block.support] = block.squares.sqrt().cpu().numpy()
    return found


def _nearest_ratio(
    apart: Matrix, candidates: Candidates, random: np.random.Generator
) -> tuple[float, float]:
    """Return the ratio of `Copies.nearest_ratio`, and its p by exchange of patients."""
    patients, place = np.unique(candidates.patients, return_inverse=True)
    is_member = np.zeros(len(patients), dtype=np.bool_)
    is_member[place] = candidates.is_member
    found = _ratio(apart, place, is_member, random)
    exchanged = [
        _ratio(apart, place, random.permutation(is_member), random) for _ in range(EXCHANGES)
    ]
    smaller = sum(ratio <= found for ratio in exchanged)
    return found, (1 + smaller) / (1 + EXCHANGES)


def _ratio(
    apart: Matrix,
    place: NDArray[np.intp],
    is_member: NDArray[np.bool_],
    random: np.random.Generator,
) -> float:
    """Return the mean ratio over draws of as many patches of members as of others."""
    others = np.flatnonzero(~is_member[place])
    members = np.flatnonzero(is_member[place])
    count = min(len(others), len(members))
    ratios = []
    for _ in range(DRAWS):
        near = [
            np.median(apart[_some(side, place, count, random)].min(axis=0))
            for side in (members, others)
        ]
        ratios.append(near[0] / max(near[1], 1e-12))
    return float(np.mean(ratios))


def _some(
    side: NDArray[np.intp],
    place: NDArray[np.intp],
    count: int,
    random: np.random.Generator,
) -> NDArray[np.intp]:
    """Return so many patches of a side, whole patients first drawn."""
    if count == len(side):
        return side
    turn = random.permutation(int(place.max()) + 1)[place[side]]
    return side[np.argsort(turn, kind="stable")[:count]]
