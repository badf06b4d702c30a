"""Which lesions arms train on where benign and malignant ones are to be told apart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from centre_node.mammography.errors import OneClassOnlyError
from centre_node.mammography.extraction import extract_patches
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.patch_store import PatchStore
from centre_node.study.pathology_patches import (
    BothPathologies,
    addition_of_both,
    by_turns,
    donated_of_both,
)
from centre_node.study.training_patches import class_labels
from node_api.patches import PatchConfiguration
from node_api.studies import Arm, StudyConfiguration
from node_api.tasks import BENIGN_OR_MALIGNANT
from tests.centre_node.study.made_up import phantoms


def cut(reading: Reading, folder: Path) -> PatchStore:
    return extract_patches(
        reading.mammograms,
        folder=folder,
        configuration=PatchConfiguration(margin_px=6, smallest_side_px=16),
        lesion_kinds=("mass", "calcification", "other"),
        healthy=0,
        seed=0,
        on_progress=lambda _done, _total: None,
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PatchStore:
    return cut(phantoms(), tmp_path_factory.mktemp("store") / "patches")


@pytest.fixture(scope="module")
def malignant(store: PatchStore) -> int:
    count = int(class_labels(store, BENIGN_OR_MALIGNANT).sum())
    assert 4 <= count < len(store.records) - 4, "both classes must be there, one more often"
    return count


def test_a_patch_knows_its_lesions_pathology_on_disk_too(store: PatchStore) -> None:
    drawn = [lesion.pathology for m in phantoms().mammograms for lesion in m.lesions]

    assert sorted(str(record.pathology) for record in store.records) == sorted(map(str, drawn))
    assert PatchStore.open(store.folder).records == store.records


def test_own_lesions_are_all_there_once_and_smaller_shares_lie_inside_larger(
    store: PatchStore, malignant: int
) -> None:
    whole, half = (BothPathologies.of(store, share=share, seed=3) for share in (1, 0.5))

    assert whole.everything.tolist() == list(range(len(store.records)))
    assert len(half.malignant) == round(malignant / 2)
    assert set(half.everything) < set(whole.everything)


def test_repeated_lesions_are_half_malignant_and_none_of_a_kind_comes_twice_more_often(
    store: PatchStore,
) -> None:
    found = BothPathologies.of(store, seed=3)

    again = found.repeated(301)

    labels = class_labels(store, BENIGN_OR_MALIGNANT)[again]
    assert (len(labels), labels.sum()) == (301, 151)
    for part in found.both:
        times = [int((again == index).sum()) for index in part]
        assert max(times) - min(times) <= 1


def test_a_donor_gives_as_many_of_each_and_fewer_lie_inside_more(store: PatchStore) -> None:
    few, many = (donated_of_both(store, count=count, seed=1) for count in (4, 8))

    assert few.labels.tolist() == [1, 0, 1, 0]
    assert set(few.indices) < set(many.indices)
    assert not few.is_jittered


def test_what_one_kind_has_more_comes_last() -> None:
    assert by_turns(np.array([1, 2]), np.array([5, 6, 7, 8])).tolist() == [1, 5, 2, 6, 7, 8]


def test_arms_add_lesions_of_both_kinds_and_no_healthy_patches(
    store: PatchStore, malignant: int
) -> None:
    donors = {"centre-b": store}
    fewer = min(malignant, len(store.records) - malignant)

    def added(**fields: object) -> tuple[int, int]:
        arm = Arm.model_validate({"name": "arm", **fields})
        found = addition_of_both(arm, synthetic_patches=1000, donors=donors)
        return found.lesions, found.healthy

    assert added() == (0, 0)
    assert added(oversampled=True) == (1000, 0)
    assert added(real_donors=("centre-b",)) == (2 * fewer, 0)
    assert added(real_donors=("centre-b",), every_donated=True) == (len(store.records), 0)


def test_a_donor_with_one_kind_only_is_refused(tmp_path: Path) -> None:
    reading = phantoms()
    ill = replace(
        reading,
        mammograms=tuple(
            replace(m, lesions=tuple(le for le in m.lesions if le.pathology == "malignant"))
            for m in reading.mammograms
        ),
    )
    donors = {"centre-c": cut(ill, tmp_path / "patches")}

    with pytest.raises(OneClassOnlyError, match=r"centre-c of the arm 'Real C' has \d+ malignant"):
        addition_of_both(
            Arm(name="Real C", real_donors=("centre-c",)), synthetic_patches=10, donors=donors
        )


@pytest.mark.parametrize(
    "arm",
    [
        Arm(name="healthy", extra_healthy=True),
        Arm(name="painted", painted="own"),
        Arm(name="painted anew", augmentation="painted"),
        Arm(name="own generator", own_generator=True),
    ],
    ids=lambda arm: arm.name,
)
def test_healthy_patches_have_no_place_in_the_task(arm: Arm) -> None:
    with pytest.raises(ValidationError, match="needs healthy patches, but the task is benign or"):
        StudyConfiguration(task=BENIGN_OR_MALIGNANT, arms=(arm,))
