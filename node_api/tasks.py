"""What a classifier is to tell apart, and how its two classes are called."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Task = Literal["lesion or healthy", "benign or malignant"]

LESION_OR_HEALTHY: Task = "lesion or healthy"
BENIGN_OR_MALIGNANT: Task = "benign or malignant"


@dataclass(frozen=True, slots=True)
class Classes:
    """The words for a task's classes; the second of its name is not always the positive one.

    Attributes:
        positive, other: Each in one word, as a table's heading has it.
        is_positive: What a patch of the positive class is.
        are_positive: What a share of the patches does or is.
        told_apart: What the classifiers tell apart, with a place for the kinds of lesion.
        shown: What a patch of the positive class shows.
        rated: Which patch is to be rated above which.
        mistakes: What the two rows of mistakes are.
    """

    positive: str
    other: str
    is_positive: str
    are_positive: str
    told_apart: str
    shown: str
    rated: str
    mistakes: str


CLASSES: Mapping[Task, Classes] = {
    LESION_OR_HEALTHY: Classes(
        positive="lesion",
        other="healthy",
        is_positive="a lesion",
        are_positive="show a lesion",
        told_apart="patches with {lesions} from healthy tissue",
        shown="a lesion",
        rated="a patch with a lesion above a healthy one",
        mistakes="missed lesions above, healthy patches taken for lesions below",
    ),
    BENIGN_OR_MALIGNANT: Classes(
        positive="malignant",
        other="benign",
        is_positive="malignant",
        are_positive="are malignant",
        told_apart="patches with malignant from those with benign {lesions}",
        shown="a malignant lesion",
        rated="a malignant patch above a benign one",
        mistakes="malignant lesions taken for benign above, benign ones taken for malignant below",
    ),
}
