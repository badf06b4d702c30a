"""`genshare-columns.toml`: what a centre says of its own table of boxes."""

import tomllib
from pathlib import Path
from typing import Literal, Self

from pydantic import Field as ModelField
from pydantic import ValidationError, model_validator

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.readers.table_fields import Field
from shared.models import StrictModel, validation_summary
from shared.names import LesionKind

CHOICES = "genshare-columns.toml"


class TableChoices(StrictModel):
    """What is said instead of guessed; nothing need be.

    Attributes:
        table: The table's file, relative to the folder; needed where there are several.
        columns: The column of each field; an empty name means that there is none.
        kinds: What the table calls lesions; `excluded` marks tissue that neither class may touch.
        kind_of_every_box: Instead of a column.
        no_finding: More words that say that an image is healthy; the empty one counts rows with
            neither box nor kind.
        patient_from: Whose an image without a row is: named as its folder, or by its DICOM header.
        labels: Columns to filter images by.
    """

    table: str | None = None
    separator: Literal[",", ";", "\t", "|"] | None = None
    columns: dict[Field, str] = ModelField(default_factory=dict)
    kinds: dict[str, LesionKind | Literal["excluded"]] = ModelField(default_factory=dict)
    kind_of_every_box: LesionKind | None = None
    no_finding: tuple[str, ...] = ()
    images_without_row: Literal["left_out", "healthy"] = "left_out"
    patient_from: Literal["folder", "dicom"] | None = None
    labels: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _patients_are_known(self) -> Self:
        if self.images_without_row == "healthy" and self.patient_from is None:
            raise ValueError(
                "images_without_row = 'healthy' needs patient_from = 'folder' or 'dicom', so that "
                "their patients are known"
            )
        return self


def read_choices(folder: Path) -> TableChoices:
    """Read what a folder's centre says; nothing where there is no such file.

    Raises:
        BadMammogramsError: The file cannot be read or says what it cannot say.
    """
    path = folder / CHOICES
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return TableChoices()
    except OSError as error:
        raise BadMammogramsError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return TableChoices.model_validate(tomllib.loads(content.decode("utf-8-sig")))
    except ValidationError as error:
        raise BadMammogramsError(f"{path}: {validation_summary(error)}") from error
    except ValueError as error:  # of the encoding or of TOML
        raise BadMammogramsError(f"{path} is no TOML: {error}") from error
