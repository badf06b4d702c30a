from typing import NoReturn

from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import Lesion, Mammogram, Reading
from centre_node.mammography.summaries import summary
from node_api.summaries import DatasetSummary


def _unloaded() -> NoReturn:
    raise AssertionError("not to be loaded")


def image(patient: str, *boxes: Box, **labels: str) -> Mammogram:
    lesions = tuple(Lesion(box, "calcification") for box in boxes)
    return Mammogram(patient, patient, 100, 100, _unloaded, lesions=lesions, labels=labels)


def test_lesions_of_one_pixel_are_counted() -> None:
    boxes = [Box(1, 1, 2, 2), Box(5, 5, 6, 6), Box(5, 5, 6, 7), Box(5, 5, 9, 9)]

    assert summary(Reading("d", (image("a", *boxes),))).single_point_lesions == 2


def test_patients_in_several_splits_are_counted_once_each() -> None:
    images = (
        *(image("a", split="train"), image("a", split="test"), image("a", split="test")),
        *(image("b", split="train"), image("b", split="train")),
        image("c", split="train and test"),  # a film that is in two tables
        *(image("d", official_split="train"), image("d", official_split="val")),
        *(image("e", split="test"), image("e")),
        *(image("f", view="CC"), image("f", view="MLO")),
    )

    assert summary(Reading("d", images)).patients_in_several_splits == 3


def test_a_summary_that_was_kept_by_an_earlier_version_is_read() -> None:
    kept = summary(Reading("d", (image("a"),))).model_dump(
        exclude={"single_point_lesions", "patients_in_several_splits"}
    )

    assert DatasetSummary.model_validate(kept).single_point_lesions == 0
