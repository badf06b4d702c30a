"""`genshare sample`: synthetic patches from a fetched generator."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, get_args

import torch
import typer

from centre_node.device import default_device
from centre_node.sampling.drawing import OnPatches, follow_recipe
from centre_node.sampling.patch_files import RECIPE, PatchFormat, new_folder, patch_files
from centre_node.sampling.recipes import check_recipe, new_recipe, read_recipe
from node_api.recipes import SamplingRecipe
from shared.models import LARGEST_SEED
from shared.packages import Package, open_package
from shared.progress import Progress, shown

app = typer.Typer(no_args_is_help=True)


@app.command()
def sample(
    package_folder: Annotated[
        Path, typer.Argument(metavar="PACKAGE", help="A folder that genshare fetch made.")
    ],
    out: Annotated[Path, typer.Option(help="The folder to make.")],
    count: Annotated[int | None, typer.Option(min=1, help="How many patches.")] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=LARGEST_SEED, help="Default: 0.", show_default=False),
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="Draw the patches of this recipe.json again.")
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Of the CPU; a pixel's rounding can depend on it."),
    ] = None,
    patch_format: Annotated[
        str, typer.Option("--format", help=f"{' or '.join(get_args(PatchFormat))}.")
    ] = "png",
    json: Annotated[bool, typer.Option("--json", help="Print the recipe as JSON.")] = False,
) -> None:
    """Draw synthetic patches from a fetched generator, and write the recipe beside them.

    From an ensemble, the weight files that are there are drawn from evenly or by their shares.
    The same seed gives the same patches, and the first of more patches are those of fewer.

    Examples:
      genshare sample lesions-dcgan --count 1200 --seed 7 --out patches

      genshare sample lesions-dcgan --count 100000 --out patches --format npy

      genshare sample lesions-dcgan --recipe patches/recipe.json --out again
    """
    if (recipe is None) == (count is None) or (
        recipe is not None and (seed, threads) != (None,) * 2
    ):
        raise typer.BadParameter("give either --count (with --seed, --threads) or --recipe")
    written_as = _format(patch_format)
    package = open_package(package_folder, partly=True)
    if recipe is None:
        torch.set_num_threads(threads or 1)
        assert count is not None, "checked above"
        wanted = new_recipe(package, count=count, seed=seed or 0, device=default_device())
    else:
        wanted = read_recipe(recipe)
        torch.set_num_threads(wanted.threads)
    device = _device(wanted)
    check_recipe(wanted, package)
    _write(wanted, package, out, written_as, device)
    for note in _notes(wanted, package, device):
        sys.stderr.write(f"{note}\n")
    sys.stdout.write(
        wanted.model_dump_json(indent=2) + "\n" if json else f"{_summary(wanted, package, out)}\n"
    )


def _write(
    recipe: SamplingRecipe,
    package: Package,
    out: Path,
    written_as: PatchFormat,
    device: torch.device,
) -> None:
    side = package.card.architecture.image_size
    with (
        new_folder(out) as folder,
        patch_files(folder, count=recipe.count, side=side, patch_format=written_as) as keep,
        _progress(recipe.count) as on_patches,
    ):
        (folder / RECIPE).write_text(recipe.model_dump_json(indent=2) + "\n")
        follow_recipe(recipe, package, device=device, keep=keep, on_patches=on_patches)


def _format(text: str) -> PatchFormat:
    for known in get_args(PatchFormat):
        if known == text:
            chosen: PatchFormat = known
            return chosen
    raise typer.BadParameter(f"--format must be {' or '.join(get_args(PatchFormat))}, not {text!r}")


def _device(recipe: SamplingRecipe) -> torch.device:
    return torch.device("cpu") if recipe.device == "cpu" else default_device()


def _notes(recipe: SamplingRecipe, package: Package, device: torch.device) -> Iterator[str]:
    """Say what a person should know of the patches that were drawn."""
    if not package.is_whole:
        yield f"{package.folder} holds {package.extent} of its package"
    made_by = {"torch": recipe.torch_version, "device": recipe.device}
    here = {"torch": torch.__version__, "device": device.type}
    for name, value in made_by.items():
        if value != here[name]:
            yield (
                f"the recipe was made with {name} {value}, this is {here[name]}: "
                "some pixels can differ by rounding"
            )


def _summary(recipe: SamplingRecipe, package: Package, out: Path) -> str:
    side, files = package.card.architecture.image_size, len(recipe.weights)
    return (
        f"{out}: {recipe.count} patch{'' if recipe.count == 1 else 'es'} of {side} px from "
        f"{files} weight file{'' if files == 1 else 's'} of {recipe.centre}/{recipe.name}; "
        f"{RECIPE} there draws them again"
    )


@contextmanager
def _progress(total: int) -> Iterator[OnPatches]:
    with shown() as on_progress:
        yield lambda done: on_progress(
            Progress(done=done, total=total, unit="patches", message="sampling")
        )
