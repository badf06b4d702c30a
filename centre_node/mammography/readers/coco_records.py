"""The records of a COCO file, each checked for itself: what is wrong in one costs no other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, ValidationError

from centre_node.mammography.readers.values import density_of, is_unknown
from shared.models import validation_summary


def _initial(value: object) -> object:
    """Accept left and right in full."""
    return value.strip()[:1].upper() if isinstance(value, str) else value


def _density(value: object) -> object:
    """Accept letters."""
    return density_of(value) or value if isinstance(value, str) else value


class CocoRecord(BaseModel):
    """A record of any list; fields that are not ours are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


class ImageRecord(CocoRecord):
    """An image, as wide and high as its file."""

    id: int
    file_name: str
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    patient_id: str | None = None
    laterality: Annotated[Literal["L", "R"] | None, BeforeValidator(_initial)] = None
    view: str | None = None
    breast_density: Annotated[
        Annotated[int, Field(ge=1, le=4)] | None, BeforeValidator(_density)
    ] = None
    pixel_spacing_mm: Annotated[FiniteFloat, Field(gt=0)] | None = None


class AnnotationRecord(CocoRecord):
    """An annotation. All that may be wrong without losing it is optional."""

    id: int | None = None
    image_id: int
    category_id: int | None = None
    bbox: tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat] | None = None
    segmentation: Any = None
    iscrowd: bool = False
    pathology: str | None = None
    birads: str | None = None


class CategoryRecord(CocoRecord):
    """A category."""

    id: int
    name: str


Record = TypeVar("Record", bound=CocoRecord)


@dataclass(frozen=True, slots=True)
class Checked(Generic[Record]):
    """What was made of a record.

    Attributes:
        record: None where a field that it needs lacks or is wrong.
        faulty: Its optional fields that are wrong, and were taken as unknown.
        fault: The first thing wrong with it in words, without its values; empty where nothing is.
    """

    record: Record | None
    faulty: tuple[str, ...] = ()
    fault: str = ""


def checked(kind: type[Record], raw: object) -> Checked[Record]:
    """Read a record; optional fields that are blank, null, NaN or wrong are taken as unknown."""
    if not isinstance(raw, Mapping):
        return Checked(None, fault="it is no record with fields")
    told = {name: value for name, value in raw.items() if not is_unknown(value)}
    try:
        return Checked(kind.model_validate(told))
    except ValidationError as error:
        faulty = tuple(sorted({str(fault["loc"][0]) for fault in error.errors()}))
        fault = validation_summary(error).partition("; ")[0]
    if any(kind.model_fields[name].is_required() for name in faulty):
        return Checked(None, faulty, fault)
    sound = {name: value for name, value in told.items() if name not in faulty}
    return Checked(kind.model_validate(sound), faulty, fault)
