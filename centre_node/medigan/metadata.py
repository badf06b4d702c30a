"""medigan's metadata of a model, as its global.json and metadata.json hold them."""

import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from centre_node.medigan.errors import MediganMetadataError
from centre_node.medigan.known_models import KnownModel
from shared.models import validation_summary

PARTS = ("execution", "selection", "description")


def _listed(value: Any) -> Any:
    """Return a list where medigan's authors gave one string or nothing."""
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str) else value


def _known(value: Any) -> Any:
    """Return None for the empty string, which medigan's template has for what is not filled in."""
    return None if value == "" else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]
OptionalText = Annotated[str | None, BeforeValidator(_known)]
OptionalEpoch = Annotated[Annotated[int, Field(gt=0)] | None, BeforeValidator(_known)]


class _Part(BaseModel):
    """A part of the metadata; what is not needed here is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class Execution(_Part):
    """How medigan runs the model."""

    model_name: str
    extension: str = ""


class Selection(_Part):
    """What medigan finds the model by."""

    dataset: Texts = ()
    licence: OptionalText = Field(None, alias="license")


class Description(_Part):
    """What medigan says of the model."""

    title: OptionalText = None
    version: OptionalText = None
    publication: OptionalText = None
    doi: Texts = ()
    provided_after_epoch: OptionalEpoch = None


class Metadata(_Part):
    """The three parts of one model's metadata."""

    execution: Execution
    selection: Selection = Selection()
    description: Description = Description()


def read_metadata(content: bytes, model: KnownModel) -> Metadata:
    """Return a model's metadata from a file of one model or of many.

    Args:
        content: `{"00002_...": {"execution": ..., ...}, ...}`, or one such value alone.
        model: The model that the weights are.

    Raises:
        MediganMetadataError: It is no such file, has nothing on the model, or speaks of another.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise MediganMetadataError(f"the metadata are no JSON: {error}") from error
    try:
        metadata = Metadata.model_validate(_of_model(document, model))
    except ValidationError as error:
        raise MediganMetadataError(
            f"the metadata of {model.number} are wrong: {validation_summary(error)}"
        ) from error
    _check_speaks_of(metadata, model)
    return metadata


def _of_model(document: Any, model: KnownModel) -> Any:
    if not isinstance(document, dict):
        raise MediganMetadataError("the metadata are JSON, but no object")
    if any(part in document for part in PARTS):
        return document
    for model_id, value in document.items():
        if model_id.partition("_")[0] == model.number:
            return value
    ids = ", ".join(ascii(model_id[:40]) for model_id in list(document)[:4])
    raise MediganMetadataError(
        f"the metadata have nothing on {model.number}; they speak of {ids or 'no model'}"
    )


def _check_speaks_of(metadata: Metadata, model: KnownModel) -> None:
    """Numbers of models changed between medigan's releases, so its file must be the same too."""
    said = metadata.execution.model_name + metadata.execution.extension
    if said != model.file_name:
        raise MediganMetadataError(
            f"the metadata speak of the file {said[:80]!a}, but {model.number} is "
            f"{model.file_name}: another model, or another release of medigan"
        )
