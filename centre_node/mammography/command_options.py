"""What commands ask about mammograms and patches: the same options in each."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Self, get_args

from pydantic import Field, field_validator, model_validator

from centre_node.mammography.datasets import read_folder
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.splits import Shares
from node_api.data_sources import AcquisitionStyle, FolderLayout, PhantomSet, RecordValues
from node_api.patches import PatchConfiguration
from shared.command_options import Options
from shared.models import StrictModel
from shared.names import LesionKind

EVERY_KIND: tuple[LesionKind, ...] = get_args(LesionKind)
PHANTOM_PATIENTS = 40
OF_PHANTOMS = "phantoms: "
"""How a source begins that is no folder."""

USUAL_SHARES: Shares = (0.7, 0.15, 0.15)
"""Of the patients, for training, validation and test."""


class MammogramChoice(StrictModel):
    """Which mammograms a command works on, and which of their lesions count."""

    folder: Path | None = Field(None, description="The folder of a data set; or give --phantoms.")
    phantoms: AcquisitionStyle | None = Field(
        None, description=f"Instead of a folder: {PHANTOM_PATIENTS} drawn patients of this style."
    )
    format: FolderLayout = "auto"
    where: RecordValues = Field(default_factory=dict)
    kinds: tuple[LesionKind, ...] = Field(
        EVERY_KIND, description="Kinds of lesions that are wanted."
    )

    @field_validator("kinds")
    @classmethod
    def _in_one_order(cls, kinds: tuple[LesionKind, ...]) -> tuple[LesionKind, ...]:
        return tuple(kind for kind in EVERY_KIND if kind in kinds)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.folder is None) == (self.phantoms is None):
            raise ValueError("name either a folder or --phantoms digital|film|soft")
        return self

    @property
    def source(self) -> str:
        """The folder's path, or the style of the phantoms."""
        return (
            f"{OF_PHANTOMS}{self.phantoms}" if self.folder is None else str(self.folder.resolve())
        )

    def read(self) -> Reading:
        """Read the folder, or draw the phantoms.

        Raises:
            BadMammogramsError: The folder cannot be used.
        """
        if self.folder is not None:
            return read_folder(self.folder, self.format, self.where)
        from centre_node.mammography.phantoms import read_phantoms

        phantoms = {"style": self.phantoms, "patients": PHANTOM_PATIENTS, "seed": 0}
        return read_phantoms(PhantomSet.model_validate(phantoms))


_OF_MAMMOGRAMS = Options(panel="Mammograms", arguments=("folder",))
Mammograms = Annotated[MammogramChoice, _OF_MAMMOGRAMS]
MammogramsOfAnyKind = Annotated[MammogramChoice, replace(_OF_MAMMOGRAMS, without=("kinds",))]
Patches = Annotated[PatchConfiguration, Options(panel="How patches are cut")]
