"""Options that several of the `genshare data` commands take, and what they become."""

from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import typer
from pydantic import ValidationError

from centre_node.mammography.datasets import read_folder
from centre_node.mammography.mammograms import Reading
from node_api.data_sources import AcquisitionStyle, FolderFormat, PhantomSet
from node_api.patches import PatchConfiguration
from shared.models import validation_summary
from shared.names import LesionKind

PHANTOM_PATIENTS = 40

Choice = TypeVar("Choice", bound=str)

Folder = Annotated[Path | None, typer.Argument(help="A data set's folder.")]
Layout = Annotated[
    str,
    typer.Option("--format", help=f"auto (recognised), {', '.join(get_args(FolderFormat))}."),
]
Phantoms = Annotated[
    str | None, typer.Option(help="digital, film or soft: phantoms instead of a folder.")
]
Where = Annotated[
    list[str] | None, typer.Option(help="KEY=VALUE: keep images whose record says so; repeatable.")
]
Kinds = Annotated[
    str, typer.Option(help="Lesions that count: mass, calcification, other, by commas.")
]
MarginPx = Annotated[
    int | None,
    typer.Option(min=0, help="Around the lesion's box. Default: 60.", show_default=False),
]
MarginMm = Annotated[
    float | None, typer.Option(min=0, help="The same in mm, where the pixel spacing is known.")
]
SmallestSidePx = Annotated[int, typer.Option(min=8, help="No square is smaller.")]
Tissue = Annotated[str, typer.Option(help="threshold (the paper's rule) or breast_mask.")]
BackgroundLevel = Annotated[
    int, typer.Option(min=0, max=254, help="8-bit value up to which a pixel is background.")
]
ChestWall = Annotated[str, typer.Option(help="as_stored, or left: mirror images to it.")]
HealthyFrom = Annotated[str, typer.Option(help="healthy_mammograms or all_mammograms.")]
HealthyBrightness = Annotated[
    str, typer.Option(help="any, or as_lesions: healthy squares as bright as lesions' squares.")
]
Seed = Annotated[int, typer.Option(min=0)]

EVERY_KIND = "mass,calcification,other"


def patch_configuration(**options: Any) -> PatchConfiguration:
    """Return the options as a configuration; one that was not given keeps its default.

    Raises:
        typer.BadParameter: A value is wrong.
    """
    try:
        return PatchConfiguration.model_validate(
            {name: value for name, value in options.items() if value is not None}
        )
    except ValidationError as error:
        raise typer.BadParameter(validation_summary(error)) from error


def reading_of(
    folder: Path | None, phantoms: str | None, layout: str, where: list[str] | None
) -> Reading:
    """Read a folder, or draw phantoms.

    Raises:
        typer.BadParameter: Neither or both are named, or a value is wrong.
        BadMammogramsError: The folder cannot be used.
    """
    if (folder is None) == (phantoms is None):
        raise typer.BadParameter("name either a folder or --phantoms digital|film|soft")
    if folder is not None:
        known = ("auto", *get_args(FolderFormat))
        chosen = one_of("--format", layout, known)
        return read_folder(folder, chosen, dict(_pair(text) for text in where or ()))
    from centre_node.mammography.phantoms import read_phantoms

    style = one_of("--phantoms", str(phantoms), get_args(AcquisitionStyle))
    return read_phantoms(
        PhantomSet.model_validate({"style": style, "patients": PHANTOM_PATIENTS, "seed": 0})
    )


def lesion_kinds(text: str) -> tuple[LesionKind, ...]:
    """Return the kinds that a list by commas names.

    Raises:
        typer.BadParameter: One is no kind.
    """
    known: tuple[LesionKind, ...] = get_args(LesionKind)
    named = [one_of("--kinds", name.strip(), known) for name in text.split(",")]
    return tuple(kind for kind in known if kind in named)


def one_of(option: str, value: str, known: tuple[Choice, ...]) -> Choice:
    """Return the one of those known that `value` is.

    Raises:
        typer.BadParameter: It is none of those known.
    """
    for choice in known:
        if choice == value:
            return choice
    raise typer.BadParameter(f"{option} is {value!r}; it must be one of {', '.join(known)}")


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise typer.BadParameter(f"--where is {text!r}; it must be KEY=VALUE")
    return key, value
