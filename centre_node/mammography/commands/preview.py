"""`genshare data preview`: pictures of what would be cut."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from centre_node.mammography.command_options import Mammograms, Patches
from centre_node.mammography.commands.told import print_skipped, writing
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.previewing import preview_patches
from node_api.previews import Preview, PreviewSettings
from shared.command_options import Options, with_options
from shared.progress import shown


@with_options
def preview(
    mammograms: Mammograms,
    patches: Patches,
    wanted: Annotated[PreviewSettings, Options()],
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="The folder for the pictures.")
    ] = Path("preview"),
) -> None:
    """Draw what would be cut: contact sheets by class and subset, histograms, shortcuts.

    A shortcut is what tells the classes apart without a lesion: sharpness, brightness, size. Its
    AUROC is that of a logistic regression on those three; near 0.5 there is none.

    Examples:
      genshare data preview --phantoms film --margin-px 12 --smallest-side-px 32

      genshare data preview /data/INbreast --kinds mass --margin-mm 4.2 --tissue breast_mask
    """
    reading = mammograms.read()
    with shown() as on_progress, writing(out):
        cutting = PatchCutting(patches, mammograms.kinds, on_progress=on_progress)
        found, pictures = preview_patches(reading, cutting, wanted, out=out)
    _print(found, pictures)


def _print(found: Preview, pictures: Sequence[Path]) -> None:
    print_skipped(found.skipped)
    for subset in found.subsets:
        sys.stdout.write(
            f"{subset.name}: {subset.lesions} lesion and {subset.healthy} healthy patches\n"
        )
    sys.stdout.write(f"{found.shortcut}\nlook at {' and '.join(map(str, pictures))}\n")
