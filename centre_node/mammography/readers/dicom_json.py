"""What a DICOM JSON says of an image, and where it is silent the image's own header."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from centre_node.mammography.dicom import DicomHeader
from centre_node.mammography.errors import BadMammogramsError

_TAGS = {
    "modality": "00080060",
    "presentation_intent": "00080068",
    "manufacturer": "00080070",
    "view": "00185101",
    "laterality": "00200062",
}


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What is known of an image but its size. Codes are in capitals."""

    modality: str | None
    presentation_intent: str | None
    manufacturer: str | None
    view: str | None
    laterality: Literal["L", "R"] | None


def read_dicom_json(path: Path) -> dict[str, Any]:
    """Return elements by tag in eight digits, whether written 00080068 or (0008,0068).

    Raises:
        BadMammogramsError: The file cannot be read or is no JSON object.
    """
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise BadMammogramsError(f"{path.name} cannot be read, or is not JSON") from error
    if not isinstance(document, dict):
        raise BadMammogramsError(f"{path.name} holds no JSON object")
    return {re.sub(r"[(), ]", "", tag): element for tag, element in document.items()}


def image_facts(elements: Mapping[str, Any], header: DicomHeader) -> ImageFacts:
    """Return what the elements tell or else the header."""
    told = {name: _text(elements.get(tag)) for name, tag in _TAGS.items()}
    side = _upper(told["laterality"])
    return ImageFacts(
        modality=_upper(told["modality"]),
        presentation_intent=_upper(told["presentation_intent"] or header.presentation_intent),
        manufacturer=told["manufacturer"] or header.manufacturer,
        view=_upper(told["view"]) or header.view,
        laterality="L" if side == "L" else "R" if side == "R" else header.laterality,
    )


def _text(element: object) -> str | None:
    """Return an element's first value as text, None where it has none."""
    value = element.get("Value") if isinstance(element, dict) else element
    if isinstance(value, list):
        value = value[0] if value else None
    return str(value).strip() or None if isinstance(value, str | int | float) else None


def _upper(text: str | None) -> str | None:
    return None if text is None else text.upper()
