"""What `genshare sample` asks about the look of own lesions."""

from pathlib import Path
from typing import Self

import typer
from pydantic import Field, model_validator

from centre_node.mammography.command_options import EVERY_KIND, MammogramChoice
from centre_node.mammography.mammograms import Reading
from centre_node.sampling.errors import RecipeRefusedError
from centre_node.sampling.own_looks import LookOrder, LookRecipe, OwnSamplingRecipe
from node_api.data_sources import FolderLayout, RecordValues
from node_api.looks import HarmonisedBy
from node_api.patches import PatchConfiguration
from shared.models import StrictModel
from shared.names import LesionKind

USUAL: HarmonisedBy = "greys"


class LookChoice(StrictModel):
    """Whose look the samples get: that of own lesions, or none but the generator's."""

    look_of: Path | None = Field(
        None,
        description="Give the patches the look of the lesions in this folder of your mammograms, "
        "for your own use.",
    )
    harmonised_by: HarmonisedBy | None = Field(
        None,
        description="What of the look: greys by one curve, or beside it how strong fine and coarse "
        f"structure is; by default {USUAL}.",
    )
    layout: FolderLayout = "auto"
    where: RecordValues = Field(default_factory=dict)
    kinds: tuple[LesionKind, ...] = Field(
        EVERY_KIND, description="Kinds of lesions whose look is wanted."
    )

    @model_validator(mode="after")
    def _of_a_folder(self) -> Self:
        if self.look_of is None and self.model_fields_set - {"look_of"}:
            raise ValueError(
                "--harmonised-by, --layout, --where and --kinds say whose look the patches get; "
                "give --look-of FOLDER too"
            )
        return self

    def order(self, patches: PatchConfiguration) -> LookOrder | None:
        """Return whose look new samples get, or None for the generator's."""
        if self.look_of is not None:
            by, kinds = self.harmonised_by or USUAL, self._mammograms(self.look_of).kinds
            return LookOrder(by=by, patches=patches, kinds=kinds)
        if patches != PatchConfiguration():
            raise typer.BadParameter(
                "the options of cutting are for own lesions, whose look the patches get; give "
                "--look-of FOLDER too"
            )
        return None

    def order_of(self, recipe: OwnSamplingRecipe, patches: PatchConfiguration) -> LookRecipe | None:
        """Return whose look the samples of a given recipe have.

        Raises:
            RecipeRefusedError: It says a look and no folder is named, or the other way about.
        """
        is_said = self.harmonised_by, self.kinds, patches
        if is_said != (None, EVERY_KIND, PatchConfiguration()):
            raise typer.BadParameter(
                "--recipe says what of the look is taken, which kinds and how lesions are cut; "
                "leave out --harmonised-by, --kinds and the options of cutting"
            )
        if recipe.look is not None and self.look_of is None:
            raise RecipeRefusedError(
                "the recipe gives patches the look of the lesions of mammograms whose list has the "
                f"SHA-256 {recipe.look.mammograms}; name their folder with --look-of"
            )
        if recipe.look is None and self.look_of is not None:
            raise RecipeRefusedError(
                "the recipe leaves patches in the look that the generator gives them; leave out "
                "--look-of, or draw with --count"
            )
        return recipe.look

    def read(self) -> Reading:
        """Read the own mammograms.

        Raises:
            BadMammogramsError: The folder cannot be used.
        """
        assert self.look_of is not None, "only where an order has been made"
        return self._mammograms(self.look_of).read()

    def _mammograms(self, folder: Path) -> MammogramChoice:
        return MammogramChoice(
            folder=folder, format=self.layout, where=self.where, kinds=self.kinds
        )
