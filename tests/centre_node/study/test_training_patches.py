"""Which of a store's patches an arm trains on."""

import numpy as np
import pytest
from numpy.typing import NDArray

from centre_node.mammography.extraction import extract_patches
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.phantoms import read_phantoms
from centre_node.study.training_patches import (
    HEALTHY,
    LESION,
    RealPatches,
    TrainingPatches,
    donated,
    held_out,
    own_patches,
)
from node_api.data_sources import PhantomSet
from node_api.patches import Jitter, PatchConfiguration


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PatchStore:
    phantoms = PhantomSet(style="digital", patients=12, seed=1, image_height_px=256)
    return extract_patches(
        read_phantoms(phantoms).mammograms,
        folder=tmp_path_factory.mktemp("store") / "patches",
        configuration=PatchConfiguration(margin_px=6, smallest_side_px=16),
        lesion_kinds=("mass", "calcification", "other"),
        healthy=30,
        seed=0,
        on_progress=lambda _done, _total: None,
    )


def test_arms_train_on_the_same_own_patches_whatever_they_add(store: PatchStore) -> None:
    own = own_patches(store, share=1, seed=3)

    plain = own.with_healthy(0, own_lesions=True)
    more = own.with_healthy(5, own_lesions=True)

    assert set(plain) < set(more)
    assert len(more) == len(plain) + 5
    assert _labels(store, plain) == [LESION] * len(own.lesions) + [HEALTHY] * len(own.lesions)


def test_without_own_lesions_the_healthy_patches_are_those_that_come_with_the_others(
    store: PatchStore,
) -> None:
    alone = own_patches(store, share=1, seed=3).with_healthy(7, own_lesions=False)

    assert _labels(store, alone) == [HEALTHY] * 7


def test_lesions_are_repeated_evenly(store: PatchStore) -> None:
    own = own_patches(store, share=1, seed=3)

    counts = np.bincount(own.repeated(2 * len(own.lesions) + 1))

    assert sorted(set(counts[counts > 0])) == [2, 3]
    assert set(own.repeated(1000)) == set(own.lesions)


def test_a_smaller_share_lies_inside_a_larger_one(store: PatchStore) -> None:
    half, whole = (own_patches(store, share=share, seed=3) for share in (0.5, 1))

    assert len(half.lesions) == round(len(whole.lesions) / 2)
    assert set(half.lesions) < set(whole.lesions)
    assert set(half.with_healthy(0, own_lesions=True)) < set(
        whole.with_healthy(0, own_lesions=True)
    )


def test_a_donor_gives_lesions_and_fewer_lie_inside_more(store: PatchStore) -> None:
    few, many = (donated(store, count=count, seed=1) for count in (3, 6))

    assert few.labels.tolist() == [LESION] * 3
    assert set(few.indices) < set(many.indices)


def test_an_epoch_holds_every_patch_once_and_jitters_the_own_ones_alone(
    store: PatchStore,
) -> None:
    lesion = int(store.indices(LESION)[0])
    synthetic = np.full((2, 16, 16), 7, dtype=np.uint8)
    added = donated(store, count=3, seed=0)
    training = TrainingPatches(
        real=(RealPatches(store, np.array([lesion, lesion])), added),
        synthetic=synthetic,
        jitter=Jitter(),
        size=16,
    )

    pixels, labels = training.draw_epoch(np.random.default_rng(0))

    assert (pixels.shape, labels.tolist(), training.n_real) == ((7, 16, 16), [LESION] * 7, 5)
    assert (pixels[0] != pixels[1]).any()
    assert (pixels[2:5] == store.crops(added.indices, size=16)).all()
    assert (pixels[5:] == synthetic).all()


def test_held_out_patches_are_the_same_every_time_and_know_their_patients(
    store: PatchStore,
) -> None:
    one, again = (held_out(store, size=16) for _ in range(2))

    assert (one.pixels == again.pixels).all()
    assert len(set(one.patients)) == len({record.patient_id for record in store.records})


def _labels(store: PatchStore, indices: NDArray[np.int64]) -> list[int]:
    return [store.records[index].label for index in indices]
