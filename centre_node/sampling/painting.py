"""Paints what a recipe says, on healthy patches of a centre's own mammograms."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from centre_node.generators.sampling import Keep
from centre_node.mammography.errors import OneClassOnlyError
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.pictures import Picture, titled_sheet
from centre_node.painting.own_lesions import OwnLesions, Painted
from centre_node.sampling.painting_recipes import PaintingOrder
from node_api.patches import Jitter
from shared.counts import counted
from shared.progress import OnProgress, Progress

BATCH = 500
SHOWN, COLUMNS = 24, 12


@dataclass(frozen=True)
class Kept:
    """Where patches with a lesion go, and where their healthy twins do, if these are wanted."""

    lesions: Keep
    healthy: Keep | None


def cut_for_painting(
    order: PaintingOrder, reading: Reading, folder: Path, on_progress: OnProgress
) -> PatchStore:
    """Cut every lesion, and healthy patches to paint on, into a store in `folder`.

    Raises:
        OneClassOnlyError: There is no lesion of the kinds, or none that can be cut.
        NotEnoughTissueError: There is not so much healthy tissue.
    """
    cutting = PatchCutting(order.patches, order.kinds, order.seed, on_progress)
    have = cutting.count_lesions(reading.mammograms)
    if have:
        store = cutting.cut_into(folder, reading.mammograms, healthy=order.backgrounds)
        if len(store.indices(1)):
            return store
    raise OneClassOnlyError(
        f"{counted(len(reading.mammograms), 'mammogram has', 'mammograms have')} "
        f"{counted(have, 'lesion')} of the kinds "
        f"{', '.join(order.kinds)}, and none that can be cut; painting takes after own lesions, so "
        "one at least is needed"
    )


def paint_own(
    order: PaintingOrder, store: PatchStore, *, keep: Kept, on_progress: OnProgress
) -> Picture:
    """Paint patches, hand them over a batch at a time, and return a contact sheet of the first.

    The same order and store give the same patches. Every lesion is painted as often as the others
    or once more, and so every healthy patch is used; from its second time on it is jittered.

    Args:
        on_progress: Is told after each batch how many patches there are.
    """
    random = np.random.default_rng(order.seed)
    lesions, healthy = (random.permutation(store.indices(label)) for label in (1, 0))
    own = OwnLesions.of(store, lesions, np.resize(healthy, len(lesions)), size=order.size)
    done, first = 0, None
    for chosen, jitter in _batches(order, healthy, random):
        painted = own.painted(order.painted, chosen, jitter=jitter, first=done, random=random)
        first = first or painted
        _hand_over(painted, done, keep)
        done += len(chosen)
        on_progress(Progress(done=done, total=order.count, unit="patches", message="painting"))
    assert first is not None, "an order is of one patch at least"
    return _sheet(store.crops(lesions[:SHOWN], size=order.size), first)


def _batches(
    order: PaintingOrder, healthy: NDArray[np.int64], random: np.random.Generator
) -> Iterator[tuple[NDArray[np.int64], Jitter | None]]:
    """Yield what is painted on, and with which jitter it is cut."""
    left, jitter = order.count, None
    while left:
        chosen = random.permutation(healthy)[:left]
        for start in range(0, len(chosen), BATCH):
            yield chosen[start : start + BATCH], jitter
        left -= len(chosen)
        jitter = order.patches.jitter


def _hand_over(painted: Painted, done: int, keep: Kept) -> None:
    places = np.arange(done, done + len(painted.lesions))
    keep.lesions(places, painted.lesions)
    if keep.healthy is not None:
        keep.healthy(places, painted.healthy)


def _sheet(found: Picture, painted: Painted) -> Picture:
    return titled_sheet(
        [
            ("own lesions, where they were found", found),
            ("painted on other own tissue", painted.lesions[:SHOWN]),
            ("the same patches without a lesion", painted.healthy[:SHOWN]),
        ],
        columns=COLUMNS,
    )
