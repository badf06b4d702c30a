"""Distances from each of some rows to each of many others, a block at a time.

The largest block is `QUERIES` x `SUPPORT` float32 numbers (32 MB), however many rows there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Rows = NDArray[np.uint8] | NDArray[np.float32]
"""Shape (n, d): pixels, which count as 0 to 1, or features."""

QUERIES, SUPPORT = 2048, 4096


class Block(NamedTuple):
    """Squared distances, shape (queries, support), of two slices of rows."""

    queries: slice
    support: slice
    squares: Tensor


@dataclass(frozen=True, slots=True)
class Groups:
    """Whose each row is, shapes (n,) and (m,): a row is no neighbour of one of the same patient."""

    queries: NDArray[np.int64]
    support: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest row of the support for each query.

    Attributes:
        distance: Euclidean, shape (n,); infinite where there is none.
        index: Its place in the support, shape (n,).
    """

    distance: NDArray[np.float64]
    index: NDArray[np.int64]


def nearest(
    queries: Rows, support: Rows, device: torch.device, *, groups: Groups | None = None
) -> Nearest:
    """Find the nearest row of the support, which has at least one, for each query.

    The nearest is chosen in float32; its distance is computed anew in float64, so that a copy is
    at 0.
    """
    best = torch.full((len(queries),), torch.inf, device=device)
    index = torch.zeros(len(queries), dtype=torch.int64, device=device)
    for block in blocks(queries, support, device, groups=groups):
        least, place = block.squares.min(dim=1)
        is_nearer = least < best[block.queries]
        best[block.queries] = torch.where(is_nearer, least, best[block.queries])
        place = place + block.support.start
        index[block.queries] = torch.where(is_nearer, place, index[block.queries])
    places = index.cpu().numpy()
    distance = _exact(queries, support, places)
    return Nearest(np.where(torch.isfinite(best).cpu().numpy(), distance, np.inf), places)


def blocks(
    queries: Rows, support: Rows, device: torch.device, *, groups: Groups | None = None
) -> Iterator[Block]:
    """Yield the squared distances of all pairs; those within a group are infinite."""
    for asked in _slices(len(queries), QUERIES):
        of = _numbers(queries[asked], device)
        norms = of.square().sum(dim=1)[:, None]
        for there in _slices(len(support), SUPPORT):
            others = _numbers(support[there], device)
            squares = torch.addmm(norms + others.square().sum(dim=1), of, others.T, alpha=-2)
            squares.clamp_(min=0)
            if groups is not None:
                mine = torch.from_numpy(groups.queries[asked])[:, None]
                theirs = torch.from_numpy(groups.support[there])
                squares[(mine == theirs).to(device)] = torch.inf
            yield Block(asked, there, squares)


def _slices(count: int, size: int) -> Iterator[slice]:
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def _numbers(rows: NDArray[Any], device: torch.device) -> Tensor:
    """Return float32; pixels around 0, where their squares keep more digits."""
    tensor = torch.from_numpy(np.ascontiguousarray(rows)).to(device)
    return tensor.float() / 255 - 0.5 if rows.dtype == np.uint8 else tensor


def _exact(queries: Rows, support: Rows, places: NDArray[np.int64]) -> NDArray[np.float64]:
    unit = 255 if queries.dtype == np.uint8 else 1
    parts = [
        np.linalg.norm(queries[part].astype(np.float64) - support[places[part]], axis=1) / unit
        for part in _slices(len(queries), QUERIES)
    ]
    return np.concatenate(parts) if parts else np.empty(0)
