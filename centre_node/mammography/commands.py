"""`genshare data`: what is in a folder of mammograms, and what is cut from it."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated, cast, get_args

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from centre_node.mammography.boxes import Box
from centre_node.mammography.configuration import (
    AcquisitionStyle,
    Jitter,
    PatchConfiguration,
    PhantomSet,
)
from centre_node.mammography.crops import cropped, resized
from centre_node.mammography.mammograms import Mammogram, Reading
from centre_node.mammography.patch_store import PatchStore, extract_patches
from centre_node.mammography.phantoms import read_phantoms
from centre_node.mammography.pictures import contact_sheet, write_png
from centre_node.mammography.readers.coco import read_coco
from centre_node.mammography.summaries import summary
from shared.names import LesionKind

app = typer.Typer(no_args_is_help=True, help="Inspect mammograms; see what is cut from them.")

COLUMNS = 12
LABEL_HEIGHT_PX = 22
PHANTOM_PATIENTS = 40

Folder = Annotated[
    Path | None, typer.Argument(help="A folder with annotations.coco.json and its images.")
]
Phantoms = Annotated[
    str | None, typer.Option(help="digital, film or soft: phantoms instead of a folder.")
]
Where = Annotated[
    list[str] | None, typer.Option(help="KEY=VALUE: keep images whose record says so; repeatable.")
]


@app.command()
def inspect(
    folder: Folder = None,
    phantoms: Phantoms = None,
    where: Where = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Count what is in a folder of mammograms.

    Examples:
      genshare data inspect /data/cbis_ddsm

      genshare data inspect /data/cbis_ddsm --where official_split=test --json
    """
    counted = summary(_reading(folder, phantoms, where))
    if json:
        sys.stdout.write(counted.model_dump_json(indent=2) + "\n")
        return
    table = Table(show_header=False)
    for name, value in counted.model_dump().items():
        shown = (
            ", ".join(f"{key}: {n}" for key, n in value.items()) if type(value) is dict else value
        )
        table.add_row(name.replace("_", " "), str(shown or 0))
    Console().print(table)


@app.command()
def preview(
    folder: Folder = None,
    out: Annotated[Path, typer.Option(help="The PNG to write.")] = Path("preview.png"),
    phantoms: Phantoms = None,
    where: Where = None,
    count: Annotated[int, typer.Option(min=1, max=600, help="Patches of each class.")] = 24,
    size: Annotated[int, typer.Option(min=16, max=256, help="Side of a patch in px.")] = 96,
    margin_px: Annotated[int, typer.Option(min=0, help="Around the lesion's box.")] = 60,
    smallest_side_px: Annotated[int, typer.Option(min=8)] = 128,
    background_level: Annotated[
        int, typer.Option(min=0, max=254, help="8-bit value up to which a pixel is background.")
    ] = 10,
    healthy_from: Annotated[
        str, typer.Option(help="healthy_mammograms or all_mammograms.")
    ] = "healthy_mammograms",
) -> None:
    """Draw a contact sheet: lesions (box outlined), healthy patches, and both with jitter.

    Examples:
      genshare data preview --phantoms film --margin-px 12 --smallest-side-px 32

      genshare data preview /data/cbis_ddsm --margin-px 14 --smallest-side-px 32
      --healthy-from all_mammograms --out sheet.png
    """
    if healthy_from not in {"healthy_mammograms", "all_mammograms"}:
        raise typer.BadParameter(
            f"--healthy-from is {healthy_from!r}; it must be healthy_mammograms or all_mammograms"
        )
    configuration = PatchConfiguration.model_validate(
        {
            "margin_px": margin_px,
            "smallest_side_px": smallest_side_px,
            "background_level": background_level,
            "healthy_from": healthy_from,
        }
    )
    reading = _reading(folder, phantoms, where)
    with tempfile.TemporaryDirectory() as scratch:
        store = extract_patches(
            _few(reading, count),
            folder=Path(scratch) / "patches",
            configuration=configuration,
            lesion_kinds=get_args(LesionKind),
            healthy=count,
            seed=0,
            on_progress=lambda _done, _total: None,
        )
        write_png(out, _sheet(store, count, size, configuration.jitter))
    for reason, times in store.skipped.items():
        sys.stdout.write(f"skipped {times}: {reason}\n")
    sys.stdout.write(f"{out}: {len(store.records)} patches cut, {count} of each class shown\n")


def _reading(folder: Path | None, phantoms: str | None, where: list[str] | None) -> Reading:
    if (folder is None) == (phantoms is None):
        raise typer.BadParameter("name either a folder or --phantoms digital|film|soft")
    if folder is not None:
        return read_coco(folder, dict(_pair(text) for text in where or ()))
    if phantoms not in get_args(AcquisitionStyle):
        raise typer.BadParameter(f"--phantoms is {phantoms!r}; it must be digital, film or soft")
    style = cast("AcquisitionStyle", phantoms)
    return read_phantoms(PhantomSet(style=style, patients=PHANTOM_PATIENTS, seed=0))


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise typer.BadParameter(f"--where is {text!r}; it must be KEY=VALUE")
    return key, value


def _few(reading: Reading, count: int) -> list[Mammogram]:
    """Return enough mammograms, spread over the data set, for `count` patches of each class."""
    affected = [m for m in reading.mammograms if m.lesions]
    free = [m for m in reading.mammograms if not m.lesions and not m.excluded]
    chosen = []
    for group in (affected, free):
        step = max(1, len(group) // (3 * count))
        chosen += group[::step][: 3 * count]
    return chosen


def _sheet(store: PatchStore, count: int, size: int, jitter: Jitter) -> NDArray[np.uint8]:
    random = np.random.default_rng(0)
    rows = []
    for name, label in (("lesion", 1), ("healthy", 0)):
        indices = store.indices(label)[:count]
        if not len(indices):
            continue
        plain = np.stack([_outlined(store, int(index), size) for index in indices])
        moved = store.crops(indices, size=size, jitter=jitter, random=random)
        rows += [_titled(name, plain), _titled(f"{name}, with jitter", moved)]
    width = max(row.shape[1] for row in rows)
    padded = [np.pad(row, ((0, 6), (0, width - row.shape[1])), constant_values=255) for row in rows]
    return np.vstack(padded)


def _outlined(store: PatchStore, index: int, size: int) -> NDArray[np.uint8]:
    record = store.records[index]
    square = Box(*record.square)
    patch = resized(cropped(store.surroundings(index), square), size).copy()
    if record.lesion is not None:
        scale = size / square.width
        left, top, right, bottom = (
            round((value - start) * scale)
            for value, start in zip(
                record.lesion, (square.left, square.top, square.left, square.top), strict=True
            )
        )
        cv2.rectangle(patch, (left, top), (right, bottom), 255, 1)
    return patch


def _titled(title: str, patches: NDArray[np.uint8]) -> NDArray[np.uint8]:
    sheet = contact_sheet(patches, columns=min(COLUMNS, len(patches)))
    band = np.full((LABEL_HEIGHT_PX, sheet.shape[1]), 255, dtype=np.uint8)
    cv2.putText(band, title, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 0, 1, cv2.LINE_AA)
    return np.vstack([band, sheet])
