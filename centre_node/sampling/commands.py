"""`genshare sample`: synthetic patches from a fetched generator."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Self

import torch
import typer
from pydantic import Field, model_validator

from centre_node.device import default_device
from centre_node.mammography.command_options import Patches
from centre_node.mammography.looks import AS_IT_IS, Look
from centre_node.process import prepare_for_real_patches
from centre_node.sampling.cuttings import cut_of, differences
from centre_node.sampling.drawing import follow_recipe
from centre_node.sampling.look_options import LookChoice
from centre_node.sampling.own_looks import (
    FittedLook,
    OwnSamplingRecipe,
    in_own_look,
    read_recipe,
)
from centre_node.sampling.patch_files import (
    RECIPE,
    PatchFormat,
    check_new,
    new_folder,
    patch_files,
)
from centre_node.sampling.recipes import check_recipe, new_recipe
from centre_node.withdrawn import WithdrawnToo
from shared.command_options import Json, Options, with_options
from shared.counts import counted
from shared.marks import check_usable, note_on
from shared.models import LARGEST_SEED, StrictModel
from shared.names import Pathology
from shared.packages import Package, open_package
from shared.progress import OnProgress, shown

app = typer.Typer(no_args_is_help=True, add_completion=False)


class SampleChoice(StrictModel):
    """What is drawn: so many patches, or those of a recipe again."""

    count: int | None = Field(None, ge=1, description="How many patches to draw.")
    seed: int | None = Field(
        None,
        ge=0,
        le=LARGEST_SEED,
        description="The same number draws the same patches; by default 0.",
    )
    pathology: Pathology | None = Field(
        None,
        description="Draw only benign or only malignant patches, from a generator whose card has "
        "these classes. By default they come by turns, in the order of its card.",
    )
    threads: int | None = Field(
        None,
        ge=1,
        le=256,
        description="Threads of the processor to use; a pixel's rounding can depend on it. By "
        "default 1.",
    )
    recipe: Path | None = Field(
        None, description="Draw the patches of this recipe.json again, instead of --count."
    )
    format: PatchFormat = Field("png", description="How patches are written.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        either = (self.recipe is None) != (self.count is None)
        others = (self.seed, self.threads, self.pathology)
        if not either or (self.recipe is not None and others != (None, None, None)):
            raise ValueError(
                "give either --count (with --seed, --threads, --pathology) or --recipe"
            )
        return self

    def recipe_for(self, package: Package) -> OwnSamplingRecipe:
        """Return what is to be drawn, and set the threads that it says.

        Raises:
            RecipeRefusedError: The recipe cannot be read, or is of another package.
        """
        if self.recipe is not None:
            wanted = read_recipe(self.recipe)
            torch.set_num_threads(wanted.threads)
            check_recipe(wanted, package)
            return wanted
        torch.set_num_threads(self.threads or 1)
        assert self.count is not None, "the validator saw to it"
        recipe = new_recipe(
            package,
            count=self.count,
            seed=self.seed or 0,
            device=default_device(),
            pathology=self.pathology,
        )
        return OwnSamplingRecipe(**dict(recipe))


@app.command()
@with_options
def sample(
    package_folder: Annotated[
        Path, typer.Argument(metavar="PACKAGE", help="A folder that genshare fetch made.")
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to make.")],
    chosen: Annotated[SampleChoice, Options()],
    look: Annotated[LookChoice, Options(panel="Look of your own lesions")],
    patches: Patches,
    withdrawn_too: WithdrawnToo = False,
    json: Json = False,
) -> None:
    """Draw synthetic patches from a fetched generator, and write the recipe beside them.

    From an ensemble, the weight files that are there are drawn from evenly or by their shares.
    The same seed gives the same patches, and the first of more patches are those of fewer.
    With --look-of they get the look of lesions of your own, and are for your own use then.

    Examples:
      genshare sample lesions-dcgan --count 1200 --seed 7 --out patches

      genshare sample lesions-dcgan --count 100000 --out patches --format npy

      genshare sample masses-by-class --count 600 --pathology malignant --out malignant

      genshare sample lesions-dcgan --recipe patches/recipe.json --out again

      genshare sample lesions-dcgan --count 1200 --look-of /data/INbreast --where split=train
      --kinds mass --margin-mm 4.2 --harmonised-by greys_and_bands --out in-our-look
    """
    package = open_package(package_folder, partly=True)
    check_usable(package, withdrawn_too=withdrawn_too)
    recipe = chosen.recipe_for(package)
    device = _device(recipe)
    order = look.order(patches) if chosen.recipe is None else look.order_of(recipe, patches)
    with shown() as on_progress:
        fitted = None
        if order is not None:
            prepare_for_real_patches(recipe.threads)
            check_new(out)
            fitted = in_own_look(
                recipe, order, look.read(), package, device=device, on_progress=on_progress
            )
            recipe = fitted.recipe
        given = AS_IT_IS if fitted is None else fitted.look
        _write(recipe, package, out, chosen.format, device, given, on_progress)
    for note in _notes(recipe, package, device, fitted):
        sys.stderr.write(f"{note}\n")
    sys.stdout.write(
        recipe.model_dump_json(indent=2) + "\n" if json else f"{_summary(recipe, package, out)}\n"
    )


def _write(
    recipe: OwnSamplingRecipe,
    package: Package,
    out: Path,
    written_as: PatchFormat,
    device: torch.device,
    look: Look,
    on_progress: OnProgress,
) -> None:
    side = package.card.architecture.image_size
    with (
        new_folder(out) as folder,
        patch_files(folder, count=recipe.count, side=side, patch_format=written_as) as keep,
    ):
        (folder / RECIPE).write_text(recipe.model_dump_json(indent=2) + "\n")
        follow_recipe(
            recipe,
            package,
            device=device,
            keep=lambda places, made: keep(places, look.applied(made)),
            on_progress=on_progress,
        )


def _device(recipe: OwnSamplingRecipe) -> torch.device:
    return torch.device("cpu") if recipe.device == "cpu" else default_device()


def _notes(
    recipe: OwnSamplingRecipe, package: Package, device: torch.device, fitted: FittedLook | None
) -> Iterator[str]:
    """Say what a person should know of the patches that were drawn."""
    if (note := note_on(package)) is not None:
        yield note
    if package.card.use is not None:
        yield f"terms of use: {package.card.use}"
    if not package.is_whole:
        yield f"{package.folder} holds {package.extent} of its package"
    if package.card.architecture.output == "residual":
        yield (
            "these are residuals, no patches: what a lesion adds to the tissue beneath it, grey "
            "128 being nothing; an arm of a study with painted = 'generator' paints them"
        )
    if fitted is not None:
        yield (
            f"the patches have the look of {counted(fitted.lesions, 'lesion')} of "
            f"{counted(fitted.patients, 'patient')} of yours, and the recipe says how these were "
            "cut: both are for your centre's own use; take training patients alone (--where)"
        )
        yield from _cut_otherwise(package, fitted)
    made_by = {"torch": recipe.torch_version, "device": recipe.device}
    here = {"torch": torch.__version__, "device": device.type}
    for name, value in made_by.items():
        if value != here[name]:
            yield (
                f"the recipe was made with {name} {value}, this is {here[name]}: "
                "some pixels can differ by rounding"
            )


def _cut_otherwise(package: Package, fitted: FittedLook) -> Iterator[str]:
    """Say that own lesions were cut otherwise than those that the generator learned from."""
    theirs = cut_of(package.card)
    differ = None if theirs is None else differences(theirs, fitted.cut)
    if differ is not None:
        yield (
            f"the generator learned from lesions with {differ[0]}, and yours are cut with "
            f"{differ[1]}: the look may be of another scale; the options of cutting, such as "
            "--margin-px, can be set as the card has them"
        )


def _summary(recipe: OwnSamplingRecipe, package: Package, out: Path) -> str:
    side = package.card.architecture.image_size
    beside = "" if recipe.look is None else " beside --look-of"
    return (
        f"{out}: {counted(recipe.count, 'patch', 'patches')} of {side} px from "
        f"{counted(len(recipe.weights), 'weight file')} of {recipe.centre}/{recipe.name}; "
        f"{RECIPE} there draws them again{beside}"
    )
