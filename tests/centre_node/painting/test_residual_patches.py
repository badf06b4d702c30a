import numpy as np
import pytest

from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.patch_store import PatchStore
from centre_node.painting.ellipses import Ellipse
from centre_node.painting.own_lesions import OwnLesions
from centre_node.painting.residual_patches import NOTHING, drawn_marks, residual_patches
from node_api.patches import PatchConfiguration
from tests.centre_node.study.made_up import phantoms

SIZE = 32
CIRCLE = Ellipse(SIZE / 2, SIZE / 2, SIZE / 2, SIZE / 2).radii(SIZE)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PatchStore:
    cutting = PatchCutting(PatchConfiguration(margin_px=6, smallest_side_px=16), ("mass",))
    folder = tmp_path_factory.mktemp("patches") / "store"
    mammograms = phantoms().mammograms
    return cutting.cut_into(folder, mammograms, healthy=cutting.count_lesions(mammograms))


@pytest.fixture(scope="module")
def own(store: PatchStore) -> OwnLesions:
    return OwnLesions.of(store, store.indices(1), store.indices(0), size=SIZE)


def test_a_residual_fills_the_circle_and_adds_nothing_beside_it(store: PatchStore) -> None:
    residuals = residual_patches(store, store.indices(1), size=SIZE)

    assert residuals.shape == (len(store.indices(1)), SIZE, SIZE)
    assert (residuals[:, CIRCLE > 1.1] == NOTHING).all()
    assert residuals[:, CIRCLE < 0.5].mean() > NOTHING + 8


def test_it_has_the_contrast_of_its_lesion_whatever_that_ones_axes_are(
    store: PatchStore, own: OwnLesions
) -> None:
    drawn = drawn_marks(residual_patches(store, store.indices(1), size=SIZE))

    assert len({round(one.half_width) for one in own.lesions.ellipses}) > 1
    np.testing.assert_allclose(drawn.contrasts, own.lesions.contrasts, rtol=0.05, atol=1)


def test_what_is_drawn_beside_the_circle_is_not_painted() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE), dtype=np.uint8)

    marks = drawn_marks(noise)

    assert (marks.residuals[:, CIRCLE >= 1] == 0).all()
    assert (marks.residuals[:, CIRCLE < 0.9] != 0).mean() > 0.9
    nothing = drawn_marks(np.full((1, SIZE, SIZE), NOTHING, dtype=np.uint8))
    assert not nothing.residuals.any()


def test_an_archive_whose_lesions_are_all_stronger_paints_the_same(
    store: PatchStore, own: OwnLesions
) -> None:
    marks = drawn_marks(residual_patches(store, store.indices(1), size=SIZE))
    backgrounds = store.indices(0)[: len(marks.ellipses)]

    usual, stronger = (
        own.painted_with(marks.times(factor), backgrounds, random=np.random.default_rng(0)).lesions
        for factor in (1.0, 4.0)
    )

    assert np.abs(usual.astype(int) - stronger).max() <= 1


def test_painted_residuals_lie_in_the_middle_in_own_axes_with_own_contrasts(
    store: PatchStore, own: OwnLesions
) -> None:
    backgrounds = store.indices(0)[:12]
    disc = np.where(CIRCLE < 0.9, np.uint8(NOTHING + 25), np.uint8(NOTHING))
    marks = drawn_marks(np.repeat(disc[None], 12, axis=0))

    painted = own.painted_with(marks, backgrounds, random=np.random.default_rng(0))

    plain = store.crops(backgrounds, size=SIZE)
    assert sorted(map(bytes, painted.healthy)) == sorted(map(bytes, plain))
    added = painted.lesions.astype(int) - painted.healthy
    assert added[:, 14:18, 14:18].mean() > 5
    reach, radii = max(one.reach for one in own.lesions.ellipses), CIRCLE * SIZE / 2
    assert not added[:, radii > reach + 1.5].any()
    middle = added[:, 15:17, 15:17].mean(axis=(1, 2))
    assert middle.max() <= np.quantile(own.lesions.contrasts, 0.9) * 1.2
