"""Reads values of a DICOM header as they lie in the file.

pydicom would check them and quote them in warnings.
"""

import math
from typing import Any

from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue


def text(dataset: Dataset, keyword: str) -> str | None:
    """Return a text without blanks around it, None where there is none."""
    tag = tag_for_keyword(keyword)
    if tag is None or tag not in dataset:
        return None
    element = dataset.get_item(tag)
    value = element.value
    if isinstance(element, RawDataElement) and isinstance(value, bytes):
        value = value.decode("latin-1")
    return str(value or "").strip(" \0") or None


def numbers(dataset: Dataset, keyword: str) -> list[float]:
    """Return the numbers of a text, none where there is none.

    Raises:
        ValueError: One is no number.
    """
    found = text(dataset, keyword)
    return [] if found is None else [float(part) for part in found.split("\\")]


def positive(dataset: Dataset, keyword: str) -> float | None:
    """Return the first number if it is one above 0; many files carry an empty or zero one."""
    try:
        value = float((text(dataset, keyword) or "").partition("\\")[0])
    except ValueError:
        return None
    return value if 0 < value < math.inf else None


def first(value: Any) -> Any:
    """Return the first of several values, or the only one; None where it is empty.

    Anonymisers empty what they do not remove.
    """
    values = list(value) if isinstance(value, list | tuple | MultiValue) else [value]
    only = values[0] if values else None
    if isinstance(only, str):
        only = only.strip(" \0")
    return None if only == "" else only
