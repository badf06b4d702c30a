"""`genshare paint`: own lesions on other own healthy tissue, for one's own use."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Self

import typer
from pydantic import Field, model_validator

from centre_node.mammography.command_options import EVERY_KIND, Mammograms, Patches
from centre_node.mammography.commands.told import print_skipped
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.pictures import write_png
from centre_node.mammography.skipped import skipped_in
from centre_node.painting.own_lesions import PaintedFrom
from centre_node.process import Threads, prepare_for_real_patches
from centre_node.sampling.painting import Kept, cut_for_painting, paint_own
from centre_node.sampling.painting_recipes import (
    PaintingOrder,
    PaintingRecipe,
    check_same_mammograms,
    read_painting_recipe,
    recipe_of,
)
from centre_node.sampling.patch_files import (
    RECIPE,
    PatchFormat,
    check_new,
    new_folder,
    patch_files,
)
from node_api.patches import PatchConfiguration
from shared.command_options import Json, Options, with_options
from shared.counts import counted
from shared.models import LARGEST_SEED, StrictModel
from shared.names import LesionKind
from shared.progress import shown

app = typer.Typer(no_args_is_help=True, add_completion=False)

SHEET, HEALTHY = "contact-sheet.png", "healthy"
USUAL_SIZE, MOST_BACKGROUNDS = 128, 1000


class PaintChoice(StrictModel):
    """What is painted: so many patches, or those of a recipe again."""

    count: int | None = Field(None, ge=1, description="How many patches to paint.")
    painted: PaintedFrom | None = Field(
        None,
        description="What is painted: with own the own lesions, taken off the tissue around them; "
        "with ellipse bright blobs of their sizes and contrasts. By default own.",
    )
    size: int | None = Field(
        None, ge=16, le=256, description=f"Side of a patch in pixels; by default {USUAL_SIZE}."
    )
    seed: int | None = Field(
        None,
        ge=0,
        le=LARGEST_SEED,
        description="The same number paints the same patches; by default 0.",
    )
    backgrounds: int | None = Field(
        None,
        ge=1,
        description="How many healthy patches to cut and paint on. By default one for each painted "
        f"patch, {MOST_BACKGROUNDS} at most; fewer are used over again, shifted and zoomed.",
    )
    recipe: Path | None = Field(
        None, description="Paint the patches of this recipe.json again, instead of --count."
    )
    written_as: PatchFormat = Field("png", description="How patches are written.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        either = (self.recipe is None) != (self.count is None)
        others = (self.painted, self.size, self.seed, self.backgrounds)
        if not either or (self.recipe is not None and others != (None,) * 4):
            raise ValueError(
                "give either --count (with --painted, --size, --seed, --backgrounds) or --recipe"
            )
        return self

    def order(self, patches: PatchConfiguration, kinds: tuple[LesionKind, ...]) -> PaintingOrder:
        """Return what is to be painted.

        Raises:
            RecipeRefusedError: The recipe cannot be read.
        """
        if self.recipe is not None:
            if patches != PatchConfiguration() or kinds != EVERY_KIND:
                raise typer.BadParameter(
                    "--recipe says which kinds are painted and how patches are cut; leave out "
                    "--kinds and the options of cutting"
                )
            return read_painting_recipe(self.recipe)
        assert self.count is not None, "the validator saw to it"
        return PaintingOrder(
            painted=self.painted or "own",
            count=self.count,
            size=self.size or USUAL_SIZE,
            seed=self.seed or 0,
            backgrounds=self.backgrounds or min(self.count, MOST_BACKGROUNDS),
            patches=patches,
            kinds=kinds,
        )


@app.command()
@with_options
def paint(
    mammograms: Mammograms,
    patches: Patches,
    chosen: Annotated[PaintChoice, Options()],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to make.")],
    with_healthy: Annotated[
        bool,
        typer.Option(
            "--with-healthy",
            metavar="",
            help="Also write, in healthy/, each patch's twin: the same tissue, gone through the "
            "same painting without a lesion.",
        ),
    ] = False,
    threads: Threads = 1,
    json: Json = False,
) -> None:
    """Paint lesions on your own healthy patches, without any generator, for your own training.

    Leaves the patches, recipe.json, which paints them again, and contact-sheet.png. They show real
    tissue and real lesions of your patients: they stay in the centre. Paint from training patients
    alone (--where), or a test will know its lesions already.

    Examples:
      genshare paint /data/INbreast --kinds mass --margin-mm 4.2 --tissue breast_mask --size 64
      --count 600 --out painted

      genshare paint /data/cbis_ddsm --where split=train --healthy-from all_mammograms
      --painted ellipse --count 5000 --written-as npy --with-healthy --out blobs

      genshare paint /data/INbreast --recipe painted/recipe.json --out again
    """
    order = chosen.order(patches, mammograms.kinds)
    prepare_for_real_patches(threads)
    check_new(out)
    reading = mammograms.read()
    with tempfile.TemporaryDirectory() as scratch, shown() as on_progress:
        store = cut_for_painting(order, reading, Path(scratch) / "patches", on_progress)
        recipe = _recipe(order, reading, store)
        with new_folder(out) as folder:
            (folder / RECIPE).write_text(recipe.model_dump_json(indent=2) + "\n")
            with _kept(folder, order, chosen.written_as, with_healthy=with_healthy) as keep:
                sheet = paint_own(order, store, keep=keep, on_progress=on_progress)
            write_png(folder / SHEET, sheet)
    if json:
        sys.stdout.write(recipe.model_dump_json(indent=2) + "\n")
        return
    print_skipped(skipped_in(reading, store))
    sys.stdout.write(_summary(order, store, out))


def _recipe(order: PaintingOrder, reading: Reading, store: PatchStore) -> PaintingRecipe:
    """Return the recipe of an order; one that was given must be of these mammograms."""
    if isinstance(order, PaintingRecipe):
        check_same_mammograms(order.mammograms, reading.mammograms, store)
        return order
    return recipe_of(order, reading.mammograms, store)


@contextmanager
def _kept(
    folder: Path, order: PaintingOrder, written_as: PatchFormat, *, with_healthy: bool
) -> Iterator[Kept]:
    """Give places for the patches and, where they are wanted, for their twins."""
    with patch_files(
        folder, count=order.count, side=order.size, patch_format=written_as
    ) as lesions:
        if not with_healthy:
            yield Kept(lesions, None)
            return
        (folder / HEALTHY).mkdir()
        with patch_files(
            folder / HEALTHY, count=order.count, side=order.size, patch_format=written_as
        ) as healthy:
            yield Kept(lesions, healthy)


def _summary(order: PaintingOrder, store: PatchStore, out: Path) -> str:
    lesions, healthy = len(store.indices(1)), len(store.indices(0))
    source = "own lesions" if order.painted == "own" else "blobs that take after own lesions"
    return (
        f"{out}: {counted(order.count, 'painted patch', 'painted patches')} of {order.size} px: "
        f"{source} ({lesions}) on own healthy tissue ({counted(healthy, 'place')}); "
        f"look at {out / SHEET}, {RECIPE} there paints them again\n"
    )
