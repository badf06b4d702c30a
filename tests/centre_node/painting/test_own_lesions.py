from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.patch_store import PatchStore
from centre_node.painting.ellipses import ROOM, lesion_ellipse
from centre_node.painting.own_lesions import OwnLesions, PaintedFrom
from node_api.patches import Jitter, PatchConfiguration
from tests.centre_node.study.made_up import phantoms

SIZE = 32
EVERY_SOURCE: tuple[PaintedFrom, ...] = ("own", "ellipse")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PatchStore:
    configuration = PatchConfiguration(margin_px=6, smallest_side_px=16)
    return cut_phantoms(configuration, tmp_path_factory.mktemp("patches") / "store")


def cut_phantoms(configuration: PatchConfiguration, folder: Path) -> PatchStore:
    cutting = PatchCutting(configuration, ("mass",))
    mammograms = phantoms().mammograms
    lesions = cutting.count_lesions(mammograms)
    return cutting.cut_into(folder, mammograms, healthy=lesions + 20)


def own_lesions(store: PatchStore) -> OwnLesions:
    lesions = store.indices(1)
    return OwnLesions.of(store, lesions, store.indices(0)[: len(lesions)], size=SIZE)


def backgrounds(store: PatchStore) -> NDArray[np.int64]:
    return store.indices(0)[-20:]


def test_the_ellipse_lies_about_the_lesions_box_in_its_patch(store: PatchStore) -> None:
    index = int(store.indices(1)[0])
    record = store.records[index]
    assert record.lesion is not None
    scale = SIZE / (record.square[2] - record.square[0])

    ellipse = lesion_ellipse(store, index, size=SIZE)

    width, height = record.lesion[2] - record.lesion[0], record.lesion[3] - record.lesion[1]
    assert ellipse.half_width == pytest.approx(width / 2 * scale * ROOM)
    assert ellipse.half_height == pytest.approx(height / 2 * scale * ROOM)
    left = record.square[0] + (ellipse.x - width / 2 * scale) / scale
    assert left == pytest.approx(record.lesion[0])


@pytest.mark.parametrize("source", EVERY_SOURCE)
def test_painted_patches_are_brighter_in_the_middle_and_their_healthy_twins_are_not(
    store: PatchStore, source: PaintedFrom
) -> None:
    painted = own_lesions(store).painted(
        source, backgrounds(store), random=np.random.default_rng(0)
    )

    lesions, healthy = (part[:, 13:19, 13:19].mean() for part in (painted.lesions, painted.healthy))
    plain = store.crops(backgrounds(store), size=SIZE)[:, 13:19, 13:19].mean()
    assert lesions > plain + 8
    assert lesions - plain > 1.5 * abs(healthy - plain)


def test_where_lesions_lie_anywhere_in_their_patches_they_are_painted_anywhere(
    tmp_path: Path,
) -> None:
    configuration = PatchConfiguration(margin_px=6, smallest_side_px=16, lesion_position="anywhere")
    store = cut_phantoms(configuration, tmp_path / "store")

    painted = own_lesions(store).painted(
        "ellipse", backgrounds(store), random=np.random.default_rng(0)
    )

    brighter = painted.lesions.astype(float) - painted.healthy
    rows = np.average(np.tile(np.arange(SIZE), (20, 1)), axis=1, weights=brighter.sum(axis=2))
    assert np.ptp(rows) > SIZE / 2
    assert np.isfinite(own_lesions(store).lesions.contrasts).all()


def test_twins_stand_on_the_same_patches_each_of_which_is_taken_once(store: PatchStore) -> None:
    painted = own_lesions(store).painted(
        "ellipse", backgrounds(store), random=np.random.default_rng(0)
    )

    plain = store.crops(backgrounds(store), size=SIZE)
    assert sorted(map(bytes, painted.healthy)) == sorted(map(bytes, plain))
    np.testing.assert_array_equal(painted.healthy[:, 0], painted.lesions[:, 0])


def test_own_lesions_and_their_healthy_twins_have_gone_through_the_same(store: PatchStore) -> None:
    painted = own_lesions(store).painted("own", backgrounds(store), random=np.random.default_rng(0))

    plain = {bytes(patch) for patch in store.crops(backgrounds(store), size=SIZE)}
    assert not plain & {bytes(patch) for patch in painted.healthy}
    np.testing.assert_array_equal(painted.healthy[:, 0], painted.lesions[:, 0])


def test_patches_that_go_on_with_earlier_ones_get_the_lesions_that_come_next(
    store: PatchStore,
) -> None:
    own, place = own_lesions(store), backgrounds(store)[:1]
    count = len(own.lesions.ellipses)

    by_turns = [
        own.painted("own", place, first=first, random=np.random.default_rng(0)).lesions.tobytes()
        for first in range(count + 1)
    ]

    assert len(set(by_turns)) == count
    assert by_turns[0] == by_turns[count]


@pytest.mark.parametrize("source", EVERY_SOURCE)
def test_the_same_seed_paints_the_same(store: PatchStore, source: PaintedFrom) -> None:
    first, again, other = (
        own_lesions(store)
        .painted(source, backgrounds(store), jitter=Jitter(), random=np.random.default_rng(seed))
        .lesions
        for seed in (1, 1, 2)
    )

    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
